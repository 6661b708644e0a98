import Synchronization
public import Tend

extension Engine {
  /// Checks without a look at the world; the same on every machine.
  ///
  /// Needs neither the store nor a running engine. Empty where nothing is wrong.
  ///
  /// `found` is what was already found wrong with the manifests. Where there is any, the snapshot
  /// is not whole: each spec is still checked, but not what refers to what.
  public func validate(
    _ snapshot: Snapshot, unit: String, besides found: Diagnostics = Diagnostics()
  ) -> Diagnostics {
    let stager = Stager(
      controllers: stagingProviders, unit: Unit(unit), snapshot: snapshot, previous: nil)
    guard found.isEmpty else { return Diagnostics(found.all + stager.specDiagnostics()).sorted }
    do throws(Diagnostics) {
      _ = try stager.stage()
      return Diagnostics()
    } catch {
      return error
    }
  }

  /// Observes and plans; changes nothing in the world and nothing in the store.
  ///
  /// Call it while the engine runs. Throws `.invalid` with everything that is wrong with what is
  /// declared. What can't be observed is listed in the plan beside the rest.
  public func prepare(
    _ snapshot: Snapshot, for unit: Unit
  ) async throws(EngineError) -> PreparedPlan {
    let prepared = try await prepare(snapshot, for: unit, onlyChanged: false, isStrict: true)
    return PreparedPlan(plan: prepared.plan, prepared: prepared.prepared)
  }

  func prepare(
    _ snapshot: Snapshot, for unit: Unit, onlyChanged: Bool, isStrict: Bool
  ) async throws(EngineError) -> (plan: Plan, prepared: Prepared) {
    let intake = try stage(snapshot, unit)
    let reservation = Reservation(core)
    let (nodes, removed, released) = try place(intake, reservation, claims: !isStrict)
    let targets = targets(intake, nodes, onlyChanged: onlyChanged)
    if !isStrict { interrupt(intake, nodes, removed) }
    let seen = await inspect(intake, targets, removed)
    if Task.isCancelled { throw EngineError(.cancelled, "cancelled") }
    let planner = Planner(intake: intake, nodes: nodes, removed: removed, seen: seen)
    let (plan, changes) = core.world.withLock { planner.plan($0, now: core.time.wall()) }
    var digested = plan
    digested.digest = core.store.digest(of: Array(plan.identity.utf8))
    let prepared = Prepared(
      intake: intake, nodes: nodes, removed: removed, released: released, seen: seen,
      changes: changes, isStrict: isStrict, reservation: reservation)
    return (core.world.withLock { $0.approve(digested) }, prepared)
  }

  private func stage(_ snapshot: Snapshot, _ unit: Unit) throws(EngineError) -> Intake {
    let previous = core.world.withLock { world in
      world.unitIndex(unit.name).flatMap { world.units[$0].intake }
    }
    do throws(Diagnostics) {
      return try Stager(
        controllers: stagingProviders, unit: unit, snapshot: snapshot, previous: previous
      ).stage()
    } catch {
      throw EngineError(
        .invalid, "what is declared has \(error.all.count) errors", diagnostics: error)
    }
  }

  /// Gives every declaration its node, and finds what is owned and no longer declared.
  private func place(
    _ intake: Intake, _ reservation: Reservation, claims: Bool
  ) throws(EngineError) -> (nodes: [Node], removed: [Node], released: [Node]) {
    var nodes: [Node] = []
    nodes.reserveCapacity(intake.items.count)
    for item in intake.items {
      let controller = stagingProviders[item.controller]
      let identity = intake.identity(item)
      guard let node = reserve(identity, controller) else {
        throw EngineError(
          .configuration, "\(controller.name) can't read its own identity \(identity)",
          remedy: "its ID must read back what its description writes")
      }
      reservation.hold(node)
      nodes.append(node)
    }
    let (removed, released) = try withdrawn(intake, nodes, reservation, claims)
    return (nodes, removed, released)
  }

  /// The node of an identity, pinned; made where there is none.
  private func reserve(_ identity: String, _ controller: any Controlling) -> Node? {
    core.world.withLock { world in
      guard let slot = try? controller.makeSlot(of: identity, memory: nil) else { return nil }
      let node = Node(controller: controller.index, slot: slot)
      world.makeRoom(node, identity, controller.handle(of: slot))
      if !world[node].isResource { world[node].phase = .tentative }
      world[node].pins += 1
      return node
    }
  }

  /// What is owned and no longer declared: to be removed, or released to a unit that waits for it.
  private func withdrawn(
    _ intake: Intake, _ nodes: [Node], _ reservation: Reservation, _ claims: Bool
  ) throws(EngineError) -> (removed: [Node], released: [Node]) {
    let (removed, released, conflicts) = core.world.withLock { world in
      let unit = world.addUnit(intake.unit, nil)
      let conflicts = world.conflicts(intake, nodes, unit, claims: claims)
      guard intake.unit.policy.prunes else { return ([Node](), [Node](), conflicts) }
      let declared = Set(nodes)
      let claimed = world.claimed(besides: unit)
      let withdrawn = world.nodes(of: unit).filter { !declared.contains($0) }
      for node in withdrawn { world[node].pins += 1 }
      let released = withdrawn.filter { claimed.contains(world.key($0)) }
      return (withdrawn.filter { !claimed.contains(world.key($0)) }, released, conflicts)
    }
    for node in removed + released { reservation.hold(node) }
    guard conflicts.isEmpty else {
      throw EngineError(
        .invalid, "another unit owns what is declared here",
        diagnostics: Diagnostics(conflicts).sorted)
    }
    return (removed, released)
  }

  private func targets(
    _ intake: Intake, _ nodes: [Node], onlyChanged: Bool
  ) -> [(node: Node, item: Int)] {
    core.world.withLock { world in
      intake.items.indices.compactMap { position in
        let item = intake.items[position]
        let entry = world[nodes[position]]
        if entry.flags.contains(.unreadable) { return nil }
        if intake.declaration(item).lifecycle.suspend { return nil }
        if onlyChanged, item.isUnchanged, entry.isDeclared { return nil }
        return (nodes[position], item.index)
      }
    }
  }

  /// What is under way for a desired state that is no longer wanted must not hold up what is.
  private func interrupt(_ intake: Intake, _ nodes: [Node], _ removed: [Node]) {
    let handles = core.world.withLock { world in
      intake.items.indices.filter { !intake.items[$0].isUnchanged }.map { world[nodes[$0]].handle }
        + removed.map { world[$0].handle }
    }
    for handle in handles where core.scheduler.status(of: handle)?.isRunning == true {
      core.scheduler.add(handle, priority: .revision, causes: .inspect, supersedes: true)
    }
  }

  /// Observes what the plan is about, each on the workers of its provider.
  private func inspect(
    _ intake: Intake, _ targets: [(node: Node, item: Int)], _ removed: [Node]
  ) async -> [Node: Inspection.Result] {
    let readable = core.world.withLock { world in
      removed.filter { world[$0].isOwned && !world[$0].flags.contains(.unreadable) }
    }
    let count = targets.count + readable.count
    guard count > 0 else { return [:] }
    let inspection = Inspection(count: count)
    for controller in stagingProviders {
      let index = Int32(controller.index)
      let own =
        targets.filter { $0.node.controller == index }
        .map { (slot: $0.node.slot, item: Optional($0.item)) }
        + readable.filter { $0.controller == index }.map { (slot: $0.slot, item: nil) }
      if !own.isEmpty {
        controller.inspect(own, from: intake.parts[controller.index], into: inspection)
      }
    }
    return await inspection.wait()
  }
}

extension World {
  /// Declarations of a unit whose identity another unit still declares; with `claims` the unit
  /// waits for them.
  mutating func conflicts(
    _ intake: Intake, _ nodes: [Node], _ unit: Int, claims isClaiming: Bool
  ) -> [Diagnostic] {
    var diagnostics: [Diagnostic] = []
    var claims: Set<InventoryKey> = []
    for (position, item) in intake.items.enumerated() {
      let entry = self[nodes[position]]
      guard entry.isOwned, Int(entry.unit) != unit, stillDeclares(entry) else { continue }
      let declaration = intake.declaration(item)
      let other = units[Int(entry.unit)].unit.name
      claims.insert(key(nodes[position]))
      diagnostics.append(
        Diagnostic(
          .duplicateIdentity, at: declaration.place,
          "\(declaration.reference) claims \(entry.identity), which unit \(other) declares at "
            + "\(entry.place)",
          remedy: "take it out of one of the units", related: [entry.place]))
    }
    if isClaiming { units[unit].claims = claims }
    return diagnostics
  }

  private func stillDeclares(_ entry: Entry) -> Bool {
    switch entry.origin {
    case .stored(let record): record.isDeclared && entry.phase != .doomed
    case .declared: entry.isDeclared
    case .none: false
    }
  }

  /// What other units wait to take over.
  func claimed(besides unit: Int) -> Set<InventoryKey> {
    var claimed: Set<InventoryKey> = []
    for (index, state) in units.enumerated() where index != unit {
      claimed.formUnion(state.claims)
    }
    return claimed
  }

  /// A refusal by the budget is lifted where exactly this plan was approved.
  func approve(_ plan: Plan) -> Plan {
    guard let unit = unitIndex(plan.unit), units[unit].record.approvedPlan == plan.digest else {
      return plan
    }
    var plan = plan
    plan.refused.removeAll { $0.reason == "DeletionBudget" }
    return plan
  }
}
