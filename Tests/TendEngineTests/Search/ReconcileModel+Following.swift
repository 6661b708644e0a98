import Tend

@testable import TendEngine

/// How a revision is taken in: the follower of a unit, one wait at a time.
extension ReconcileModel {
  mutating func plan() throws(Flaw) {
    let revision = mustResume ? accepted ?? head : head
    guard let intake = catalog.intake(revision, on: unit.intake) else { return }
    world.units[0].pins += 1
    let nodes = place(intake)
    let isPartial = intake.delta.basis != nil && unit.weight.stalled == 0
    let visited = isPartial ? intake.delta.touched : intake.order
    let basis = intake.delta.basis == nil ? [] : unit.nodes
    let withdrawn = world.undeclared(by: intake, nodes, basis, 0)
    for node in withdrawn { world[node].pins += 1 }
    let removed = world.divided(withdrawn, of: 0).removed
    var questions: [Int: String?] = [:]
    for number in visited {
      let node = nodes[Int(number)]
      if !intake.isFresh(number), world[node].isDeclared { continue }
      questions[Int(node.slot)] = .some(content(intake, number))
    }
    interrupt(
      visited.filter(intake.isFresh).map { nodes[Int($0)] } + removed)
    for node in removed where world[node].isOwned { questions[Int(node.slot)] = .some(nil) }
    for slot in questions.keys.sorted() { add(slot, .revision, .inspect) }
    following = .planning(
      Plan(
        intake: intake, nodes: nodes, visited: visited, removed: removed,
        pinned: nodes.filter { $0 != .nowhere } + withdrawn, isResuming: mustResume,
        questions: questions))
    if questions.isEmpty, isReduced { try intend() }
  }

  private func content(_ intake: Intake, _ number: Int32) -> String? {
    let node = intake.identity(number)
    let slot = Scenario.names.firstIndex(of: node) ?? 0
    return catalog.scenario.revisions[catalog.number(intake.revision)][slot]
  }

  /// Every declaration has a node from now on, which stays as long as the plan does.
  private mutating func place(_ intake: Intake) -> [Node] {
    var nodes = Array(repeating: Node.nowhere, count: intake.numbering.items.count)
    for number in intake.order {
      let slot = Scenario.names.firstIndex(of: intake.identity(number)) ?? 0
      let node = Self.node(slot)
      register(slot)
      for free in 0...slot { world.makeRoom(Self.node(free), Scenario.names[free], handle(free)) }
      if !world[node].isResource { world[node].phase = .tentative }
      world[node].pins += 1
      nodes[Int(number)] = node
    }
    return nodes
  }

  /// What is under way for a desired state that is no longer wanted does not hold up what is.
  private mutating func interrupt(_ nodes: [Node]) {
    for node in nodes where scheduler.keys[Int(node.slot)]?.isRunning == true {
      add(Int(node.slot), .revision, .inspect, .zero, true)
    }
  }

  /// A look for the plan is over.
  mutating func answer(_ slot: Int, found: Bool) throws(Flaw) {
    guard case .planning(var plan) = following,
      let desired = plan.questions.removeValue(forKey: slot)
    else { return }
    plan.seen[Self.node(slot)] =
      found
      ? .found(
        exists: things[slot] != nil, differences: differences(slot, from: desired),
        losesData: true)
      : .failed(.transient("it does not answer"))
    following = .planning(plan)
    if plan.questions.isEmpty, isReduced { try intend() }
  }

  /// A worker begins with a look for the plan, and that fails.
  mutating func fail(_ slot: Int) throws(Flaw) {
    budget.failures -= 1
    guard let key = scheduler.take(slot) else { return }
    try answer(slot, found: false)
    let next = world.afterInspection(Self.node(slot), key.causes)
    // Whoever has more to do looks again.
    scheduler.finish(slot, key.generation, next ?? .again(after: .zero, priority: .revision))
  }

  /// All looks are in: the plan, and what must be durable for it.
  mutating func intend() throws(Flaw) {
    guard case .planning(let plan) = following else { return }
    let planner = Planner(
      intake: plan.intake, nodes: plan.nodes, visited: plan.visited, removed: plan.removed,
      renamed: [:], seen: plan.seen)
    let (made, changes) = planner.plan(world, now: Self.now.wall)
    if let refusal = made.refused.first, !plan.isResuming {
      throw Flaw(what: "a revision is refused: \(refusal.message)")
    }
    let prepared = Prepared(
      intake: plan.intake, nodes: plan.nodes, visited: plan.visited, removed: plan.removed,
      released: [], renamed: [:], seen: plan.seen, changes: changes, isStrict: false,
      reservation: catalog.reservation)
    guard world.isCurrent(prepared) else {
      following = .resting
      return try unpin(plan.pinned)
    }
    let (record, superseded) = world.acceptedRecord(made, by: "search", now: Self.now.wall)
    let writes = world.acceptanceWrites(prepared, record, by: "search", now: Self.now.wall)
    following = .intending(
      Intent(
        prepared: prepared, record: record, pinned: plan.pinned, isResuming: plan.isResuming,
        writes: superseded + writes))
  }

  /// All that waited, and then the intent, is durable.
  mutating func makeDurable() {
    let intent: Intent
    switch following {
    case .intending(let next):
      following = .accepting(next)
      intent = next
    case .accepting(let last):
      following = .resting
      intent = last
    case .resting, .planning: return
    }
    flush()
    commit(intent.writes)
  }

  /// The revision is in force.
  mutating func accept() throws(Flaw) {
    let intent: Intent
    switch following {
    case .accepting(let next):
      following = .resting
      intent = next
    case .intending(let early):
      following = .accepting(early)
      intent = early
    case .resting, .planning: return
    }
    var effects = Effects()
    let acceptance = world.accept(
      intent.prepared, intent.record, by: "search", application: nil, &effects)
    for (node, _) in acceptance.taken {
      let declared = catalog.scenario.revisions[catalog.number(intent.prepared.intake.revision)]
      rows[Int(node.slot)]?.pending = .some(declared[Int(node.slot)])
    }
    for node in acceptance.withdrawn { rows[Int(node.slot)]?.pending = .some(nil) }
    effects.adds += acceptance.scheduled.map {
      Effects.Add(
        handle: world[$0].handle, priority: .revision, causes: .revision, supersedes: true)
    }
    world.check(0, &effects)
    if intent.isResuming { mustResume = false }
    try perform(effects)
    try unpin(intent.pinned)
  }

  private mutating func unpin(_ nodes: [Node]) throws(Flaw) {
    var effects = Effects()
    world.unpin(nodes, &effects)
    world.unpin(unit: 0, &effects)
    try perform(effects)
  }
}
