import Tend

/// A moment by both clocks: the monotonic one for decisions, the wall's for records.
struct Moment: Sendable {
  var monotonic: Duration
  var wall: Timestamp
}

extension World {
  /// Ownership ended: the resource was deleted, given back, or was not there.
  mutating func end(
    _ node: Node, _ assignment: Assignment, _ done: Result.Done?, _ now: Moment,
    _ effects: inout Effects
  ) {
    if let done {
      record(node, assignment, done, now, &effects)
      if done.losesData { countDeletion(Int(self[node].unit), now, &effects) }
    }
    effects.writes.append(.removeInventory(key(node)))
    forgetSuspension(node, &effects)
    forgetMoves(to: node, &effects)
    tell(node, .settled(done), &effects)
    let unit = Int(self[node].unit)
    let neighbours = self[node].dependencies
    remove(node, &effects)
    for dependency in neighbours { wakeIfBlocked(dependency, &effects) }
    check(unit, &effects)
  }

  /// Takes a node out of the graph and frees its slot, unless a plan holds it.
  ///
  /// Only the run of the node itself may do that: nobody else touches the slot then.
  mutating func remove(_ node: Node, _ effects: inout Effects) {
    let isHeld = isHeld(node)
    retire(node, to: isHeld ? .tentative : .free)
    if !isHeld { effects.freed.append((node, self[node].handle)) }
  }

  /// Whether a plan holds a node; where it is held with all of its unit, it is noted to be freed.
  mutating func isHeld(_ node: Node) -> Bool {
    let unit = Int(self[node].unit)
    if self[node].isDeclared, units[unit].pins > 0 {
      self[node].pins += 1
      units[unit].held.append(node)
    }
    return self[node].pins > 0
  }

  /// Leaves nothing of a node but its place.
  mutating func retire(_ node: Node, to phase: Entry.Phase) {
    let entry = self[node]
    if entry.isDeclared { units[Int(entry.unit)].intake = nil }
    // What goes last was mostly linked last.
    for dependency in entry.dependencies {
      if let position = self[dependency].dependents.lastIndex(of: node) {
        self[dependency].dependents.remove(at: position)
      }
    }
    for dependent in entry.dependents {
      self[dependent].dependencies.remove(node)
    }
    update(node) { entry in
      entry.phase = phase
      entry.ownership = .none
      entry.flags = []
      entry.origin = .none
      entry.dependencies = []
      entry.dependents = []
      entry.extra = nil
      entry.wanted &+= 1
    }
  }

  /// A plan no longer holds these nodes; what was made for it alone goes.
  mutating func unpin(_ nodes: [Node], _ effects: inout Effects) {
    for node in nodes {
      self[node].pins -= 1
      guard self[node].pins == 0, self[node].phase == .tentative else { continue }
      self[node].phase = .leaving
      effects.adds.append(
        Effects.Add(handle: self[node].handle, priority: .resync, causes: .woken))
    }
  }

  /// A plan no longer holds all nodes of a unit.
  mutating func unpin(unit: Int, _ effects: inout Effects) {
    units[unit].pins -= 1
    guard units[unit].pins == 0 else { return }
    let held = units[unit].held
    units[unit].held = []
    unpin(held, &effects)
  }

  /// Remembers for the budget that something was deleted.
  mutating func countDeletion(
    _ unit: Int, _ now: Moment, _ effects: inout Effects, count: Int = 1
  ) {
    var record = units[unit].record
    record.forgetDeletions(before: now.wall)
    if record.deletions.isEmpty { record.inventoryBefore = units[unit].weight.owned }
    if let last = record.deletions.indices.last,
      record.deletions[last].at.duration(to: now.wall) < .seconds(60)
    {
      record.deletions[last].count += count
    } else {
      record.deletions.append(.init(at: now.wall, count: count))
    }
    units[unit].record = record
    effects.writes.append(.putUnit(record))
  }

  /// Why so much may not be purged now; nil where it may.
  ///
  /// For what no plan has seen; a plan asks for all that it would do at once.
  func refusal(purging count: Int, for node: Node, now: Timestamp) -> PlanRefusal? {
    let unit = units[Int(self[node].unit)]
    var record = unit.record
    record.forgetDeletions(before: now)
    let owned = unit.weight.owned
    return DeletionBudget(
      inventory: owned, recent: record.deletions.reduce(0) { $0 + $1.count },
      inventoryBefore: record.inventoryBefore ?? owned,
      allowsEmpty: unit.unit.policy.allowsEmpty, allowed: unit.unit.policy.allowedDeletions
    ).refusal(deleting: 0, purging: count)
  }

  // MARK: Waking

  /// Those that wait for this one to be ready.
  mutating func wakeDependents(_ node: Node, _ effects: inout Effects) {
    for dependent in self[node].dependents { wakeIfBlocked(dependent, &effects) }
  }

  mutating func wakeAround(_ node: Node, _ effects: inout Effects) {
    wakeDependents(node, &effects)
    for dependency in self[node].dependencies { wakeIfBlocked(dependency, &effects) }
    check(Int(self[node].unit), &effects)
  }

  private mutating func wakeIfBlocked(_ node: Node, _ effects: inout Effects) {
    guard self[node].flags.contains(.blocked) else { return }
    update(node) { $0.flags.remove(.blocked) }
    effects.adds.append(
      Effects.Add(handle: self[node].handle, priority: .revision, causes: .woken))
  }

  /// Looks whether the unit's deletions may begin, its revision has converged, or nothing more will
  /// be done without help.
  mutating func check(_ unit: Int, _ effects: inout Effects) {
    let weight = units[unit].weight
    if weight.unsettled == 0, units[unit].holdsDeletions {
      units[unit].holdsDeletions = false
      wakeDoomed(unit, &effects)
    }
    if weight.unsettled == 0, weight.doomed == 0, units[unit].isConverging,
      suspension(ofUnit: unit) == nil
    {
      units[unit].isConverging = false
      effects.converged.append(unit)
    }
    if units[unit].weight.active == 0 || brake != nil, let application = units[unit].application {
      effects.quiet.append(application)
    }
  }

  private mutating func wakeDoomed(_ unit: Int, _ effects: inout Effects) {
    // Last linked, first gone: see `retire`.
    for node in nodes(of: unit).reversed()
    where self[node].phase == .doomed && self[node].flags.contains(.blocked) {
      if !isBlocked(self[node]) { wakeIfBlocked(node, &effects) }
    }
  }

  // MARK: Records

  /// Keeps what was done: an event, and the unit's count of changes.
  mutating func record(
    _ node: Node, _ assignment: Assignment, _ done: Result.Done, _ now: Moment,
    _ effects: inout Effects
  ) {
    guard let action = done.verdict.action else { return }
    let message =
      (done.note ?? Self.sentence(done.verdict, done.differences))
      + drift(node, assignment, done, now)
    var event = event(
      node, assignment, Event.Kind(action.rawValue), done.differences, now, message)
    event.duration = done.duration
    effects.writes.append(.addEvent(event))
    update(node) { $0.lastChange = now.wall.nanoseconds }
    units[Int(self[node].unit)].changes += 1
    tell(node, .acted(done), &effects)
  }

  /// Tells of a change that was carried out and not looked at since, because that was cancelled or
  /// failed.
  mutating func account(
    for done: Result.Done, of node: Node, _ assignment: Assignment, _ now: Moment,
    _ effects: inout Effects
  ) {
    guard self[node].isResource else { return }
    record(node, assignment, done, now, &effects)
    let count = (done.losesData ? 1 : 0) + done.differences.count(where: \.losesData)
    if count > 0 { countDeletion(Int(self[node].unit), now, &effects, count: count) }
  }

  /// Tells of a change that was cancelled when it had begun, so that it may have been carried out.
  mutating func account(
    forBegun verdict: Verdict, _ differences: [Difference], of node: Node,
    _ assignment: Assignment, _ now: Moment, _ effects: inout Effects
  ) {
    guard self[node].isResource, let action = verdict.action else { return }
    effects.writes.append(
      .addEvent(
        event(
          node, assignment, Event.Kind(action.rawValue), differences, now,
          "cancelled when it had begun: it may have been done",
          result: ProviderError.Code.cancelled.description)))
  }

  /// How long a repaired drift lasted: since the resource changed, or since it was first seen.
  private func drift(
    _ node: Node, _ assignment: Assignment, _ done: Result.Done, _ now: Moment
  ) -> String {
    let entry = self[node]
    guard let seen = entry.extra?.driftedAt ?? done.driftedAt, assignment.cause != .revision,
      entry.lastChange < seen.nanoseconds, seen <= now.wall
    else { return "" }
    return "; it differed for \(seen.duration(to: now.wall).brief)"
  }

  private static func sentence(_ verdict: Verdict, _ differences: [Difference]) -> String {
    let fields = differences.map(\.path).joined(separator: ", ")
    switch verdict {
    case .create: return "created"
    case .update(adopts: true): return "adopted and updated \(fields)"
    case .update: return "updated \(fields)"
    case .replace: return "replaced because of \(fields)"
    case .delete: return "deleted"
    case .orphan(let why): return "left in place: \(why)"
    default: return ""
    }
  }

  func event(
    _ node: Node, _ assignment: Assignment, _ kind: Event.Kind, _ differences: [Difference],
    _ now: Moment, _ message: String, result: String = "done"
  ) -> Event {
    let entry = self[node]
    return Event(
      time: now.wall, unit: units[Int(entry.unit)].unit.name,
      resource: entry.reference?.description ?? entry.identity, kind: kind,
      cause: assignment.cause, revision: revision(of: entry), fields: differences.map(\.path),
      result: result, message: message)
  }

  /// From now on the resource is ours, and this is what is remembered of it.
  mutating func own(_ node: Node, _ memory: Result.Memory, _ effects: inout Effects) {
    let entry = self[node]
    switch entry.ownership {
    case .none:
      update(node) { $0.ownership = .adopted }
      var record = inventoryRecord(node)
      if case .changed(let value) = memory { record.memory = value }
      effects.writes.append(.putInventory(record))
    case .intended:
      update(node) { $0.ownership = .made }
      effects.writes.append(.putMemory(key(node), memory.value))
    case .made, .adopted:
      if case .changed(let value) = memory {
        effects.writes.append(.putMemory(key(node), value))
      }
    }
  }

  /// Before a change: the resource is ours from now on, so far; the answer is what must be durable
  /// first, nil where the resource was given up meanwhile.
  mutating func own(_ node: Node, as ownership: Verdict.Ownership) -> InventoryRecord? {
    let node = departing[node] ?? node
    guard self[node].isResource else { return nil }
    update(node) { entry in
      if entry.ownership == .none || entry.ownership == .intended { entry.ownership = ownership }
    }
    return inventoryRecord(node)
  }

  /// What is to be kept of a node, without its memory.
  func inventoryRecord(_ node: Node) -> InventoryRecord {
    let entry = self[node]
    return InventoryRecord(
      key: key(node), unit: units[Int(entry.unit)].unit.name,
      reference: entry.reference ?? Reference(kind: "", name: entry.identity),
      state: entry.ownership == .intended ? .intended : .owned, isDeclared: entry.isDeclared,
      isAdopted: entry.ownership == .adopted, lifecycle: entry.lifecycle,
      dependencies: entry.dependencies.map(key), place: entry.place,
      revision: revision(of: entry), memory: nil)
  }

  mutating func tell(_ node: Node, _ news: Application.Outcome, _ effects: inout Effects) {
    guard let application = units[Int(self[node].unit)].application else { return }
    effects.told.append((application, .init(node: node, outcome: news)))
  }
}

extension Result.Memory {
  var value: Value? { if case .changed(let value) = self { value } else { nil } }
}

extension UnitRecord {
  /// Only the last 24 hours count.
  mutating func forgetDeletions(before now: Timestamp) {
    deletions.removeAll { $0.at.duration(to: now) > .seconds(86_400) }
    if deletions.isEmpty { inventoryBefore = nil }
  }
}

extension Entry {
  /// Why it is not Ready.
  mutating func explain(_ reason: String, _ message: String) {
    var extra = extra ?? Extra()
    extra.reason = reason
    extra.message = message
    self.extra = extra
  }
}

extension Extra {
  /// What is left to be known once everything is fine: nothing, where nobody fights.
  static func afterSuccess(_ ledger: DriftLedger?) -> Extra? {
    guard let ledger, ledger != DriftLedger() else { return nil }
    var kept = Extra()
    kept.ledger = ledger
    if kept.ledger.contested != nil {
      kept.reason = "Contested"
      kept.message = kept.ledger.message
    }
    return kept
  }
}
