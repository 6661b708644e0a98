internal import Synchronization

/// A clock that stands still until a test moves it.
///
/// Sleepers wake in the order of their times, those with one time in the order in which they fell
/// asleep; the clock shows a sleeper's own time while it is woken. Sharing it among tasks is safe.
///
/// ```swift
/// let clock = ManualClock()
/// async let slept: Void = clock.sleep(for: .seconds(5))
/// await clock.waitForSleepers()
/// clock.advance(by: .seconds(5))
/// try await slept
/// ```
public final class ManualClock: Clock, Sendable {
  /// A moment of this clock.
  public struct Instant: InstantProtocol, Hashable, Sendable {
    /// Time since the clock was made.
    public let offset: Duration

    /// The moment this long after the clock was made.
    public init(offset: Duration = .zero) { self.offset = offset }

    /// The moment this much later.
    public func advanced(by duration: Duration) -> Instant {
      Instant(offset: offset + duration)
    }

    /// Time from here to there; negative where that is earlier.
    public func duration(to other: Instant) -> Duration { other.offset - offset }

    /// The earlier is the lesser.
    public static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
  }

  private typealias Waiter = CheckedContinuation<Void, Never>

  private struct Sleeper {
    let number: UInt64
    let deadline: Instant
    let continuation: CheckedContinuation<Bool, Never>
  }

  private struct State {
    var now = Instant()
    var lastNumber: UInt64 = 0
    /// By deadline, then by the order in which they fell asleep.
    var sleepers: [Sleeper] = []
    var waiters: [(number: UInt64, count: Int, continuation: Waiter)] = []

    mutating func number() -> UInt64 {
      lastNumber += 1
      return lastNumber
    }
  }

  private let state = Mutex(State())

  /// A clock that shows `Instant(offset: .zero)`.
  public init() {}

  /// What the clock shows.
  public var now: Instant { state.withLock { $0.now } }

  /// The smallest step: a nanosecond.
  public var minimumResolution: Duration { .nanoseconds(1) }

  /// How many tasks sleep on this clock.
  public var sleeperCount: Int { state.withLock { $0.sleepers.count } }

  /// The moment at which the first sleeper wakes; nil where nobody sleeps.
  public var nextDeadline: Instant? { state.withLock { $0.sleepers.first?.deadline } }

  /// Sleeps until the clock shows this moment or a later one; `tolerance` changes nothing.
  ///
  /// Throws `CancellationError` when the task is cancelled.
  public func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
    try Task.checkCancellation()
    let number = state.withLock { $0.number() }
    let isDue = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let sleeper = Sleeper(number: number, deadline: deadline, continuation: continuation)
        if !insert(sleeper) { continuation.resume(returning: true) }
        if Task.isCancelled { cancel(number) }
      }
    } onCancel: {
      cancel(number)
    }
    if !isDue { throw CancellationError() }
  }

  /// Moves the clock forward and wakes all whose time has come by then.
  public func advance(by duration: Duration) {
    advance(to: now.advanced(by: duration))
  }

  /// Moves the clock to this moment, never back, and wakes all whose time has come by then.
  public func advance(to moment: Instant) {
    while let sleeper = next(by: moment) { sleeper.resume(returning: true) }
  }

  /// Moves the clock to the first sleeper's time and wakes all of that time.
  ///
  /// False where nobody sleeps.
  @discardableResult
  public func advanceToNextSleeper() -> Bool {
    guard let deadline = nextDeadline else { return false }
    advance(to: deadline)
    return true
  }

  /// Waits until at least this many tasks sleep on this clock, or until the task is cancelled.
  public func waitForSleepers(_ count: Int = 1) async {
    let number = state.withLock { $0.number() }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let waits = state.withLock { state in
          guard state.sleepers.count < count else { return false }
          state.waiters.append((number, count, continuation))
          return true
        }
        if !waits { continuation.resume() }
        if Task.isCancelled { stopWaiting(number) }
      }
    } onCancel: {
      stopWaiting(number)
    }
  }

  /// False where the time has come already.
  private func insert(_ sleeper: Sleeper) -> Bool {
    let waiters: [Waiter]? = state.withLock { state in
      guard sleeper.deadline > state.now else { return nil }
      let place = state.sleepers.firstIndex { $0.deadline > sleeper.deadline }
      state.sleepers.insert(sleeper, at: place ?? state.sleepers.endIndex)
      let count = state.sleepers.count
      defer { state.waiters.removeAll { $0.count <= count } }
      return state.waiters.filter { $0.count <= count }.map(\.continuation)
    }
    for waiter in waiters ?? [] { waiter.resume() }
    return waiters != nil
  }

  /// The first sleeper whose time comes by then; with none left, the clock shows that moment.
  private func next(by moment: Instant) -> CheckedContinuation<Bool, Never>? {
    state.withLock { state in
      guard let first = state.sleepers.first, first.deadline <= moment else {
        state.now = max(state.now, moment)
        return nil
      }
      state.now = max(state.now, first.deadline)
      return state.sleepers.removeFirst().continuation
    }
  }

  private func cancel(_ number: UInt64) {
    let sleeper = state.withLock { state in
      state.sleepers.firstIndex { $0.number == number }.map { state.sleepers.remove(at: $0) }
    }
    sleeper?.continuation.resume(returning: false)
  }

  private func stopWaiting(_ number: UInt64) {
    let waiter = state.withLock { state in
      state.waiters.firstIndex { $0.number == number }.map { state.waiters.remove(at: $0) }
    }
    waiter?.continuation.resume()
  }
}
