/// A scheduler whose keys are values of any hashable type, for use without the engine.
///
/// A key is known from the first add until nothing is left to know of it: nothing asked for,
/// nothing running, no failures. So memory depends on the keys that are alive, not on those that
/// ever were. All rules are those of `Scheduler`; there is one lane.
///
/// ```swift
/// let scheduler = KeyedScheduler<String>(limit: 4)
/// scheduler.add("host-7")
/// ```
///
/// ```swift
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

    @usableFromInline
    init(key: Key, ticket: Scheduler.Ticket) { (self.key, self.ticket) = (key, ticket) }
  }

  /// What one worker holds; see `Scheduler.Batch`.
  public struct Batch: Sendable {
    @usableFromInline var batch: Scheduler.Batch
    @usableFromInline var keys: [Key] = []

    @inlinable
    init(_ batch: Scheduler.Batch) { self.batch = batch }

    /// Number of runs.
    @inlinable public var count: Int { keys.count }

    /// What the scheduler says of a run.
    @inlinable
    public subscript(position: Int) -> Scheduler.Ticket { batch[position] }

    /// The key of a run.
    @inlinable
    public func key(_ position: Int) -> Key { keys[position] }

    /// Says how a run ended; in force with the next call of `next(_:)`.
    @inlinable
    public mutating func finish(_ position: Int, _ disposition: Scheduler.Disposition) {
      batch.finish(position, disposition)
    }
  }

  @usableFromInline let scheduler: Scheduler
  @usableFromInline let lane: Scheduler.Lane
  @usableFromInline let keys: Keys

  // Sendable because the index is read and written only under the scheduler's lock.
  @usableFromInline
  final class Keys: @unchecked Sendable {
    @usableFromInline var index = KeyIndex<Key>()

    @usableFromInline
    init() {}

    @inlinable
    func remove(_ ended: [Scheduler.Handle]) {
      for handle in ended { index.remove(handle) }
    }
  }

  /// A scheduler without keys that allows this many runs at once; `seed` decides the jitter.
  @inlinable
  public init(
    limit: Int, _ configuration: Scheduler.Configuration = .init(),
    clock: some Clock<Duration> = ContinuousClock(), seed: UInt64 = .random(in: .min ... .max)
  ) {
    let keys = Keys()
    self.keys = keys
    scheduler = Scheduler(configuration, clock: clock, seed: seed) { keys.remove($0) }
    lane = scheduler.addLane(limit: limit)
  }

  // MARK: Asking for runs

  /// Asks for a run of the key; see `Scheduler.add(_:priority:after:causes:supersedes:)`.
  @discardableResult
  @inlinable
  public func add(
    _ key: Key, priority: Scheduler.Priority = .drift, after delay: Duration = .zero,
    causes: Scheduler.Causes = [], supersedes: Bool = false
  ) -> Bool {
    let hash = KeyIndex.hash(key)
    return scheduler.add(
      lane, priority: priority, after: delay, causes: causes, supersedes: supersedes,
      find: { keys.index.find(key, hash: hash) },
      insert: { keys.index.insert(key, hash: hash, $0) })
  }

  /// Makes what was asked for come exactly this long from now; false where nothing was.
  @discardableResult
  @inlinable
  public func postpone(_ key: Key, by delay: Duration) -> Bool {
    known(key).map { scheduler.postpone($0, by: delay) } ?? false
  }

  /// Drops what was asked for; a run under way goes on.
  ///
  /// False where nothing was asked for.
  @discardableResult
  @inlinable
  public func cancel(_ key: Key) -> Bool {
    known(key).map { scheduler.cancel($0) } ?? false
  }

  /// Drops what was asked for and forgets the failures; a run under way goes on.
  ///
  /// False where nothing is known of the key.
  @discardableResult
  @inlinable
  public func forget(_ key: Key) -> Bool {
    known(key).map { scheduler.forget($0) } ?? false
  }

  /// What the key is doing; nil where nothing is known of it.
  @inlinable
  public func status(of key: Key) -> Scheduler.Status? {
    known(key).flatMap { scheduler.status(of: $0) }
  }

  @inlinable
  func known(_ key: Key) -> Scheduler.Handle? {
    let hash = KeyIndex.hash(key)
    return scheduler.find { keys.index.find(key, hash: hash) }
  }

  // MARK: Running

  /// The next key; waits for one.
  ///
  /// Nil at shutdown, and when the task is cancelled.
  @inlinable
  public func next() async -> Run? {
    var batch = batch(maximum: 1)
    guard await next(&batch) else { return nil }
    return Run(key: batch.key(0), ticket: scheduler.detach(&batch.batch))
  }

  /// Says how the run ended.
  @discardableResult
  @inlinable
  public func finish(_ run: Run, _ disposition: Scheduler.Disposition) -> Bool {
    scheduler.finish(run.ticket, disposition)
  }

  /// An empty batch for one worker.
  @inlinable
  public func batch(maximum: Int = Scheduler.Batch.largest) -> Batch {
    Batch(Scheduler.Batch(lane, maximum: maximum))
  }

  /// Finishes what the batch holds and takes what is next; waits for something.
  ///
  /// False, with the batch empty, at shutdown and when the task is cancelled.
  @inlinable
  public func next(_ batch: inout Batch) async -> Bool {
    batch.keys.removeAll(keepingCapacity: true)
    return await scheduler.next(&batch.batch) { ticket in
      guard let key = keys.index.key(of: ticket.handle) else {
        preconditionFailure("a running key is unknown: \(ticket)")
      }
      batch.keys.append(key)
    }
  }

  /// Ends delays when their time has come; see `Scheduler.run()`.
  @inlinable
  public func run() async { await scheduler.run() }

  /// Ends the scheduler; see `Scheduler.shutDown(_:)`.
  @inlinable
  public func shutDown(
    _ mode: Scheduler.Shutdown = .finishRunning
  ) async -> Scheduler.ShutdownReport {
    await scheduler.shutDown(mode)
  }

  /// What the scheduler does and has done.
  public var metrics: Scheduler.Metrics { scheduler.metrics }
}
