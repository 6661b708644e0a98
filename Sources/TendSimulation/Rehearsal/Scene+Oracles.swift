import Synchronization
import Tend
import TendEngine
import TendTesting

extension Scene {
  /// How long everything may take to become as declared: backoff, and a day for what was refused.
  private static let bound: Duration = .seconds(3 * 86_400)

  /// Faults stop; then everything has to become as declared, and stay so without another write.
  func checkCalm() async {
    guard witness.breaches.isEmpty else { return }
    simulation.note("all faults stop")
    chance.turn(on: false)
    source.heal()
    simulation.executor.after(steps: 0) {}
    guard await converges() else { return }
    simulation.note("everything is as declared")
    let count = witness.count
    await sleep(until: simulation.time + settings.interval * 2 + settings.interval / 2)
    let late = witness.count - count
    if late > 0 { witness.found(.stability, "\(late) more changes when all was as declared") }
    await checkAccounts()
    checkWords()
  }

  private func converges() async -> Bool {
    let limit = simulation.time + Self.bound
    var open = unlikeDeclared()
    while !open.isEmpty || !isSettled() {
      guard simulation.time < limit, witness.breaches.isEmpty else {
        if witness.breaches.isEmpty { report(open) }
        return false
      }
      await sleep(until: simulation.time + .seconds(60))
      open = unlikeDeclared()
    }
    return true
  }

  private func report(_ open: [(isLitter: Bool, what: String)]) {
    let stuck = unsettled().prefix(5).joined(separator: "; ")
    guard let first = open.first else {
      witness.found(.alive, "everything is as declared, and the engine does not say so: \(stuck)")
      return
    }
    let what = open.prefix(5).map(\.what).joined(separator: "; ")
    witness.found(
      first.isLitter ? .hygiene : .convergence, stuck.isEmpty ? what : "\(what); \(stuck)")
  }

  /// What is not as it should be.
  private func unlikeDeclared() -> [(isLitter: Bool, what: String)] {
    let declared = self.declared
    return worlds.indices.flatMap { index in
      let world = worlds[index]
      let found = Dictionary(grouping: world.contents(), by: \.identity)
      let known = Set(world.identities)
      let wrong = zip(world.identities, declared[index]).compactMap { identity, variant in
        let things = found[identity] ?? []
        guard let variant else {
          return things.contains(where: \.isOurs) ? "\(identity) was not deleted" : nil
        }
        let text = world.text(of: identity, variant: variant)
        if things.map(\.text) == [text] { return nil }
        return things.count > 1
          ? "\(identity) is there \(things.count) times" : "\(identity) differs"
      }
      let others = world.contents().filter { !known.contains($0.identity) }
      let strangers = strangers[index].filter { !known.contains($0.identity) }
      let litter = others.filter { !strangers.contains($0) }.map { "\($0.identity) is left over" }
      let lost = strangers.filter { !others.contains($0) }.map {
        "\($0.identity), which is not ours, has changed"
      }
      return (wrong + lost).map { (false, $0) } + litter.map { (true, $0) }
    }
  }

  /// Whether the engine says that all is well.
  private func isSettled() -> Bool {
    guard let engine = state.withLock({ $0.engine }),
      let unit = engine.units().first(where: { $0.name == Self.unit }),
      unit.revision?.id == source.head?.id, unit.condition(.ready)?.status == .yes
    else { return false }
    return unsettled().isEmpty
  }

  private func unsettled() -> [String] {
    guard let engine = state.withLock({ $0.engine }) else { return ["no agent runs"] }
    let units = engine.units().compactMap { unit -> String? in
      guard let condition = unit.condition(.ready), condition.status != .yes else { return nil }
      return "the unit is not Ready at \(unit.revision?.id ?? "nothing"): \(condition.reason), "
        + condition.message
    }
    return units
      + engine.resources().compactMap { resource in
        guard let condition = resource.condition(.inSync), condition.status != .yes else {
          return nil
        }
        return "\(resource.reference) is not InSync: \(condition.reason), \(condition.message)"
      }
  }

  // MARK: Accounts

  /// An event that may be said of a change, and a change that may be said of an event.
  private static let slack: Duration = .seconds(3600)

  private func checkAccounts() async {
    let effects = witness.takeEffects()
    let references = references()
    var query = EventQuery(after: state.withLock { $0.lastEvent }, limit: 200_000)
    query.isOldestFirst = true
    let events: [Event]
    do {
      events = try await store.events(query)
    } catch {
      return witness.found(.accounted, "the events can't be read: \(error)")
    }
    state.withLock { $0.lastEvent = events.last?.number ?? $0.lastEvent }
    let times = Dictionary(grouping: events.filter { $0.resource != nil }) { $0.resource ?? "" }
      .mapValues { $0.map { simulation.options.epoch.duration(to: $0.time) } }
    let last = state.withLock { $0.life?.number }
    for effect in effects where effect.life == last {
      let near = references[effect.key].flatMap { times[$0] } ?? []
      if !near.contains(where: { abs($0, effect.time) <= Self.slack }) {
        witness.found(.accounted, "\(effect.name) has no event")
        return
      }
    }
    let done = Dictionary(grouping: effects) { references[$0.key] ?? "" }
    for event in events where event.result == "done" && Self.changes.contains(event.kind) {
      let at = simulation.options.epoch.duration(to: event.time)
      let near = done[event.resource ?? ""] ?? []
      if !near.contains(where: { abs($0.time, at) <= Self.slack }) {
        let subject = event.resource ?? ""
        witness.found(.accounted, "nothing was done for “\(event.message)” of \(subject)")
        return
      }
    }
  }

  private static let changes: [Event.Kind] = [.create, .update, .replace, .delete]

  private func abs(_ time: Duration, _ other: Duration) -> Duration {
    time < other ? other - time : time - other
  }

  /// `Kind/name` of each that may be declared.
  private func references() -> [InventoryKey: String] {
    var references: [InventoryKey: String] = [:]
    for world in worlds {
      for identity in world.identities {
        let declaration = world.declaration(of: identity, variant: 0, dependsOn: [])
        references[InventoryKey(provider: world.provider, identity: identity)] =
          declaration.reference.description
      }
    }
    return references
  }

  /// What the engine would show to people now.
  private func checkWords() {
    guard let engine = state.withLock({ $0.engine }) else { return }
    for resource in engine.resources() {
      witness.heard("\(resource)", in: "the status of \(resource.reference)")
    }
  }
}
