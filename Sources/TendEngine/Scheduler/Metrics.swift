extension Scheduler {
  /// What one lane has counted since it was made.
  public struct Counts: Hashable, Sendable, BitwiseCopyable {
    /// Adds that were accepted.
    public internal(set) var adds: UInt64 = 0
    /// Adds that another one had already asked for, and that cost no run of their own.
    public internal(set) var merges: UInt64 = 0
    /// Keys handed to workers.
    public internal(set) var runs: UInt64 = 0
    /// Runs that ended `done` or `again`.
    public internal(set) var successes: UInt64 = 0
    /// Runs that ended `failed`.
    public internal(set) var failures: UInt64 = 0
    /// Runs that ended `again`.
    public internal(set) var requeues: UInt64 = 0
    /// Runs of keys that had run more often this minute than the configuration calls normal.
    public internal(set) var hotRuns: UInt64 = 0
    /// How long all keys together were ready before they were taken, in nanoseconds.
    public internal(set) var waited: UInt64 = 0
    /// Sleeping workers that were woken.
    public internal(set) var wakes: UInt64 = 0
  }

  /// What one lane does and has done.
  public struct LaneMetrics: Hashable, Sendable {
    /// The lane.
    public let lane: Lane
    /// How many runs it allows at once.
    public let limit: Int
    /// Keys that are ready.
    public var ready: Int { readyByPriority.reduce(0, +) }
    /// The same for each priority, the least urgent first.
    public let readyByPriority: [Int]
    /// Keys that wait until they are due.
    public let waiting: Int
    /// Keys that workers hold.
    public let running: Int
    /// Workers that hold something.
    public let busyWorkers: Int
    /// Workers that have nothing to do.
    public let idleWorkers: Int
    /// For how long the key that has been ready longest has been so; zero where none is.
    public let oldestReady: Duration
    /// Counters since the lane was made.
    public let counts: Counts
    /// How long keys were ready before they were taken.
    public let waits: Histogram
  }

  /// What the whole scheduler does and has done: a consistent moment, cheap to take.
  public struct Metrics: Hashable, Sendable {
    /// One for each lane, in the order in which the lanes were made.
    public let lanes: [LaneMetrics]
    /// Registered keys.
    public let keys: Int
    /// Adds that were refused: a handle that names nothing, or after shutdown.
    public let refusals: UInt64
    /// Bytes that the records take.
    public let recordBytes: Int
  }
}
