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
    /// Whether the key was superseded or removed since it was taken.
    public let isStale: Bool

    /// Whether the deadline has passed.
    public var isOverdue: Bool { remaining.map { $0 <= .zero } ?? false }
  }
}
