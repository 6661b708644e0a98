import Tend

@testable import TendEngine

/// What tells states apart: all that decides what can follow, and nothing else. Left out are times,
/// which stand still here, what only people read, and how often a number was counted up.
extension ReconcileModel {
  var mark: Mark {
    var marker = Marker()
    budget.mark(&marker)
    marker.combine(published)
    marker.combine(mustResume)
    marker.combine(stored.count)
    for stored in stored { marker.combine(stored.mark) }
    for slot in things.indices {
      things[slot].mark(&marker)
      marker.combine(missed.contains(slot))
      marker.combine(untold[slot] ?? 0)
      rows[slot].mark(&marker)
      mark(slot, &marker)
    }
    markUnit(&marker)
    marker.combine(runs.count)
    for run in runs { mark(run, &marker) }
    markFollowing(&marker)
    return marker.mark
  }

  /// What has come of all that the agent knows, once nothing goes on; the same whichever steps are
  /// taken together.
  var outcome: Mark {
    var marker = Marker()
    budget.mark(&marker)
    marker.combine(published)
    for slot in things.indices where scheduler.keys[slot] != nil { things[slot].mark(&marker) }
    marker.combine(stored[stored.count - 1].mark)
    for entry in world.entries[0] { marker.combine(Int(entry.phase.rawValue)) }
    return marker.mark
  }

  private func mark(_ slot: Int, _ marker: inout Marker) {
    marker.combine(scheduler.keys[slot] != nil)
    scheduler.keys[slot]?.mark(&marker)
    guard world.entries[0].indices.contains(slot) else { return marker.combine(false) }
    let entry = world[Self.node(slot)]
    marker.combine(Int(entry.phase.rawValue))
    marker.combine(Int(entry.flags.rawValue))
    marker.combine(entry.ownership.code)
    marker.combine(Int(entry.pins))
    marker.combine(entry.dependencies)
    marker.combine(entry.dependents)
    marker.combine(entry.extra != nil)
    if var extra = entry.extra {
      // Whether it is the first, and whether patience has ended, is all that is asked.
      extra.failures = min(extra.failures, Weight.patience + 1)
      marker.combine(extra)
    }
    switch entry.origin {
    case .none: marker.combine(0)
    case .declared(_, let revision):
      marker.combine(1)
      marker.combine(revision?.id)
    case .stored(let record):
      marker.combine(2)
      record.mark(&marker)
    }
  }

  private func markUnit(_ marker: inout Marker) {
    let unit = unit
    marker.combine(unit.record.accepted?.id)
    marker.combine(unit.intake)
    marker.combine(unit.pins)
    marker.combine(unit.held)
    marker.combine(unit.isInForce)
    marker.combine(unit.isConverging)
    marker.combine(unit.holdsDeletions)
    let weight = unit.weight
    marker.combine(weight.unsettled << 8 | weight.active << 4 | weight.doomed)
    marker.combine(weight.settled << 8 | weight.stalled << 4 | weight.drifting)
    marker.combine(weight.resources << 8 | weight.owned << 4 | weight.suspended)
  }

  private func mark(_ run: Run, _ marker: inout Marker) {
    marker.combine(run.slot)
    run.stage.mark(&marker)
    run.key.mark(&marker)
    marker.combine(run.differences)
    marker.combine(isStale(run))
    marker.combine(run.assignment != nil)
    guard let assignment = run.assignment else { return }
    marker.combine(assignment.isDeclared)
    marker.combine(assignment.ownership.code)
    marker.combine(assignment.generation == world[Self.node(run.slot)].wanted)
    marker.combine(assignment.isNew)
    marker.combine(assignment.isPermitted)
    marker.combine(assignment.cause.rawValue)
    marker.combine(assignment.readBack)
  }

  private func markFollowing(_ marker: inout Marker) {
    switch following {
    case .resting: marker.combine(0)
    case .planning(let plan):
      marker.combine(1)
      marker.combine(plan.intake)
      for slot in things.indices {
        marker.combine(plan.questions[slot] != nil)
        if let question = plan.questions[slot] { marker.combine(question) }
      }
      marker.combine(plan.removed)
      marker.combine(plan.isResuming)
      mark(plan.seen, &marker)
    case .intending(let intent):
      marker.combine(2)
      mark(intent, &marker)
    case .accepting(let intent):
      marker.combine(3)
      mark(intent, &marker)
    }
  }

  private func mark(_ intent: Intent, _ marker: inout Marker) {
    marker.combine(intent.prepared.intake)
    marker.combine(intent.prepared.removed)
    marker.combine(intent.isResuming)
    mark(intent.prepared.seen, &marker)
    var written = Stored()
    written.write(intent.writes)
    marker.combine(written.mark)
  }

  private func mark(_ seen: [Node: Inspection.Result], _ marker: inout Marker) {
    marker.combine(seen.count)
    for (node, result) in seen.sorted(by: { $0.key < $1.key }) {
      marker.combine(Int(node.slot))
      switch result {
      case .found(let exists, let differences, _):
        marker.combine(exists)
        marker.combine(differences)
      case .failed: marker.combine(-1)
      }
    }
  }
}

extension ReconcileModel.Budget {
  func mark(_ marker: inout Marker) {
    marker.combine(crashes << 24 | edits << 16 | failures << 8 | workers)
  }
}

extension ReconcileModel.Thing? {
  func mark(_ marker: inout Marker) {
    marker.combine(self?.content)
    marker.combine(self?.isTheirs == true)
  }
}

extension ReconcileModel.Row? {
  func mark(_ marker: inout Marker) {
    guard let row = self else { return marker.combine(-1) }
    marker.combine(row.desired)
    marker.combine(row.isPlain)
    marker.combine(row.pending != nil)
    if let pending = row.pending { marker.combine(pending) }
  }
}

extension ReconcileModel.Run.Stage {
  func mark(_ marker: inout Marker) {
    switch self {
    case .inspecting: marker.combine(1)
    case .glancing: marker.combine(2)
    case .looking: marker.combine(3)
    case .claiming(let verdict, let ownership):
      marker.combine(4)
      marker.combine(verdict)
      marker.combine(ownership.code)
    case .applying(let verdict):
      marker.combine(5)
      marker.combine(verdict)
    case .verifying(let verdict):
      marker.combine(6)
      marker.combine(verdict)
    }
  }
}

extension NaiveScheduler.Key {
  /// Not how often it failed and when it is due: any delay may be the next that ends.
  ///
  /// Not whether something was woken or is new, nor how urgent it is, as long as it is more than
  /// routine: nothing that is decided depends on it.
  func mark(_ marker: inout Marker) {
    var causes = causes
    if causes.remove(.woken) != nil { causes.insert(.revision) }
    let isRoutine = priority == .resync
    marker.combine(
      Int(phase.rawValue) << 18 | (isRunning ? 1 << 17 : 0) | (isRoutine ? 1 << 16 : 0)
        | Int(causes.rawValue))
  }
}

extension Verdict.Ownership {
  /// Its number, which is quicker than what is derived for enumerations.
  var code: Int {
    switch self {
    case .none: 0
    case .intended: 1
    case .made: 2
    case .adopted: 3
    }
  }
}

extension Marker {
  mutating func combine(_ nodes: [Node]) {
    combine(nodes.count)
    for node in nodes { combine(Int(node.slot)) }
  }

  mutating func combine(_ differences: [Difference]) {
    combine(differences.count)
    for difference in differences { combine(difference) }
  }

  /// Intakes are kept by the catalog, one for each revision and what it builds on.
  mutating func combine(_ intake: Intake?) {
    combine(intake.map { Int(bitPattern: ObjectIdentifier($0)) } ?? 0)
  }
}

extension InMemoryStore.State {
  /// What is kept of units and inventory, but for times.
  var mark: Mark {
    var marker = Marker()
    marker.combine(units.count)
    for (name, unit) in units.sorted(by: { $0.key < $1.key }) {
      marker.combine(name)
      marker.combine(unit.accepted?.id)
    }
    marker.combine(inventory.count)
    for (_, record) in inventory.sorted(by: { $0.key < $1.key }) { record.mark(&marker) }
    return marker.mark
  }
}

extension InventoryRecord {
  func mark(_ marker: inout Marker) {
    marker.combine(key.identity)
    marker.combine(state == .owned)
    marker.combine(isDeclared)
    marker.combine(isAdopted)
    marker.combine(dependencies.count)
    for dependency in dependencies { marker.combine(dependency.identity) }
    marker.combine(revision)
  }
}
