import Tend

@testable import TendEngine

/// What tells states apart: all that decides what can follow, and nothing else. Left out are times,
/// which stand still here, what only people read, and how often a number was counted up.
extension ReconcileModel {
  var mark: Int {
    var hasher = Hasher()
    hasher.combine(budget)
    hasher.combine(things)
    hasher.combine(published)
    hasher.combine(missed)
    hasher.combine(stored.map(\.mark))
    hasher.combine(mustResume)
    hasher.combine(rows)
    hasher.combine(untold)
    for slot in things.indices { mark(slot, &hasher) }
    markUnit(&hasher)
    for run in runs { mark(run, &hasher) }
    markFollowing(&hasher)
    return hasher.finalize()
  }

  private func mark(_ slot: Int, _ hasher: inout Hasher) {
    if var key = scheduler.keys[slot] {
      key.generation = 0
      hasher.combine(key)
    }
    guard world.entries[0].indices.contains(slot) else { return }
    let entry = world[Self.node(slot)]
    hasher.combine(entry.phase)
    hasher.combine(entry.flags.rawValue)
    hasher.combine(entry.ownership)
    hasher.combine(entry.pins)
    hasher.combine(entry.dependencies)
    hasher.combine(entry.dependents)
    hasher.combine(entry.extra)
    switch entry.origin {
    case .none: hasher.combine(0)
    case .declared(_, let revision): hasher.combine(revision?.id)
    case .stored(let record): record.mark(&hasher)
    }
  }

  private func markUnit(_ hasher: inout Hasher) {
    let unit = unit
    hasher.combine(unit.record.accepted?.id)
    hasher.combine(unit.intake.map { ObjectIdentifier($0) })
    hasher.combine(unit.pins)
    hasher.combine(unit.held)
    hasher.combine(unit.isInForce)
    hasher.combine(unit.isConverging)
    hasher.combine(unit.holdsDeletions)
    hasher.combine(unit.weight)
  }

  private func mark(_ run: Run, _ hasher: inout Hasher) {
    hasher.combine(run.slot)
    hasher.combine(run.stage)
    hasher.combine(run.key.causes.rawValue)
    hasher.combine(run.key.priority)
    hasher.combine(run.differences)
    hasher.combine(isStale(run))
    guard let assignment = run.assignment else { return }
    hasher.combine(assignment.isDeclared)
    hasher.combine(assignment.ownership)
    hasher.combine(assignment.generation == world[Self.node(run.slot)].wanted)
    hasher.combine(assignment.isNew)
    hasher.combine(assignment.isPermitted)
    hasher.combine(assignment.cause)
    hasher.combine(assignment.readBack)
  }

  private func markFollowing(_ hasher: inout Hasher) {
    switch following {
    case .resting: hasher.combine(0)
    case .planning(let plan):
      hasher.combine(1)
      hasher.combine(ObjectIdentifier(plan.intake))
      hasher.combine(plan.questions)
      hasher.combine(plan.removed)
      hasher.combine(plan.isResuming)
      mark(plan.seen, &hasher)
    case .intending(let intent):
      hasher.combine(2)
      mark(intent, &hasher)
    case .accepting(let intent):
      hasher.combine(3)
      mark(intent, &hasher)
    }
  }

  private func mark(_ intent: Intent, _ hasher: inout Hasher) {
    hasher.combine(ObjectIdentifier(intent.prepared.intake))
    hasher.combine(intent.prepared.removed)
    hasher.combine(intent.isResuming)
    mark(intent.prepared.seen, &hasher)
    var written = Stored()
    written.write(intent.writes)
    hasher.combine(written.mark)
  }

  private func mark(_ seen: [Node: Inspection.Result], _ hasher: inout Hasher) {
    for (node, result) in seen.sorted(by: { $0.key < $1.key }) {
      hasher.combine(node)
      switch result {
      case .found(let exists, let differences, _):
        hasher.combine(exists)
        hasher.combine(differences)
      case .failed: hasher.combine(-1)
      }
    }
  }
}

extension InMemoryStore.State {
  /// What is kept of units and inventory, but for times.
  var mark: Int {
    var hasher = Hasher()
    for (name, unit) in units.sorted(by: { $0.key < $1.key }) {
      hasher.combine(name)
      hasher.combine(unit.accepted?.id)
    }
    for (_, record) in inventory.sorted(by: { $0.key < $1.key }) { record.mark(&hasher) }
    return hasher.finalize()
  }
}

extension InventoryRecord {
  func mark(_ hasher: inout Hasher) {
    hasher.combine(key.identity)
    hasher.combine(state)
    hasher.combine(isDeclared)
    hasher.combine(isAdopted)
    hasher.combine(dependencies)
    hasher.combine(revision)
  }
}
