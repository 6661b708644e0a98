import Synchronization
import Tend
import TendManifest
import TestSupport
import Testing

@testable import TendHTTP

/// Takes the engine's part: declares objects, and passes over them as it would.
final class Stage: Sendable {
  static let secret = Canary.marker

  private struct State {
    var memories: [ObjectID: ObjectMemory] = [:]
    var desired: [ObjectID: ObjectSpec] = [:]
    var provider: HTTPProvider
  }

  let service = FakeService()
  /// What the unit may touch; nil: everything.
  private let limits: (any Limits)?
  let surroundings: StageSurroundings
  private let chance = Chance()
  private let transport: (any Transport)?
  private let state: Mutex<State>

  /// Before the service in memory or another one, with real time where that is a real one.
  init(_ transport: (any Transport)? = nil, limits: (any Limits)? = nil) {
    self.transport = transport
    self.limits = limits
    surroundings = StageSurroundings(isReal: !(transport is Script || transport == nil))
    let provider = HTTPProvider(
      transport ?? FakeTransport(service: service), random: chance.next)
    state = Mutex(State(provider: provider))
    service.setTime(surroundings.now)
  }

  var provider: HTTPProvider { state.withLock { $0.provider } }

  /// Another process on the same store.
  func restart() {
    state.withLock {
      $0.provider = HTTPProvider(transport ?? FakeTransport(service: service), random: chance.next)
    }
  }

  func context(_ deadline: Duration = .seconds(30)) -> Context {
    service.setTime(surroundings.now)
    return Context(surroundings, deadline: surroundings.monotonic + deadline, limits: limits)
  }

  /// What is declared from here on; the rest is withdrawn.
  @discardableResult
  func declare(_ text: String) throws -> [ObjectSpec] {
    let specs = try Self.decode(text, by: provider)
    state.withLock { state in
      state.desired = Dictionary(uniqueKeysWithValues: specs.map { ($0.id, $0) })
    }
    return specs
  }

  /// Decodes a text with one kind after another; throws what is wrong with it.
  static func decode(_ text: String, by provider: HTTPProvider = .init()) throws -> [ObjectSpec] {
    let reading = ManifestReader().read([ManifestFile(path: "a.yaml", bytes: Array(text.utf8))])
    var mistakes = reading.diagnostics
    var definitions: [Declared<HTTPDefinition>] = []
    for declaration in reading.declarations {
      guard let kind = provider.definitions.first(where: { $0.name == declaration.reference.kind })
      else { continue }
      mistakes.append(contentsOf: Diagnostics(kind.schema.diagnostics(for: declaration)))
      guard mistakes.isEmpty else { continue }
      do {
        definitions.append(Declared(declaration, try kind.decode(declaration)))
      } catch { mistakes.append(contentsOf: error) }
    }
    guard mistakes.isEmpty else { throw mistakes }
    let kinds = try provider.kinds(definedBy: definitions)
    var specs: [ObjectSpec] = []
    for declaration in reading.declarations {
      guard let kind = kinds.first(where: { $0.name == declaration.reference.kind }) else {
        continue
      }
      let wrong = Diagnostics(kind.schema.diagnostics(for: declaration))
      mistakes.append(contentsOf: wrong)
      guard wrong.isEmpty else { continue }
      do { specs.append(try kind.decode(declaration)) } catch { mistakes.append(contentsOf: error) }
    }
    guard mistakes.isEmpty else { throw mistakes }
    return specs
  }

  /// All that is declared or remembered, in the order of identities.
  private var targets: [Target<ObjectSpec>] {
    state.withLock { state in
      Set(state.desired.keys).union(state.memories.keys).sorted { $0.description < $1.description }
        .map { Target(id: $0, desired: state.desired[$0], memory: state.memories[$0]) }
    }
  }

  func memory(_ id: ObjectID) -> ObjectMemory? { state.withLock { $0.memories[id] } }

  private func remember(_ id: ObjectID, _ memory: ObjectMemory?) throws {
    // What is remembered goes through the store.
    let kept = try memory.map { memory in
      let value = try ValueEncoder().encode(memory)
      #expect(value.json.utf8.count <= 4096)
      #expect(!Canary.shows(in: value.json))
      return try ValueDecoder().decode(ObjectMemory.self, from: value)
    }
    #expect(kept == memory)
    state.withLock { $0.memories[id] = kept }
  }

  /// What a plan would show: the paths that differ of each object.
  func plan() async throws -> [String] {
    var lines: [String] = []
    for target in targets {
      guard let desired = target.desired else { continue }
      let current = try await provider.observe(target, context())
      lines += desired.differences(from: current).map { difference in
        "\(difference.path): \(Self.text(difference.actual)) -> \(Self.text(difference.desired))"
      }
    }
    for line in lines { #expect(!Canary.shows(in: line)) }
    return lines
  }

  private static func text(_ side: Difference.Side) -> String {
    switch side {
    case .absent: "absent"
    case .value(let value): value.json
    case .unknown: "unknown"
    case .masked: "(sensitive)"
    }
  }

  /// Observes, changes and observes again, once for each object; returns how many changes it made.
  @discardableResult
  func pass() async throws -> Int {
    var changes = 0
    for target in targets { changes += try await pass(target) ? 1 : 0 }
    return changes
  }

  private func pass(_ target: Target<ObjectSpec>) async throws -> Bool {
    let current = try await provider.observe(target, context())
    guard let change = Self.change(target, current) else {
      try remember(target.id, target.desired == nil ? nil : current?.memory)
      return false
    }
    let journal = Journal<ObjectSpec> { [self] memory throws(ProviderError) in
      do { try remember(target.id, memory) } catch { throw .permanent("\(error)") }
    }
    if let current { try remember(target.id, current.memory) }
    let outcome = try await provider.apply(change, journal, context())
    if case .underway = outcome { return true }
    let after = try await provider.observe(
      Target(id: target.id, desired: target.desired, memory: memory(target.id)), context())
    if let desired = target.desired {
      #expect(desired.differences(from: after) == [])
    } else {
      #expect(after == nil)
    }
    try remember(target.id, target.desired == nil ? nil : after?.memory)
    return true
  }

  private static func change(
    _ target: Target<ObjectSpec>, _ current: HTTPObject?
  ) -> Change<ObjectSpec>? {
    guard let desired = target.desired else { return current.map { Change(.delete($0), []) } }
    let differences = desired.differences(from: current)
    guard let current else { return Change(.create(desired), differences) }
    if differences.isEmpty { return nil }
    return differences.contains(where: \.forcesReplacement)
      ? Change(.replace(current, with: desired), differences)
      : Change(.update(current, to: desired), differences)
  }

  /// All that is declared, in one list request where that is possible.
  func list() async throws -> [ObjectID: HTTPObject] {
    let targets = targets
    guard targets.allSatisfy({ provider.group(of: $0) != nil }) else { return [:] }
    return try await provider.observe(all: targets, context())
  }

  /// The error that a pass ends with.
  func failure() async -> ProviderError? { await failure { try await self.pass() } }

  /// The error that something ends with, in which no secret shows.
  func failure(of body: () async throws -> Void) async -> ProviderError? {
    do {
      try await body()
      return nil
    } catch {
      if let error = error as? ProviderError {
        #expect(!Canary.shows(in: "\(error)"), "\(error)")
        return error
      }
      Issue.record(error)
      return nil
    }
  }
}

/// Time that goes on when somebody waits, and secrets that a test may change.
final class StageSurroundings: Surroundings {
  private let time = Mutex(Duration.zero)
  private let beginning: ContinuousClock.Instant?
  private let secrets = Mutex<[SecretSource: String]>([:])
  private let noted = Mutex<[String]>([])

  init(isReal: Bool) {
    beginning = isReal ? ContinuousClock().now : nil
  }

  var backups: (any BackupStore)? { nil }
  var isRepair: Bool { false }
  var monotonic: Duration {
    beginning.map { ContinuousClock().now - $0 } ?? time.withLock { $0 }
  }
  var now: Timestamp { Timestamp(nanoseconds: 1_790_000_000_000_000_000 + monotonic.nanoseconds) }

  func advance(by duration: Duration) { time.withLock { $0 += duration } }
  func set(_ source: SecretSource, _ secret: String) { secrets.withLock { $0[source] = secret } }

  func sleep(for duration: Duration) async throws(ProviderError) {
    guard beginning == nil else {
      return try await attempt("waiting") { try await ContinuousClock().sleep(for: duration) }
    }
    if Task.isCancelled { throw .cancelled }
    advance(by: duration)
  }

  func secret(_ source: SecretSource) async throws(ProviderError) -> Sensitive<String> {
    Sensitive(secrets.withLock { $0[source] } ?? Stage.secret)
  }

  func digest(of secret: Sensitive<String>) -> String {
    "digest-" + String(secret.reveal().utf8.reduce(UInt64(7)) { $0 &* 31 &+ UInt64($1) }, radix: 16)
  }

  func note(_ message: String, _ details: [Detail]) {
    #expect(!Canary.shows(in: "\(message)\(details)"))
    noted.withLock { $0.append(message) }
  }

  /// The events, for people.
  var notes: [String] { noted.withLock { $0 } }
}

/// Numbers that are the same in each run, and differ from one another.
final class Chance: Sendable {
  private let count = Atomic<UInt64>(0)

  var next: @Sendable () -> Double {
    { [self] in
      let number = count.wrappingAdd(1, ordering: .relaxed).newValue
      return Double(number &* 0x9E37_79B9_7F4A_7C15 >> 11) * 0x1p-53
    }
  }
}
