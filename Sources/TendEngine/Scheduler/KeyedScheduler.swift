internal import Synchronization

/// A scheduler whose keys are values of any hashable type, for use without the engine.
///
/// A key is known from the first add until nothing is left to know of it: nothing asked for, nothing
/// running, no failures. So memory depends on the keys that are alive, not on those that ever were.
/// All rules are those of `Scheduler`; there is one lane.
///
/// ```swift
/// let scheduler = KeyedScheduler<String>(limit: 4)
/// scheduler.add("host-7", after: .seconds(10))
/// while let run = await scheduler.next() {
///   scheduler.finish(run, await visit(run.key) ? .done : .failed())
/// }
/// ```
public final class KeyedScheduler<Key: Hashable & Sendable>: Sendable {
  /// The right to run one key, once.
  public struct Run: Sendable {
    /// The key.
    public let key: Key
    /// What the scheduler says of this run.
    public let ticket: Scheduler.Ticket
  }

  /// What one worker holds; see `Scheduler.Batch`.
  public struct Batch: Sendable {
    var batch: Scheduler.Batch
    var keys: [Key] = []

    /// Number of runs.
    public var count: Int { keys.count }

    /// What the scheduler says of a run.
    public subscript(position: Int) -> Scheduler.Ticket { batch[position] }

    /// The key of a run.
    public func key(_ position: Int) -> Key { keys[position] }

    /// Says how a run ended; in force with the next call of `next(_:)`.
    public mutating func finish(_ position: Int, _ disposition: Scheduler.Disposition) {
      batch.finish(position, disposition)
    }
  }

  private let scheduler: Scheduler
  private let lane: Scheduler.Lane
  private let keys: Shared

  /// The keys, which the scheduler tells of those that end.
  private final class Shared: Sendable {
    let index = Mutex(KeyIndex<Key>())

    func remove(_ retired: [SchedulerState.Retired]) {
      index.withLock { index in
        for end in retired { index.remove(end.handle) }
      }
    }
  }

  /// A scheduler without keys that allows this many runs at once; `seed` decides the jitter.
  public init(
    limit: Int, _ configuration: Scheduler.Configuration = .init(),
    clock: some Clock<Duration> = ContinuousClock(), seed: UInt64 = .random(in: .min ... .max)
  ) {
    let keys = Shared()
    self.keys = keys
    scheduler = Scheduler(configuration, Timeline(clock), seed: seed) { keys.remove($0) }
    lane = scheduler.addLane(limit: limit)
  }

  // MARK: Asking for runs

  /// Asks for a run of the key; see `Scheduler.add(_:priority:after:causes:supersedes:)`.
  @discardableResult
  public func add(
    _ key: Key, priority: Scheduler.Priority = .drift, after delay: Duration = .zero,
    causes: Scheduler.Causes = [], supersedes: Bool = false
  ) -> Bool {
    let hash = key.hashValue
    while true {
      let handle = handle(key, hash)
      let isAdded = scheduler.add(
        handle, priority: priority, after: delay, causes: causes, supersedes: supersedes)
      if isAdded || !scheduler.isAccepting { return isAdded }
      // The key ended between the two steps, and its index has not heard of it yet.
      keys.index.withLock { $0.remove(handle) }
    }
  }

  /// Makes what was asked for come exactly this long from now; false where nothing was.
  @discardableResult
  public func postpone(_ key: Key, by delay: Duration) -> Bool {
    known(key).map { scheduler.postpone($0, by: delay) } ?? false
  }

  /// Drops what was asked for; a run under way goes on. False where nothing was asked for.
  @discardableResult
  public func cancel(_ key: Key) -> Bool {
    known(key).map { scheduler.cancel($0) } ?? false
  }

  /// Drops what was asked for and forgets the failures; a run under way goes on. False where nothing
  /// is known of the key.
  @discardableResult
  public func forget(_ key: Key) -> Bool {
    known(key).map { scheduler.forget($0) } ?? false
  }

  /// What the key is doing; nil where nothing is known of it.
  public func status(of key: Key) -> Scheduler.Status? {
    known(key).flatMap { scheduler.status(of: $0) }
  }

  private func known(_ key: Key) -> Scheduler.Handle? {
    let hash = key.hashValue
    return keys.index.withLock { $0.find(key, hash: hash) }
  }

  private func handle(_ key: Key, _ hash: Int) -> Scheduler.Handle {
    keys.index.withLock { index in
      if let handle = index.find(key, hash: hash) { return handle }
      let handle = scheduler.register(transient: lane)
      if handle != .none { index.insert(key, hash: hash, handle) }
      return handle
    }
  }

  // MARK: Running

  /// The next key; waits for one. Nil at shutdown, and when the task is cancelled.
  public func next() async -> Run? {
    guard let ticket = await scheduler.next(lane) else { return nil }
    let key = keys.index.withLock { $0.key(of: ticket.handle) }
    guard let key else { preconditionFailure("a running key is unknown: \(ticket)") }
    return Run(key: key, ticket: ticket)
  }

  /// Says how the run ended.
  @discardableResult
  public func finish(_ run: Run, _ disposition: Scheduler.Disposition) -> Bool {
    scheduler.finish(run.ticket, disposition)
  }

  /// An empty batch for one worker.
  public func batch(maximum: Int = Scheduler.Batch.largest) -> Batch {
    Batch(batch: .init(lane, maximum: maximum))
  }

  /// Finishes what the batch holds and takes what is next; waits for something. False, with the
  /// batch empty, at shutdown and when the task is cancelled.
  public func next(_ batch: inout Batch) async -> Bool {
    let isTaken = await scheduler.next(&batch.batch)
    batch.keys.removeAll(keepingCapacity: true)
    keys.index.withLock { index in
      for position in 0..<batch.batch.count {
        let ticket = batch.batch[position]
        guard let key = index.key(of: ticket.handle) else {
          preconditionFailure("a running key is unknown: \(ticket)")
        }
        batch.keys.append(key)
      }
    }
    return isTaken
  }

  /// Ends delays when their time has come; see `Scheduler.run()`.
  public func run() async { await scheduler.run() }

  /// Ends the scheduler; see `Scheduler.shutDown(_:)`.
  public func shutDown(
    _ mode: Scheduler.Shutdown = .finishRunning
  ) async -> Scheduler.ShutdownReport {
    await scheduler.shutDown(mode)
  }

  /// What the scheduler does and has done.
  public var metrics: Scheduler.Metrics { scheduler.metrics }
}
