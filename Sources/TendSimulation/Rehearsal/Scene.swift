import Logging
import Synchronization
import Tend
import TendEngine
import TendTesting

/// One run of a rehearsal: the worlds, what is declared in them, and the agent that lives now.
final class Scene: Sendable {
  struct State {
    /// The variant of what is declared, in the order of worlds and identities.
    var declared: [[Int?]]
    var life: Life?
    var engine: Engine?
    var lives = 0
    var isOver = false
    var stop: Gate?
    var performed: [String] = []
    var lastEvent: Int64 = 0
  }

  let settings: Rehearsal.Settings
  let rehearsal: Rehearsal
  let simulation: Simulation
  let worlds: [any SimulatedWorld]
  let store = SimulatedStore()
  let source: SimulatedSource
  let chance: Chance
  let witness: Witness
  /// What there was before the first agent.
  let strangers: [[SimulatedThing]]
  let state: Mutex<State>

  static let unit = "main"

  init(_ rehearsal: Rehearsal, _ trial: Rehearsal.Trial, _ simulation: Simulation) {
    self.rehearsal = rehearsal
    self.simulation = simulation
    settings = rehearsal.settings
    worlds = rehearsal.worlds()
    source = SimulatedSource(simulation)
    chance = Chance(settings.faults, seed: settings.seed, allowed: trial.faults)
    witness = Witness(
      simulation, store, canaries: worlds.flatMap { $0.secrets.map(\.text) })
    strangers = worlds.map { $0.contents() }
    state = Mutex(State(declared: worlds.map { $0.identities.map { _ in 0 } }))
  }

  var performed: [String] { state.withLock { $0.performed } }
  var lives: Int { state.withLock { $0.lives } }

  /// So few are declared at least: what is withdrawn stays within the deletion budget, and never
  /// looks like an emptied source.
  var floor: Int {
    let count = worlds.reduce(0) { $0 + $1.identities.count }
    return max(count - 5, (2 * count + 2) / 3)
  }

  /// All that happens, then the end of the agent.
  func play(_ schedule: Schedule) async throws {
    commit("the first revision")
    await withTaskGroup { group in
      group.addTask { await self.keepAgent() }
      group.addTask {
        for round in schedule.rounds where self.witness.breaches.isEmpty {
          self.chance.turn(on: true)
          await self.perform(round, for: schedule.length)
          await self.checkCalm()
        }
        self.finish()
      }
      await group.waitForAll()
    }
  }

  private func finish() {
    let stop = state.withLock { state in
      state.isOver = true
      return state.stop
    }
    stop?.open()
  }

  // MARK: The agent

  /// One life after another, as a supervisor keeps a service.
  private func keepAgent() async {
    while !state.withLock({ $0.isOver }) {
      await live()
      if state.withLock({ $0.isOver }) { return }
      try? await simulation.clock.sleep(for: .seconds(5))
    }
  }

  private func live() async {
    let (life, stop) = state.withLock { state in
      state.lives += 1
      let life = Life(state.lives, chance, witness, simulation.clock)
      let stop = Gate()
      (state.life, state.stop) = (life, stop)
      return (life, stop)
    }
    simulation.note("agent \(life.number) starts")
    do {
      let engine = try engine(for: life)
      state.withLock { $0.engine = engine }
      await withTaskGroup { group in
        group.addTask {
          do { try await engine.run() } catch { self.witness.heard("\(error)", in: "an error") }
        }
        group.addTask { await stop.wait() }
        await group.next()
        group.cancelAll()
      }
    } catch {
      witness.found(.alive, "the agent does not start: \(error)")
      finish()
    }
    if !life.isOver { simulation.note("agent \(life.number) has ended") }
    life.end()
    state.withLock { $0.engine = nil }
  }

  private func engine(for life: Life) throws -> Engine {
    var configuration = Engine.Configuration()
    configuration.seed = settings.seed &+ UInt64(life.number)
    configuration.wallClock = { [simulation] in simulation.wall }
    let secrets = worlds.flatMap(\.secrets)
    configuration.secrets = { (source: SecretSource) throws(ProviderError) in
      guard let secret = secrets.first(where: { $0.source == source }) else {
        throw .permanent("\(source) is not set")
      }
      return Sensitive(secret.text)
    }
    var unit = Unit(Self.unit)
    unit.policy.interval = settings.interval
    unit.policy.refreshInterval = settings.refreshInterval
    let kept: any Store = rehearsal.store(
      StoreOfLife(store: store, life: life, chance: chance), life)
    let logger = Logger(label: "simulation") { [witness] _ in WitnessedLog(witness: witness) }
    let engine = try Engine(
      store: kept, configuration: configuration, clock: LifeClock(life: life), logger: logger,
      providers: worlds.map { $0.makeProvider(life) })
    let followed: any Source = rehearsal.source(SourceOfLife(source: source, life: life), life)
    try engine.follow(followed, as: unit)
    return engine
  }

  /// The agent dies now, between two steps.
  func kill(_ loss: Loss, _ draw: inout Draw) {
    let (life, stop) = state.withLock { ($0.life, $0.stop) }
    guard let life, !life.isOver else { return }
    simulation.note("agent \(life.number) dies\(loss == .machine ? " with its machine" : "")")
    life.end()
    witness.died()
    store.crash(&draw)
    for world in worlds {
      for defect in world.suffer(loss, &draw) { witness.found(.hygiene, defect) }
    }
    stop?.open()
  }

  // MARK: What is declared

  var declared: [[Int?]] { state.withLock { $0.declared } }

  /// A new revision of what is declared now.
  func commit(_ what: String) {
    let declared = self.declared
    var declarations: [Declaration] = []
    var before: [Declaration?] = []
    for (world, variants) in zip(worlds, declared) {
      let now = zip(world.identities, variants).enumerated().map { index, item in
        item.1.map { variant in
          let dependency = before.indices.contains(index) ? before[index] : nil
          return world.declaration(
            of: item.0, variant: variant,
            dependsOn: dependency.map { ["\($0.reference.description)"] } ?? [])
        }
      }
      declarations += now.compactMap { $0 }
      before = now
      for (identity, variant) in zip(world.identities, variants) {
        let key = InventoryKey(provider: world.provider, identity: identity)
        witness.declares(key, variant != nil)
      }
    }
    let revision = source.commit(declarations)
    simulation.note("\(revision.id) is committed: \(what)")
  }
}

/// What the engine logs, looked through for secrets.
private struct WitnessedLog: LogHandler {
  let witness: Witness
  var logLevel = Logger.Level.debug
  var metadata: Logger.Metadata = [:]

  init(witness: Witness) { self.witness = witness }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    witness.heard("\(event.message) \(event.metadata ?? [:])", in: "the log")
  }
}
