internal import Synchronization
internal import Tend

/// Stands between a provider and its world, so that the kit can let things go wrong there.
///
/// The client through which the provider reaches its world calls `read` around each question and
/// `change` around each effect. Without the kit both just run their body:
///
/// ```swift
/// func put(_ item: Item) async throws {
///   try await faults.change("PUT /items/\(item.id)") { try await server.put(item) }
/// }
/// ```
///
/// After a crash nothing passes any more: what a dead process would still do in a `catch` or a
/// `defer` never reaches the world.
public struct Faults: Sendable {
  let table: FaultTable
  let life: Int

  /// Asks the world something; `name` says what, for people.
  ///
  /// Throws what the body throws, or what the kit has configured as failure.
  public func read<Answer: Sendable>(
    _ name: String, _ body: () async throws -> Answer
  ) async throws -> Answer {
    let kind = try await table.arrive(Boundary(kind: .read, name: name), in: life)
    if let kind, let earlier = table.earlierAnswer(to: name, kind) as? Answer { return earlier }
    let answer = try await body()
    table.remember(answer, to: name)
    return answer
  }

  /// Changes the world; `name` says how, for people.
  ///
  /// Throws what the body throws, or what the kit has configured as failure.
  public func change<Answer: Sendable>(
    _ name: String, _ body: () async throws -> Answer
  ) async throws -> Answer {
    let kind = try await table.arrive(Boundary(kind: .change, name: name), in: life)
    let answer = try await body()
    try table.leave(kind, name)
    return answer
  }
}

/// What a client sees of a fault where nothing else was configured: a connection that broke.
public struct InjectedFailure: Error, Sendable, CustomStringConvertible {
  /// What was tried.
  public let name: String
  /// Says what was tried.
  public var description: String { "\(name): connection lost" }
}

/// The process is dead; nothing that it still does counts.
struct Crash: Error {}

/// Which fault is armed, how far the pass has come, and which lives are over.
final class FaultTable: Sendable {
  private struct State {
    var life = 0
    var armed: Fault?
    var hasFired = false
    var passed: [Boundary] = []
    /// The last answers to each question, as many as `memory`, the oldest first.
    var answers: [String: [any Sendable]] = [:]
    var turns: Turns?
  }

  /// A provider that passes more boundaries than this in one pass will never end.
  static let limit = 10_000
  /// How many answers may be overtaken: enough for those to a pass and the looks around it.
  static let memory = 4
  /// How long a slow answer takes; a call has 30 seconds.
  static let slowness: Duration = .seconds(25)

  private let state = Mutex(State())
  private let clock: TrialClock
  private let failure: @Sendable (String) -> any Error

  init(_ clock: TrialClock, failure: @escaping @Sendable (String) -> any Error) {
    self.clock = clock
    self.failure = failure
  }

  /// What the provider of now gets.
  var faults: Faults { state.withLock { Faults(table: self, life: $0.life) } }

  /// The boundaries since the last `arm`.
  var passed: [Boundary] { state.withLock { $0.passed } }

  /// Whether the armed fault came to pass.
  var hasFired: Bool { state.withLock { $0.hasFired } }

  /// Starts to count boundaries anew, with this fault ahead.
  func arm(_ fault: Fault?) {
    state.withLock { state in
      state.armed = fault
      state.hasFired = false
      state.passed = []
    }
  }

  /// All that lives now is dead from here on.
  func crash() { state.withLock { $0.life += 1 } }

  /// From now on each boundary waits for its turn; nil: no more.
  func take(_ turns: Turns?) { state.withLock { $0.turns = turns } }

  /// What goes wrong here, if anything; throws where it does not happen.
  func arrive(_ boundary: Boundary, in life: Int) async throws -> Fault.Kind? {
    if let turns = state.withLock({ $0.turns }) { await turns.wait() }
    let (kind, isDead, isEndless) = state.withLock { state -> (Fault.Kind?, Bool, Bool) in
      guard state.life == life else { return (nil, true, false) }
      let index = state.passed.count
      guard index < Self.limit else { return (nil, true, true) }
      state.passed.append(boundary)
      guard let armed = state.armed, armed.boundary == index else { return (nil, false, false) }
      state.hasFired = true
      if armed.kind == .crashBefore { state.life += 1 }
      return (armed.kind, armed.kind == .crashBefore, false)
    }
    if isEndless { throw failure("\(boundary.name) (the pass went on for ever)") }
    if isDead { throw Crash() }
    if kind == .failure { throw failure(boundary.name) }
    if kind == .slowness { clock.advance(by: Self.slowness) }
    if kind == .cancellation {
      clock.advance(by: .seconds(3600))
      withUnsafeCurrentTask { $0?.cancel() }
    }
    return kind
  }

  /// The other half of a boundary that changes something.
  func leave(_ kind: Fault.Kind?, _ name: String) throws {
    if kind == .crashAfter {
      crash()
      throw Crash()
    }
    if kind == .lostReply { throw failure(name) }
  }

  func remember(_ answer: any Sendable, to name: String) {
    state.withLock { state in
      state.answers[name, default: []].append(answer)
      if state.answers[name]?.count ?? 0 > Self.memory { state.answers[name]?.removeFirst() }
    }
  }

  /// What a read answers that is not fresh; nil for a fresh one.
  func earlierAnswer(to name: String, _ kind: Fault.Kind) -> (any Sendable)? {
    state.withLock { state in
      switch kind {
      case .staleRead: state.answers[name]?.last
      case .overtakenRead: state.answers[name]?.first
      default: nil
      }
    }
  }
}
