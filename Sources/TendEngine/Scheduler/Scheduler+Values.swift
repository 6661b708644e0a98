extension Scheduler {
  /// Names one registered key: an index into the scheduler's records and the record's serial
  /// number.
  ///
  /// A handle stays good until it is removed. After that it names nothing, also when its index is
  /// used again: every call with it answers false and changes nothing.
  public struct Handle: Hashable, Sendable {
    /// Position of the record.
    ///
    /// Small, dense, used again after a removal.
    public let index: UInt32
    @usableFromInline package let serial: UInt32

    @usableFromInline
    package init(index: UInt32, serial: UInt32) { (self.index, self.serial) = (index, serial) }

    /// Names nothing.
    @usableFromInline static let none = Handle(index: .max, serial: 0)
  }

  /// A queue of its own with its own limit on concurrency: one for each provider, say.
  public struct Lane: Hashable, Sendable {
    /// Position among the scheduler's lanes, from 0 in the order in which they were made.
    public let index: Int

    package init(index: Int) { self.index = index }
  }

  /// How urgent a key is.
  ///
  /// Within one priority keys run in the order in which they became ready.
  public enum Priority: UInt8, Comparable, CaseIterable, Sendable {
    /// A routine look that nobody waits for.
    case resync
    /// Another attempt after a failure.
    case retry
    /// The world changed.
    case drift
    /// The desired state changed, or a person asked.
    case revision

    /// The more urgent one is the greater.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  }

  /// Why a key runs: sixteen bits whose meaning is the caller's.
  ///
  /// Causes of all adds that one run answers are united and handed out with its ticket.
  public struct Causes: OptionSet, Hashable, Sendable, BitwiseCopyable {
    /// The bits.
    public let rawValue: UInt16

    /// The causes whose bits these are.
    public init(rawValue: UInt16) { self.rawValue = rawValue }
  }

  /// What one add asks for.
  package struct Request {
    package var priority: Priority
    /// Nanoseconds from now; 0 or less is ready at once.
    package var delay: Int64
    package var causes: Causes
    /// Whether what is to be done is new: clears failures and makes a running ticket stale.
    package var supersedes: Bool

    package init(
      priority: Priority, delay: Int64 = 0, causes: Causes = [], supersedes: Bool = false
    ) {
      (self.priority, self.delay) = (priority, delay)
      (self.causes, self.supersedes) = (causes, supersedes)
    }
  }

  /// Where a key is in its life.
  public enum Phase: UInt8, Sendable {
    /// Nothing is to be done.
    case idle
    /// Becomes ready at its due time.
    case waiting
    /// To be run as soon as a worker is free.
    case ready
  }

  /// What a key is doing now.
  public struct Status: Hashable, Sendable {
    /// Where the key is; where it will be after the run that is under way, if there is one.
    public var phase: Phase
    /// Whether a worker holds it.
    public var isRunning: Bool
    /// The priority of what is to come.
    public var priority: Priority
    /// The causes of what is to come.
    public var causes: Causes
    /// Failures since the last success or the last change of what is to be done.
    public var failures: Int
    /// Time until it is due, where it waits; never negative.
    public var due: Duration?
  }
}
