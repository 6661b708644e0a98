import Tend

/// Makes a plan from what was declared and what was seen.
///
/// Pure.
struct Planner: Sendable {
  let intake: Intake
  /// By number.
  let nodes: [Node]
  /// The numbers that may have changes; all others are as they were, and unchanged.
  let visited: [Int32]
  let removed: [Node]
  /// What goes on under another identity: the new node, and the one that it was.
  let renamed: [Node: Node]
  let seen: [Node: Inspection.Result]

  /// The changes of the plan by node, and the nodes in the order of the plan.
  struct Changes: Sendable {
    private(set) var byNode: [Node: PlannedChange] = [:]
    private(set) var order: [Node] = []

    subscript(node: Node) -> PlannedChange? { byNode[node] }

    mutating func append(_ change: PlannedChange, _ node: Node) {
      byNode[node] = change
      order.append(node)
    }
  }

  func plan(_ world: World, now: Timestamp) -> (plan: Plan, changes: Changes) {
    var plan = Plan(unit: intake.unit.name, revision: intake.revision)
    var changes = Changes()
    plan.unchanged = intake.order.count - visited.count
    for number in visited { declare(number, world, &plan, &changes) }
    for node in deletionOrder(world) {
      withdraw(node, world, &plan, &changes)
    }
    if let refusal = budget(plan, world, now) { plan.refused.append(refusal) }
    return (plan, changes)
  }

  // MARK: What is declared

  private func declare(
    _ number: Int32, _ world: World, _ plan: inout Plan, _ changes: inout Changes
  ) {
    let node = nodes[Int(number)]
    let declaration = intake.declaration(number)
    if let old = renamed[node] {
      let before = world[old].reference ?? Reference(kind: "", name: world[old].identity)
      plan.renamed.append(
        PlannedRename(
          reference: declaration.reference, identity: world[node].identity, from: before,
          place: declaration.place))
    }
    let entry = world[renamed[node] ?? node]
    if entry.flags.contains(.unreadable) {
      return plan.errors.append(unreadable(entry, declaration))
    }
    switch seen[node] {
    case nil: plan.unchanged += 1
    case .failed(let error):
      let waits = intake.dependencies(number).contains { changes[nodes[Int($0)]] != nil }
      guard waits else { return plan.errors.append(problem(error, declaration)) }
      let change = change(
        .unknown, world[node], world, declaration, [],
        note: "known only once what it depends on is there: \(error)")
      plan.changes.append(change)
      changes.append(change, node)
    case .found(let exists, let differences, let losesData):
      let seen = Inspected(exists: exists, differences: differences, losesData: losesData)
      decide(node, world, declaration, seen, &plan, &changes)
    }
  }

  private struct Inspected {
    var exists: Bool
    var differences: [Difference]
    var losesData: Bool
  }

  private func decide(
    _ node: Node, _ world: World, _ declaration: Declaration, _ seen: Inspected,
    _ plan: inout Plan, _ changes: inout Changes
  ) {
    let entry = world[node]
    let ownership = world[renamed[node] ?? node].ownership
    let exists = seen.exists
    let lifecycle = declaration.lifecycle
    let remaining =
      exists
      ? seen.differences.filter { !$0.isBelow(anyOf: lifecycle.ignoreDifferences) }
      : seen.differences
    let verdict = Verdict.of(
      Verdict.Situation(
        isDeclared: true, exists: exists, differences: remaining, ownership: ownership,
        lifecycle: lifecycle, mode: lifecycle.mode ?? intake.unit.policy.mode))
    if case .refuse(let message) = verdict {
      return plan.errors.append(
        PlanProblem(
          reference: declaration.reference, place: declaration.place, code: "PreventDelete",
          message: message))
    }
    guard let action = verdict.action else {
      plan.unchanged += 1
      return
    }
    var change = change(action, entry, world, declaration, remaining)
    change.adopts = exists && ownership == .none
    change.losesData = action == .replace && seen.losesData
    plan.changes.append(change)
    changes.append(change, node)
  }

  private func change(
    _ action: PlannedChange.Action, _ entry: Entry, _ world: World,
    _ declaration: Declaration, _ differences: [Difference], note: String? = nil
  ) -> PlannedChange {
    let isNew =
      world.revision(of: entry) != intake.revision.id
      || entry.declaration?.isSame(as: declaration) == false
    return PlannedChange(
      reference: declaration.reference, identity: entry.identity, action: action,
      cause: isNew ? .revision : .drift,
      differences: differences.map { PlannedDifference($0, in: declaration) },
      place: declaration.place, revision: intake.revision.id, note: note)
  }

  private func problem(_ error: ProviderError, _ declaration: Declaration) -> PlanProblem {
    PlanProblem(
      reference: declaration.reference,
      place: error.field.map { declaration.place(of: $0) } ?? declaration.place,
      code: error.code.description, message: error.description)
  }

  private func unreadable(_ entry: Entry, _ declaration: Declaration) -> PlanProblem {
    let known = entry.reference ?? declaration.reference
    return PlanProblem(
      reference: declaration.reference, place: declaration.place, code: "Unreadable",
      message: "what is remembered of it can't be read; `tend forget \(known)` "
        + "starts anew and touches nothing")
  }

  // MARK: What is not

  /// What depended on something goes before it.
  private func deletionOrder(_ world: World) -> [Node] {
    var position: [Node: Int] = [:]
    for (index, node) in removed.enumerated() { position[node] = index }
    let graph = Graph(removed.map { world[$0].dependencies.compactMap { position[$0] } })
    guard case .ordered(let order) = graph.order() else { return removed.reversed() }
    return order.reversed().map { removed[Int($0)] }
  }

  private func withdraw(
    _ node: Node, _ world: World, _ plan: inout Plan, _ changes: inout Changes
  ) {
    let entry = world[node]
    guard entry.isOwned else { return }
    let reference = entry.reference ?? Reference(kind: "", name: entry.identity)
    let exists: Bool
    switch seen[node] {
    case .found(let found, _, _): exists = found
    case .failed(let error):
      return plan.errors.append(
        PlanProblem(
          reference: reference, place: entry.place, code: error.code.description,
          message: error.description))
    case nil: return
    }
    let verdict = Verdict.of(
      Verdict.Situation(
        isDeclared: false, exists: exists, differences: [], ownership: entry.ownership,
        lifecycle: entry.lifecycle, mode: entry.lifecycle.mode ?? intake.unit.policy.mode))
    guard let action = verdict.action else { return }
    var change = PlannedChange(
      reference: reference, identity: entry.identity, action: action, cause: .revision,
      place: entry.place, revision: world.revision(of: entry))
    if case .orphan(let why) = verdict { change.note = why }
    change.losesData = action == .delete
    plan.changes.append(change)
    changes.append(change, node)
  }

  private func budget(_ plan: Plan, _ world: World, _ now: Timestamp) -> PlanRefusal? {
    guard let unit = world.unitIndex(intake.unit.name) else { return nil }
    var record = world.units[unit].record
    record.forgetDeletions(before: now)
    let policy = intake.unit.policy
    let owned = world.units[unit].weight.owned
    return DeletionBudget(
      inventory: owned, recent: record.deletions.reduce(0) { $0 + $1.count },
      inventoryBefore: record.inventoryBefore ?? owned, allowsEmpty: policy.allowsEmpty,
      allowed: policy.allowedDeletions, withdrawn: removed.count { world[$0].isOwned }
    ).refusal(
      deleting: plan.changes.count { $0.losesData },
      purging: plan.changes.reduce(0) { $0 + $1.purged.count })
  }
}

extension Plan {
  /// Everything that makes this plan this plan, as text; it holds no secret.
  var identity: String {
    var text = "\(unit)\n\(revision.id)\n"
    for rename in renamed {
      text += "rename \(rename.from.qualified) \(rename.reference.qualified) \(rename.identity)\n"
    }
    for change in changes {
      text += "\(change.action.rawValue) \(change.reference.qualified) \(change.identity)"
      if change.adopts { text += " adopts" }
      for difference in change.differences {
        let sides = difference.difference
        text += " \(sides.path)=\(sides.actual.identity)>\(sides.desired.identity)"
      }
      text += "\n"
    }
    return text
  }

  /// What would be deleted, by `Kind/name`, and what would be purged, by the field that says so.
  var deletions: [String] {
    changes.flatMap { change in
      (change.losesData ? ["\(change.reference)"] : [])
        + change.purged.map { "\(change.reference) \($0.path)" }
    }
  }
}

extension Difference.Side {
  fileprivate var identity: String {
    switch self {
    case .absent: "-"
    case .unknown: "?"
    case .masked: "*"
    case .value(let value): value.json
    }
  }
}
