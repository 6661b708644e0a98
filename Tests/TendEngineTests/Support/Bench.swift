import CoreMetrics
import Logging
import Synchronization
import Tend
import TendEngine
import TendTesting
import Testing
import Tracing

/// A shelf, a store and a clock that outlive the engines which a test starts on them.
struct Bench {
  let shelf: Shelf
  let store: any Store
  let clock = ManualClock()
  let wall = ManualWall()
  var unit = Unit("main")
  var others: [any Provider] = []
  var bell: DriftBell?
  var place: SettlingPlace?
  var limit = 4
  var metrics: (any MetricsFactory)?
  var tracer: (any Tracer)?
  var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  var secrets: [String: String] = [:]
  let brake = Brake()

  init(
    _ store: any Store = InMemoryStore(), shelf: Shelf = Shelf(),
    _ configure: (inout Bench) -> Void = { _ in }
  ) {
    self.store = store
    self.shelf = shelf
    configure(&self)
  }

  func engine(seed: UInt64 = 1) throws -> Engine {
    var configuration = Engine.Configuration()
    configuration.seed = seed
    configuration.backoff = Backoff(base: .seconds(1), cap: .seconds(60), jitter: 0)
    configuration.metrics = metrics
    configuration.tracer = tracer
    configuration.wallClock = { [wall] in wall.now }
    configuration.brake = { [brake] in brake.suspension }
    configuration.secrets = { [secrets] (source: SecretSource) throws(ProviderError) in
      guard let secret = secrets["\(source)"] else { throw .permanent("no \(source)") }
      return Sensitive(secret)
    }
    let shelf = ShelfProvider(
      shelf: shelf, execution: .pool(limit: limit), drift: bell, place: place)
    return try Engine(
      store: store, configuration: configuration, clock: clock,
      logger: logger,
      providers: [shelf as any Provider] + others)
  }

  /// Starts an engine on what is left of the last one, and stops it after the body.
  @discardableResult
  func running<Answer: Sendable>(
    _ body: @Sendable (Engine) async throws -> Answer
  ) async throws -> Answer {
    try await engine().running(body)
  }

  /// Plans and applies once, while time goes on.
  @discardableResult
  func apply(
    _ revision: String, _ declarations: [Declaration], _ change: (inout Unit) -> Void = { _ in }
  ) async throws -> ApplyReport {
    var unit = unit
    change(&unit)
    return try await running { [unit, clock] engine in
      try await flowing(clock) {
        try await engine.apply(
          engine.prepare(snapshot(revision, declarations), for: unit, claiming: true), by: "test")
      }
    }
  }

  func plan(
    _ revision: String, _ declarations: [Declaration], _ change: (inout Unit) -> Void = { _ in }
  ) async throws -> Plan {
    var unit = unit
    change(&unit)
    return try await running { [unit] engine in
      try await engine.prepare(snapshot(revision, declarations), for: unit).plan
    }
  }

  func events(_ query: EventQuery = EventQuery()) async throws -> [Event] {
    try await store.events(query)
  }

  func inventory() async throws -> [InventoryRecord] { try await store.load().inventory }
}

/// The wall clock that a test sets.
final class ManualWall: Sendable {
  private let time = Mutex(Timestamp(nanoseconds: 1_790_000_000_000_000_000))
  var now: Timestamp { time.withLock { $0 } }
  func set(_ now: Timestamp) { time.withLock { $0 = now } }
  func advance(by duration: Duration) {
    time.withLock { $0 = Timestamp(nanoseconds: $0.nanoseconds + duration.nanoseconds) }
  }
}

/// What leaves everything alone, as a test wants it.
final class Brake: Sendable {
  private let state = Mutex<Suspension?>(nil)
  var suspension: Suspension? { state.withLock { $0 } }
  func pull(_ suspension: Suspension?) { state.withLock { $0 = suspension } }
}
