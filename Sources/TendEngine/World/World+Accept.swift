import Tend

/// A prepared revision, with what was seen of each of its resources.
struct Prepared: Sendable {
  let intake: Intake
  /// By position in `intake.items`.
  let nodes: [Node]
  /// Owned, and no longer declared.
  var removed: [Node]
  /// Owned, no longer declared, and declared by another unit that waits for it.
  var released: [Node]
  let seen: [Node: Inspection.Result]
  /// What the plan shows, by node.
  let changes: Planner.Changes
  /// Whether what the plan does not show must not happen.
  let isStrict: Bool
  /// Keeps the nodes as long as this is kept.
  let reservation: Reservation
}

extension World {
  /// What must be durable before the revision is in force: who owns what, and what is intended.
  func acceptanceWrites(
    _ prepared: Prepared, _ record: UnitRecord, by: String, now: Timestamp
  ) -> [StoreWrite] {
    let intake = prepared.intake
    let unit = record.name
    let revision = intake.revision.id
    var writes: [StoreWrite] = []
    for (position, item) in intake.items.enumerated() {
      let node = prepared.nodes[position]
      let entry = self[node]
      let dependencies = item.dependencies.map { prepared.nodes[$0] }
      let isMoved = entry.isOwned && units[Int(entry.unit)].unit.name != unit
      if item.isUnchanged, entry.isDeclared, !isMoved, entry.dependencies == dependencies {
        continue
      }
      let declaration = intake.declaration(item)
      let ownership = Self.ownership(entry, prepared.seen[node])
      // What could not be seen is not ours before it is known whether it was there.
      if ownership == .none { continue }
      let record = InventoryRecord(
        key: key(node), unit: unit, reference: declaration.reference,
        state: ownership == .intended ? .intended : .owned, isDeclared: true,
        isAdopted: ownership == .adopted, lifecycle: declaration.lifecycle,
        dependencies: dependencies.map(key), place: declaration.place, revision: revision,
        memory: nil)
      if entry.isStored(as: record) { continue }
      writes.append(.putInventory(record))
      writes += notices(entry, declaration, unit, ownership, revision, isMoved, now)
    }
    for node in prepared.removed where self[node].isOwned {
      writes.append(.putInventory(withdrawn(node)))
    }
    for node in prepared.released where self[node].isOwned && stillDeclares(self[node]) {
      writes.append(.putInventory(withdrawn(node)))
      writes.append(handOver(node, unit, revision, now))
    }
    writes.append(.putUnit(record))
    writes.append(
      .putRevision(
        RevisionRecord(
          unit: unit, revision: intake.revision, seenAt: now, changedAt: now, state: .applying,
          by: by)))
    return writes
  }

  private func withdrawn(_ node: Node) -> InventoryRecord {
    var record = inventoryRecord(node)
    record.isDeclared = false
    return record
  }

  private func handOver(
    _ node: Node, _ unit: String, _ revision: String, _ now: Timestamp
  ) -> StoreWrite {
    .addEvent(
      Event(
        time: now, unit: unit, resource: self[node].reference?.description, kind: .move,
        cause: .revision, revision: revision,
        message: "no longer declared here; \(handedOver(self[node], key(node)))"))
  }

  private func notices(
    _ entry: Entry, _ declaration: Declaration, _ unit: String, _ ownership: Verdict.Ownership,
    _ revision: String, _ isMoved: Bool, _ now: Timestamp
  ) -> [StoreWrite] {
    func event(_ kind: Event.Kind, _ message: String) -> StoreWrite {
      .addEvent(
        Event(
          time: now, unit: unit, resource: declaration.reference.description, kind: kind,
          cause: .revision, revision: revision, message: message))
    }
    if entry.ownership == .none, ownership == .adopted {
      return [event(.adopt, "\(entry.identity) was there before us, and is ours from now on")]
    }
    if isMoved {
      let from = units[Int(entry.unit)].unit.name
      return [event(.move, "moved here from unit \(from); nothing was touched")]
    }
    if entry.isOwned, let reference = entry.reference, reference != declaration.reference {
      return [event(.move, "was \(reference) before; nothing was touched")]
    }
    return []
  }

  /// Whose a resource is once the revision is accepted.
  static func ownership(_ entry: Entry, _ seen: Inspection.Result?) -> Verdict.Ownership {
    guard entry.ownership == .none else { return entry.ownership }
    switch seen {
    case .found(exists: true, _, _): return .adopted
    case .found(exists: false, _, _): return .intended
    case .failed, nil: return .none
    }
  }

  /// Puts a revision in force.
  ///
  /// The answer says what each controller is to take over.
  mutating func accept(
    _ prepared: Prepared, _ record: UnitRecord, by: String, application: Application?,
    _ effects: inout Effects
  ) -> Acceptance {
    let intake = prepared.intake
    guard let unit = unitIndex(record.name) else { return Acceptance() }
    let revision = RevisionName(intake.revision.id)
    var acceptance = Acceptance()
    units[unit].unit = intake.unit
    keep(record, unit, &effects)
    units[unit].revision = revision
    units[unit].changes = 0
    units[unit].by = by
    units[unit].isConverging = true
    units[unit].isInForce = true
    units[unit].application = application
    for (position, item) in intake.items.enumerated() {
      take(prepared, position, item, unit, revision, &acceptance)
    }
    keepSuspensions(unit, prepared.nodes, &effects)
    rewire(unit, prepared)
    for node in prepared.removed { doom(node, prepared, &acceptance) }
    for node in prepared.released { release(node, &acceptance) }
    units[unit].holdsDeletions = units[unit].weight.doomed > 0
    if intake.unit.policy.prunes { units[unit].intake = intake }
    return acceptance
  }

  /// What was deleted or suspended while the record was made durable counts too.
  private mutating func keep(_ record: UnitRecord, _ unit: Int, _ effects: inout Effects) {
    let last = units[unit].record
    units[unit].record = record
    guard last.deletions != record.deletions || last.suspensions != record.suspensions else {
      return
    }
    units[unit].record.suspensions = last.suspensions
    units[unit].record.deletions = last.deletions
    units[unit].record.inventoryBefore = last.inventoryBefore
    effects.writes.append(.putUnit(units[unit].record))
  }

  /// What is to be handed to controllers and scheduler once a revision is in force.
  struct Acceptance: Sendable {
    var taken: [(node: Node, item: Int)] = []
    var withdrawn: [Node] = []
    var scheduled: [Node] = []
  }

  private mutating func take(
    _ prepared: Prepared, _ position: Int, _ item: Intake.Item, _ unit: Int,
    _ revision: RevisionName, _ acceptance: inout Acceptance
  ) {
    let node = prepared.nodes[position]
    let declaration = prepared.intake.declaration(item)
    let seen = prepared.seen[node]
    let isUnchanged = item.isUnchanged && self[node].isDeclared && Int(self[node].unit) == unit
    leave(node, for: unit)
    let change = prepared.changes[node]
    let accepted = units[unit].record.acceptedAt
    update(node) { entry in
      entry.unit = UInt16(unit)
      entry.origin = .declared(declaration, revision: revision)
      entry.ownership = Self.ownership(entry, seen)
      if case .found(exists: true, _, _) = seen { entry.flags.insert(.exists) }
      if case .found(exists: false, _, _) = seen { entry.flags.remove(.exists) }
      guard !isUnchanged || change != nil || prepared.isStrict else { return }
      entry.wanted &+= 1
      entry.flags.subtract([.blocked, .unknown, .permitted, .suspended, .expectsNothing])
      entry.phase = .unsettled
      entry.transition = accepted?.nanoseconds ?? 0
      if change?.action == .unknown { entry.flags.insert(.unknown) }
      if prepared.isStrict, change == nil { entry.flags.insert(.expectsNothing) }
      var extra = entry.extra ?? Extra()
      extra.failures = 0
      extra.readBack = []
      extra.isStuck = false
      extra.reason = nil
      extra.expectation = prepared.isStrict ? change.flatMap(Extra.Expectation.init) : nil
      entry.extra = extra.expectation == nil && extra.ledger == DriftLedger() ? nil : extra
    }
    markSuspension(node)
    if isUnchanged, change == nil, !prepared.isStrict { return }
    acceptance.taken.append((node, item.index))
    acceptance.scheduled.append(node)
  }

  /// A node that moves between units leaves the counts of the old one.
  private mutating func leave(_ node: Node, for unit: Int) {
    guard Int(self[node].unit) != unit else { return }
    for dependency in self[node].dependencies {
      self[dependency].dependents.removeAll { $0 == node }
    }
    for dependent in self[node].dependents {
      self[dependent].dependencies.removeAll { $0 == node }
    }
    update(node) { $0.phase = .tentative }
    self[node].unit = UInt16(unit)
  }

  /// Draws the edges of a unit anew; they never leave it.
  private mutating func rewire(_ unit: Int, _ prepared: Prepared) {
    let nodes = nodes(of: unit)
    for node in nodes { self[node].dependents = [] }
    for (position, item) in prepared.intake.items.enumerated() {
      self[prepared.nodes[position]].dependencies = item.dependencies.map { prepared.nodes[$0] }
    }
    for node in nodes {
      for dependency in self[node].dependencies { self[dependency].dependents.append(node) }
    }
  }

  /// Waits for the other unit to take it over; nothing is touched.
  private mutating func release(_ node: Node, _ acceptance: inout Acceptance) {
    let record = withdrawn(node)
    update(node) { entry in
      entry.wanted &+= 1
      entry.phase = .dormant
      entry.origin = .stored(record)
      entry.extra = nil
      entry.flags.remove(.expectsNothing)
    }
    markSuspension(node)
    acceptance.withdrawn.append(node)
  }

  private mutating func doom(
    _ node: Node, _ prepared: Prepared, _ acceptance: inout Acceptance
  ) {
    let change = prepared.changes[node]
    update(node) { entry in
      entry.wanted &+= 1
      entry.phase = .doomed
      entry.flags.subtract([.unknown, .permitted, .suspended, .differs, .expectsNothing])
      entry.flags.insert(.blocked)
      var extra = Extra()
      if prepared.isStrict {
        extra.expectation = .init(action: change?.action, fields: [])
      }
      entry.extra = extra.expectation == nil ? nil : extra
    }
    markSuspension(node)
    acceptance.withdrawn.append(node)
  }
}
