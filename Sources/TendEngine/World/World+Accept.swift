import Tend

/// A prepared revision, with what was seen of each of its resources.
struct Prepared: Sendable {
  let intake: Intake
  /// By the intake's numbers.
  let nodes: [Node]
  /// The numbers that acceptance has to look at; for all others nothing is different.
  let visited: [Int32]
  /// Owned, and no longer declared.
  var removed: [Node]
  /// Owned, no longer declared, and declared by another unit that waits for it.
  var released: [Node]
  /// What goes on under another identity: the new node, and the one that it was.
  let renamed: [Node: Node]
  let seen: [Node: Inspection.Result]
  /// What the plan shows, by node.
  let changes: Planner.Changes
  /// Whether what the plan does not show must not happen.
  let isStrict: Bool
  /// Keeps the nodes as long as this is kept.
  let reservation: Reservation

  /// Whether it counts on what its intake was staged on.
  var isPartial: Bool { visited.count < intake.order.count }
}

extension Prepared {
  /// The nodes that a declaration depends on.
  func dependencies(_ number: Int32) -> Neighbours {
    Neighbours(intake.dependencies(number).map { nodes[Int($0)] })
  }
}

extension World {
  /// Whether what a plan passed over is in force as it was when the plan was made.
  func isCurrent(_ prepared: Prepared) -> Bool {
    guard prepared.isPartial else { return true }
    guard let basis = prepared.intake.delta.basis,
      let unit = unitIndex(prepared.intake.unit.name)
    else { return false }
    return units[unit].intake?.mark === basis
  }

  /// What must be durable before the revision is in force: who owns what, and what is intended.
  func acceptanceWrites(
    _ prepared: Prepared, _ record: UnitRecord, by: String, now: Timestamp
  ) -> [StoreWrite] {
    let intake = prepared.intake
    let unit = record.name
    let revision = intake.revision.id
    var writes: [StoreWrite] = []
    for number in prepared.visited {
      let node = prepared.nodes[Int(number)]
      let entry = self[node]
      let dependencies = prepared.dependencies(number)
      let isMoved = entry.isOwned && units[Int(entry.unit)].unit.name != unit
      if !intake.isFresh(number), entry.isDeclared, !isMoved, entry.dependencies == dependencies {
        continue
      }
      let declaration = intake.declaration(number)
      let predecessor = prepared.renamed[node]
      let ownership =
        predecessor.map { self[$0].ownership } ?? Self.ownership(entry, prepared.seen[node])
      // What could not be seen is not ours before it is known whether it was there.
      if ownership == .none { continue }
      let record = InventoryRecord(
        key: key(node), unit: unit, reference: declaration.reference,
        state: ownership == .intended ? .intended : .owned, isDeclared: true,
        isAdopted: ownership == .adopted, lifecycle: declaration.lifecycle,
        dependencies: dependencies.map(key), place: declaration.place, revision: revision,
        memory: nil)
      if entry.isStored(as: record) { continue }
      if let predecessor {
        writes.append(.moveInventory(from: key(predecessor), to: key(node)))
      }
      writes.append(.putInventory(record))
      let was = predecessor.map { self[$0] } ?? entry
      writes += notices(was, declaration, unit, ownership, revision, isMoved, now)
    }
    for node in prepared.removed where self[node].isOwned {
      writes.append(.putInventory(withdrawn(node)))
    }
    for node in prepared.released where self[node].isOwned && stillDeclares(self[node]) {
      writes.append(.putInventory(withdrawn(node)))
      writes.append(handOver(node, unit, revision, now))
    }
    writes.append(.putUnit(record))
    writes.append(.removeLastSeen(.unit(unit)))
    writes.append(
      .putRevision(
        RevisionRecord(
          unit: unit, revision: intake.revision, seenAt: now, changedAt: now, state: .applying,
          by: by)))
    return writes
  }

  func withdrawn(_ node: Node) -> InventoryRecord {
    var record = inventoryRecord(node)
    record.isDeclared = false
    return record
  }

  func handOver(
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
    var acceptance = Acceptance()
    let isCurrent = isCurrent(prepared)
    units[unit].unit = intake.unit
    keep(record, unit, &effects)
    units[unit].changes = 0
    units[unit].taken = prepared.visited.count
    units[unit].by = by
    units[unit].isConverging = true
    units[unit].isInForce = true
    units[unit].application = application
    for (node, old) in prepared.renamed.sorted(by: { $0.key < $1.key }) {
      succeed(old, by: node, &effects)
    }
    if !intake.unit.policy.prunes { fix(revisionsOf: unit) }
    for number in isCurrent ? prepared.visited : intake.order {
      take(prepared, number, unit, isKnown: isCurrent, &acceptance)
    }
    keepSuspensions(unit, prepared.visited.map { prepared.nodes[Int($0)] }, &effects)
    if isCurrent, prepared.isPartial {
      for number in prepared.visited { rewire(number, prepared) }
    } else {
      rewire(unit, prepared)
    }
    for node in prepared.removed { doom(node, prepared, &acceptance) }
    for node in prepared.released { release(node, &acceptance) }
    units[unit].revision = RevisionName(intake.revision.id)
    units[unit].holdsDeletions = units[unit].weight.doomed > 0
    units[unit].intake = intake.unit.policy.prunes ? intake : nil
    units[unit].nodes = intake.unit.policy.prunes ? prepared.nodes : []
    return acceptance
  }

  /// What the next revision does not declare, and does not withdraw, stays with the one before.
  private mutating func fix(revisionsOf unit: Int) {
    for node in nodes(of: unit) { fix(revisionOf: node) }
  }

  private mutating func fix(revisionOf node: Node) {
    guard case .declared(let declaration, nil) = self[node].origin else { return }
    let revision = units[Int(self[node].unit)].revision
    self[node].origin = .declared(declaration, revision: revision ?? RevisionName(""))
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
    var taken: [(node: Node, row: Int)] = []
    var withdrawn: [Node] = []
    var scheduled: [Node] = []
  }

  private mutating func take(
    _ prepared: Prepared, _ number: Int32, _ unit: Int, isKnown: Bool,
    _ acceptance: inout Acceptance
  ) {
    let node = prepared.nodes[Int(number)]
    let declaration = prepared.intake.declaration(number)
    let seen = prepared.seen[node]
    let isUnchanged =
      isKnown && !prepared.intake.isFresh(number) && self[node].isDeclared
      && Int(self[node].unit) == unit
    leave(node, for: unit)
    let change = prepared.changes[node]
    let accepted = units[unit].record.acceptedAt
    update(node) { entry in
      entry.unit = UInt16(unit)
      entry.origin = .declared(declaration, revision: nil)
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
    acceptance.taken.append((node, Int(prepared.intake.item(number).row)))
    acceptance.scheduled.append(node)
  }

  /// A node that moves between units leaves the counts of the old one.
  private mutating func leave(_ node: Node, for unit: Int) {
    guard Int(self[node].unit) != unit else { return }
    for dependency in self[node].dependencies {
      self[dependency].dependents.removeAll { $0 == node }
    }
    for dependent in self[node].dependents {
      self[dependent].dependencies.remove(node)
    }
    update(node) { entry in
      entry.phase = .tentative
      entry.dependencies = []
      entry.dependents = []
    }
    self[node].unit = UInt16(unit)
  }

  /// Draws the edges of a unit anew; they never leave it.
  private mutating func rewire(_ unit: Int, _ prepared: Prepared) {
    let nodes = nodes(of: unit)
    for node in nodes { self[node].dependents = [] }
    for number in prepared.intake.order {
      self[prepared.nodes[Int(number)]].dependencies = prepared.dependencies(number)
    }
    for node in nodes {
      for dependency in self[node].dependencies { self[dependency].dependents.append(node) }
    }
  }

  /// Draws the edges of one declaration anew, where they are others.
  private mutating func rewire(_ number: Int32, _ prepared: Prepared) {
    let node = prepared.nodes[Int(number)]
    let dependencies = prepared.dependencies(number)
    let before = self[node].dependencies
    if before == dependencies { return }
    for dependency in before {
      if let position = self[dependency].dependents.lastIndex(of: node) {
        self[dependency].dependents.remove(at: position)
      }
    }
    self[node].dependencies = dependencies
    for dependency in dependencies { self[dependency].dependents.append(node) }
  }

  /// Waits for the other unit to take it over; nothing is touched.
  mutating func release(_ node: Node, _ acceptance: inout Acceptance) {
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
    fix(revisionOf: node)
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
