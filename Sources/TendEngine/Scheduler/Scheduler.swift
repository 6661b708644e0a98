/// Decides which key runs when, on which worker: coalescing, priorities, delays, backoff, limits.
///
/// Usable without the engine. A key is registered once and from then on named by its small handle.
/// Workers pull: each is a loop that asks its lane for work, does it, and says how it ended. One
/// lock guards everything; no operation holds it for longer than a bounded number of steps. Nobody
/// polls: workers sleep until something is ready, the timer until something is due.
///
/// ```swift
/// let scheduler = Scheduler()
/// let lane = scheduler.addLane(limit: 4)
/// let key = scheduler.register(lane)
/// scheduler.add(key, priority: .drift)
/// ```
///
/// ```swift
/// await withTaskGroup { group in
///   group.addTask { await scheduler.run() }  // the timer
///   group.addTask {  // a worker
///     while let ticket = await scheduler.next(lane) {
///       scheduler.finish(ticket, await work(ticket) ? .done : .failed())
///     }
///   }
/// }
/// ```
///
/// ## What happens to an add
///
/// | the key is | add | add with a delay |
/// | --- | --- | --- |
/// | idle | ready | waiting until due |
/// | waiting | ready: it does not wait any longer | waiting until the earlier of both |
/// | ready | ready, as before | ready, as before |
/// | running | one more run, when this one ends | one more run, when due and this one has ended |
/// | running, one to follow | that one is ready | by the rows of waiting and ready |
///
/// Always: the higher priority wins, causes are united, and the place in the queue stays unless the
/// priority rises (then it is the end of the higher one). What a run asks for when it ends
/// (`Disposition`) merges by the same table. Only `postpone(_:by:)` makes a key later, only
/// `cancel(_:)` and `remove(_:)` drop what was asked for. A key never runs twice at once.
///
/// ## Failures
///
/// A failure delays the next attempt (`Backoff`) with priority `retry`. Success, `resetFailures`
/// and an add that supersedes start the count again. An immediate add does not wait for the
/// backoff.
///
/// ## Order
///
/// The highest priority first; within it, first ready, first run. Every 16th key that a lane hands
/// out is taken from the priority whose first key has been ready longest. So nothing starves: a key
/// before which *n* keys became ready in its lane is handed out after at most 16 · (n + 1) others.
///
/// ## Time
///
/// Delays end at a whole millisecond, never early; those that tolerate it end together with others.
/// They need somebody awake to end them: `run()`,
/// or a worker that asks for work.
public final class Scheduler: Sendable {
  struct Guarded: ~Copyable {
    var state: SchedulerState
    var sleepers = Sleepers()
  }

  let guarded: Lock<Guarded>
  let timeline: Timeline
  /// Told about transient keys that ended, under the lock.
  let retire: (@Sendable ([Handle]) -> Void)?

  /// A scheduler without lanes and keys.
  ///
  /// `seed` decides the jitter of retries: with the same seed, clock and order of calls everything
  /// happens again in the same way.
  public convenience init(
    _ configuration: Configuration = Configuration(),
    clock: some Clock<Duration> = ContinuousClock(),
    seed: UInt64 = .random(in: .min ... .max)
  ) {
    self.init(configuration, clock: clock, seed: seed, retire: nil)
  }

  @usableFromInline
  init(
    _ configuration: Configuration, clock: some Clock<Duration>, seed: UInt64,
    retire: (@Sendable ([Handle]) -> Void)?
  ) {
    guarded = Lock(Guarded(state: SchedulerState(configuration, seed: seed)))
    timeline = Timeline(clock)
    self.retire = retire
  }

  /// Asks the state under the lock; whoever is to be woken is resumed outside it.
  @inline(__always)
  func locked<Result: Sendable>(_ body: (inout SchedulerState) -> Result) -> Result {
    let (result, awakened) = guarded.withLock { guarded in
      let result = body(&guarded.state)
      let isQuiet = guarded.state.effects.isEmpty
      return (result, isQuiet ? nil : collect(&guarded))
    }
    awakened?.resume()
    return result
  }

  @inline(never)
  func collect(_ guarded: inout Guarded) -> Sleepers.Awakened? {
    let effects = guarded.state.takeEffects()
    if !effects.retired.isEmpty { retire?(effects.retired) }
    guard effects.concernSleepers else { return nil }
    let isOpen = guarded.state.isOpen
    if !isOpen { guarded.state.unparkAll() }
    return guarded.sleepers.wake(effects, isOpen: isOpen)
  }

  // MARK: Lanes and keys

  /// Makes a lane that allows this many runs at once; with 0 it is paused until the limit is set.
  ///
  /// There can be 65,536; the one after that names nothing.
  public func addLane(limit: Int) -> Lane {
    guarded.withLock { guarded in
      guard let index = guarded.state.addLane(limit: limit) else { return Lane(index: .max) }
      guarded.sleepers.addLane()
      return Lane(index: index)
    }
  }

  /// Changes how many runs the lane allows at once.
  ///
  /// What runs goes on; 0 pauses the lane.
  public func setLimit(_ limit: Int, of lane: Lane) {
    locked { $0.setLimit(limit, ofLane: lane.index) }
  }

  /// Changes how many runs are allowed at once over all lanes; nil: only the lanes' own limits.
  public func setTotalLimit(_ limit: Int?) {
    locked { $0.setTotalLimit(limit) }
  }

  /// Registers an idle key of a lane.
  ///
  /// `payload` comes back with each of its tickets.
  ///
  /// A lane of another scheduler, or more than two thousand million keys, give a handle that names
  /// nothing.
  public func register(_ lane: Lane, payload: UInt32 = 0) -> Handle {
    locked { $0.register(lane: lane.index, payload: payload, transient: false) } ?? .none
  }

  /// Ends a key: what was asked for is dropped, a run under way goes on to its end.
  ///
  /// False where the handle names nothing.
  @discardableResult
  public func remove(_ handle: Handle) -> Bool {
    locked { $0.remove(handle) }
  }

  /// What the key is doing; nil where the handle names nothing.
  public func status(of handle: Handle) -> Status? {
    let now = timeline.now()
    return locked { $0.status(of: handle, now: now) }
  }

  // MARK: Asking for runs

  /// Asks for a run: at once, or when `delay` is over.
  ///
  /// See the table of `Scheduler`.
  ///
  /// With `supersedes` what is to be done is new: failures are forgotten and a run under way
  /// becomes stale. False where the handle names nothing or the scheduler shuts down. Never waits;
  /// callable from any thread.
  @discardableResult
  public func add(
    _ handle: Handle, priority: Priority = .drift, after delay: Duration = .zero,
    causes: Causes = [], supersedes: Bool = false
  ) -> Bool {
    let request = Request(
      priority: priority, delay: delay.clampedNanoseconds, causes: causes, supersedes: supersedes)
    return locked { $0.add(handle, request, now: timeline.now) }
  }

  /// Asks for a run of each of these keys, in order, in as few lock holds as is fair to others.
  ///
  /// Answers how many were accepted.
  @discardableResult
  public func add(
    all handles: some Collection<Handle>, priority: Priority = .drift,
    after delay: Duration = .zero, causes: Causes = [], supersedes: Bool = false
  ) -> Int {
    let request = Request(
      priority: priority, delay: delay.clampedNanoseconds, causes: causes, supersedes: supersedes)
    var (rest, accepted) = (handles[...], 0)
    while !rest.isEmpty {
      let part = rest.prefix(Self.bulk)
      let now = timeline.now()
      accepted += locked { state in
        part.reduce(0) { $0 + (state.add($1, request, now: { now }) ? 1 : 0) }
      }
      rest = rest.dropFirst(Self.bulk)
    }
    return accepted
  }

  /// Keys of a bulk add in one lock hold: some 20 µs.
  private static let bulk = 512

  /// Makes what was asked for come exactly this long from now, be that later or sooner.
  ///
  /// False where nothing was asked for.
  @discardableResult
  public func postpone(_ handle: Handle, by delay: Duration) -> Bool {
    let now = timeline.now()
    return locked { $0.postpone(handle, by: delay.clampedNanoseconds, now: now) }
  }

  /// Drops what was asked for; a run under way goes on.
  ///
  /// False where nothing was asked for.
  @discardableResult
  public func cancel(_ handle: Handle) -> Bool {
    locked { $0.cancel(handle) }
  }

  /// Forgets the key's failures: its next backoff is the first again.
  ///
  /// A retry that waits goes on waiting. False where the handle names nothing.
  @discardableResult
  public func resetFailures(_ handle: Handle) -> Bool {
    locked { $0.resetFailures(handle) }
  }
}
