extension Scheduler {
  /// What one worker is at.
  public struct Run: Hashable, Sendable {
    /// The key: the one named last by `Scheduler.begin(_:timeout:)`, else the first that was taken.
    public let ticket: Ticket
    /// The lane that it was taken from.
    public let lane: Lane
    /// The caller's name for the worker.
    public let worker: UInt32
    /// Time left until its deadline, negative when it is overdue; nil where it has none.
    public let remaining: Duration?
    /// The time that it was given; nil where it has no deadline.
    public let timeout: Duration?
    /// Whether the key was superseded or removed since it was taken.
    public let isStale: Bool
    /// Whether it was given up: see `Scheduler.surrender(_:)`.
    public let isGivenUp: Bool

    /// Whether the deadline has passed.
    public var isOverdue: Bool { remaining.map { $0 <= .zero } ?? false }

    /// Time left until it has taken twice what it was given; nil where it has no deadline.
    public var untilHanging: Duration? {
      guard let remaining, let timeout else { return nil }
      return remaining + timeout
    }
  }
}
