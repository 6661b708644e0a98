import Synchronization
public import Tend
import TendEngine
import TendTesting

/// One life of an agent, from its start to its end or its death.
///
/// The client through which a provider reaches its world passes through `read` for each question
/// and `change` for each effect. There things go wrong, and there the agent may die: after that
/// nothing passes any more, as after SIGKILL, while what is left of its tasks ends.
public final class Life: Sendable {
  /// The lives of a rehearsal are counted from 1.
  public let number: Int
  private let chance: Chance
  let witness: Witness
  let clock: ManualClock
  private let ending: Gate
  private let over = Mutex(false)
  /// The newest answer to each question, for those that are answered with what was true before.
  private let answers = Mutex<[String: (answer: any Sendable, at: Duration)]>([:])

  init(_ number: Int, _ chance: Chance, _ witness: Witness, _ clock: ManualClock) {
    self.number = number
    self.chance = chance
    self.witness = witness
    self.clock = clock
    ending = Gate()
  }

  /// Whether the agent is dead: nothing that its tasks still do counts.
  public var isOver: Bool { over.withLock { $0 } }

  /// Asks the world something about a resource; `name` says what, the same for equal questions.
  ///
  /// `canBeStale` says that the world may answer with what was true a moment ago, as replicas do.
  /// Throws `.transient` where that fails, and `.cancelled` where the call is cancelled.
  public func read<Answer: Sendable>(
    _ name: String, of identity: String, in world: String, canBeStale: Bool = false,
    _ body: @Sendable () -> Answer
  ) async throws(ProviderError) -> Answer {
    try await pass()
    let rates = chance.rates
    let fault = chance.next(
      "\(world) \(identity) read",
      [
        (.failure, rates.failure), (.delay, rates.delay), (.hang, rates.hang),
        (.staleRead, canBeStale ? rates.staleRead : 0),
      ])
    if let fault { try await suffer(fault, name) }
    let now = clock.now.offset
    if fault?.kind == .staleRead, let (answer, at) = answers.withLock({ $0[name] }),
      now - at <= rates.staleness, let answer = answer as? Answer
    {
      return answer
    }
    let answer = body()
    if canBeStale { answers.withLock { $0[name] = (answer, now) } }
    return answer
  }

  /// Changes the world; `name` says how.
  ///
  /// `deletes` says that the resource is gone then. Throws `.transient` where that fails, also
  /// where it took effect and the reply is lost, and `.cancelled` where the call is cancelled.
  public func change<Answer: Sendable>(
    _ name: String, of identity: String, in world: String, deletes: Bool = false,
    _ body: @Sendable () -> Answer
  ) async throws(ProviderError) -> Answer {
    let key = InventoryKey(provider: world, identity: identity)
    try await pass()
    let isAlone = witness.enter(key, in: self)
    defer { if isAlone { witness.leave(key, in: self) } }
    let rates = chance.rates
    let fault = chance.next(
      "\(world) \(identity) change",
      [
        (.failure, rates.failure), (.lostReply, rates.lostReply), (.delay, rates.delay),
        (.hang, rates.hang),
      ])
    if let fault, fault.kind != .lostReply { try await suffer(fault, name) }
    witness.saw(key, name, deletes: deletes, in: self)
    let answer = body()
    try await pass()
    if fault?.kind == .lostReply { throw .transient("\(name): the connection was lost") }
    return answer
  }

  /// Whether a report of drift arrives.
  public func isReported(_ identity: String, in world: String) -> Bool {
    guard !isOver else { return false }
    let rate = chance.rates.lostReport
    return chance.next("\(world) \(identity) report", [(.lostReport, rate)]) == nil
  }

  /// Waits until the task is cancelled or the agent is dead: for `watch`.
  public func untilItEnds() async { await ending.wait() }

  /// Others have a turn; nothing passes once the agent is dead or the call is cancelled.
  private func pass() async throws(ProviderError) {
    await Task.yield()
    if isOver || Task.isCancelled { throw .cancelled }
  }

  private func suffer(
    _ fault: (kind: Fault.Kind, draw: Draw), _ name: String
  ) async throws(ProviderError) {
    var draw = fault.draw
    switch fault.kind {
    case .failure: throw .transient("\(name): the connection was refused")
    case .delay: try await sleep(draw.time(below: chance.rates.longestDelay))
    case .hang: try await sleep(.seconds(86_400))
    default: break
    }
  }

  private func sleep(_ time: Duration) async throws(ProviderError) {
    do { try await clock.sleep(for: time) } catch { throw .cancelled }
    if isOver { throw .cancelled }
  }

  /// The agent dies here.
  func end() {
    over.withLock { $0 = true }
    ending.open()
  }
}

/// Lets all pass once it is open, or once their task is cancelled.
final class Gate: Sendable {
  private struct State {
    var isOpen = false
    var last = 0
    var waiting: [(number: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let state = Mutex(State())

  func open() {
    let waiting = state.withLock { state in
      state.isOpen = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for waiter in waiting { waiter.continuation.resume() }
  }

  func wait() async {
    let number = state.withLock { state in
      state.last += 1
      return state.last
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let passes = state.withLock { state in
          if state.isOpen || Task.isCancelled { return true }
          state.waiting.append((number, continuation))
          return false
        }
        if passes { continuation.resume() }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        state.waiting.firstIndex { $0.number == number }.map { state.waiting.remove(at: $0) }
      }
      waiter?.continuation.resume()
    }
  }
}

/// The clock of one life: after its death nobody sleeps any more.
struct LifeClock: Clock {
  let life: Life

  var now: ManualClock.Instant { life.clock.now }
  var minimumResolution: Duration { life.clock.minimumResolution }

  func sleep(until deadline: ManualClock.Instant, tolerance: Duration?) async throws {
    if life.isOver { throw CancellationError() }
    try await life.clock.sleep(until: deadline, tolerance: tolerance)
    if life.isOver { throw CancellationError() }
  }
}
