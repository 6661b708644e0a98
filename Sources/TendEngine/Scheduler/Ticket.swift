extension Scheduler {
  /// The right to run one key, once: no other worker has it until this ticket is finished.
  public struct Ticket: Hashable, Sendable {
    /// The key that runs.
    public let handle: Handle
    /// The number given at registration.
    public let payload: UInt32
    /// United causes of all adds that this run answers.
    public let causes: Causes
    /// The highest priority of these.
    public let priority: Priority
    /// Failures in a row before this run.
    public let failures: Int
    /// Runs of this key in the current minute, this one included.
    ///
    /// High: a hot loop.
    public let runsThisMinute: Int
    /// Which worker's run this belongs to, as `Scheduler.Run` names it.
    public let run: UInt32
    /// How long the key was ready before it was taken.
    public var waited: Duration { .nanoseconds(waitedNanoseconds) }

    package let generation: UInt32
    package let turn: UInt8
    package let waitedNanoseconds: Int64

    /// Stands where a run has not taken anything yet.
    static let none = Ticket(
      handle: .none, payload: 0, causes: [], priority: .resync, failures: 0,
      runsThisMinute: 0, run: 0, generation: 0, turn: 0, waitedNanoseconds: 0)
  }

  /// How a run ended, and what comes next.
  ///
  /// What was added during the run and what the disposition asks for are merged by the same rules
  /// as two adds (see `Scheduler`): an immediate add during the run beats a requested delay and a
  /// backoff, the earlier of two delays wins, the higher priority wins.
  public enum Disposition: Hashable, Sendable {
    /// Succeeded: clears the failures.
    ///
    /// Runs again only if something was added meanwhile.
    case done
    /// Succeeded, and is to be looked at again: clears the failures.
    ///
    /// A delay of zero is at once. With a tolerance it may be later by so much, so that what is due
    /// at about the same time costs one wake-up.
    case again(
      after: Duration, priority: Priority = .resync, causes: Causes = [],
      tolerance: Duration = .zero)
    /// Failed: counts the failure and comes back after the backoff, or after `atLeast` where that
    /// is longer, with priority `retry`.
    ///
    /// A failure of a run that was superseded while it ran is not counted and asks for nothing: the
    /// add that superseded it already asked for a run.
    case failed(atLeast: Duration = .zero, causes: Causes = [])
    /// Was not run: goes back to the front of its queue with its priority and causes; no failure,
    /// no success.
    case unstarted
  }
}
