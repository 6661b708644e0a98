import Tend
import TendAgent
import TendEngine

/// Waits until something is Ready, and says what holds it.
struct Waiter: Sendable {
  let watch: Watch
  /// A unit or a resource; nil: every unit.
  let what: String?
  let unit: String?
  let revision: String?
  let begin: Timestamp

  /// The resources that are named where something is not Ready.
  private static let worthNaming = 10

  /// How one look ended.
  struct Look: Sendable {
    var readiness: Readiness
    var name: String
    /// What holds it, a line each.
    var holders: [String] = []
  }

  /// Waits for at most this long.
  func run(
    for limit: Duration, _ console: Console, clock: any Clock<Duration> = ContinuousClock()
  ) async throws -> ExitStatus {
    let look = try await withThrowingTaskGroup(of: Look?.self) { group in
      group.addTask { try await self.wait() }
      group.addTask {
        try? await clock.sleep(for: limit)
        return nil
      }
      let first = try await group.next() ?? nil
      group.cancelAll()
      return try await first == nil ? group.next() ?? nil : first
    }
    switch look?.readiness {
    case .ready:
      console.out("\(look?.name ?? "") is Ready.\n")
      return .success
    case .stalled(let why): Self.report("is Stalled", why, look, console)
    case .waiting(let why): Self.report("is not Ready after \(limit.brief)", why, look, console)
    case nil: Self.report("is not Ready after \(limit.brief)", "the agent is gone", look, console)
    }
    return .failure
  }

  private static func report(_ how: String, _ why: String, _ look: Look?, _ console: Console) {
    let text = DiagnosticText(style: console.errorStyle)
    console.error(text.render(Failure("NotReady", "\(look?.name ?? "it") \(how): \(why)")))
    for holder in look?.holders ?? [] { console.error("  \(holder.printable)\n") }
  }

  /// Looks until it is Ready or Stalled; cancelled, it answers what it saw last.
  private func wait() async throws -> Look? {
    var watch = watch
    var last: Look?
    do {
      try await watch.begin()
      while true {
        let look = try await look(&watch)
        last = look
        guard case .waiting = look.readiness else { return look }
        try await watch.change()
      }
    } catch {
      if Task.isCancelled { return last }
      throw error
    }
  }

  private func look(_ watch: inout Watch) async throws -> Look {
    if let what, what.contains("/") { return try await lookAtResource(what, &watch) }
    let all = try await watch.ask(.units, as: ItemList<UnitStatus>.self).items
    let name = what ?? unit
    let units = all.filter { name == nil || $0.name == name }
    if let name, units.isEmpty {
      throw Failure(
        "NotFound", "there is no unit \(name)",
        remedy: "the units are \(all.map(\.name).joined(separator: ", "))")
    }
    // Ready where all are; Stalled where one is; else what the first waits for that is neither.
    var looks: [(look: Look, unit: UnitStatus)] = []
    for unit in units {
      let readiness = try await readiness(of: unit, &watch)
      looks.append((Look(readiness: readiness, name: "unit \(unit.name)"), unit))
    }
    let telling = looks.first { if case .stalled = $0.look.readiness { true } else { false } }
    guard let (waiting, unit) = telling ?? looks.first(where: { $0.look.readiness != .ready })
    else {
      let only = looks.count == 1 ? looks.first : nil
      return Look(readiness: .ready, name: only.map { "Unit \($0.unit.name)" } ?? "Every unit")
    }
    var look = waiting
    if revision.map({ unit.revision?.isNamed(by: $0) == true }) ?? true {
      look.holders = try await holders(of: unit.name, &watch)
    }
    return look
  }

  private func readiness(
    of unit: UnitStatus, _ watch: inout Watch
  ) async throws -> Readiness {
    let now = Readiness(unit, at: revision)
    guard case .waiting = now, let revision, unit.revision?.isNamed(by: revision) != true else {
      return now
    }
    let history = try await watch.ask(
      .revisions(unit: unit.name, limit: 100), as: ItemList<RevisionRecord>.self)
    return Readiness(history.items, of: revision, since: begin) ?? now
  }

  private func lookAtResource(_ name: String, _ watch: inout Watch) async throws -> Look {
    let found = try await watch.ask(
      .resources(unit: unit, resource: name), as: ItemList<ResourceStatus>.self
    ).items
    guard let resource = found.first else {
      return Look(readiness: .waiting("nothing declares it"), name: name)
    }
    guard found.count == 1 else {
      throw Failure(
        "Ambiguous", "\(name) names \(found.count) resources",
        remedy: "say which, with -u and with the kind's group")
    }
    return Look(
      readiness: Readiness(resource, at: revision), name: resource.reference,
      holders: resource.waitsFor)
  }

  /// Those of a unit that are not Ready.
  private func holders(of unit: String, _ watch: inout Watch) async throws -> [String] {
    let all = try await watch.ask(
      .resources(unit: unit, resource: nil), as: ItemList<ResourceStatus>.self
    ).items
    let open = all.filter { $0.condition(.ready)?.status != .yes && $0.suspension == nil }
    let shown = open.prefix(Self.worthNaming).map { "\($0.reference): \($0.conditions.headline)" }
    return shown + (open.count > shown.count ? ["and \(open.count - shown.count) more"] : [])
  }
}
