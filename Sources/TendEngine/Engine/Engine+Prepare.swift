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
  ///
  /// With `claiming`, for a plan that is made to be carried out, one thing is kept: what another
  /// unit still declares is refused, and claimed. Once that unit declares it no longer, it is
  /// handed over and not deleted, whichever process does it.
  public func prepare(
    _ snapshot: Snapshot, for unit: Unit, claiming: Bool = false
  ) async throws(EngineError) -> PreparedPlan {
    let prepared = try await prepare(
      snapshot, for: unit, onlyChanged: false, isStrict: true, claiming: claiming)
    return PreparedPlan(plan: prepared.plan, prepared: prepared.prepared)
  }

  func prepare(
    _ snapshot: Snapshot, for unit: Unit, onlyChanged: Bool, isStrict: Bool, claiming: Bool
  ) async throws(EngineError) -> (plan: Plan, prepared: Prepared) {
    let intake = try stage(snapshot, unit)
    let reservation = Reservation(core)
    let nodes = try place(intake, reservation)
    if claiming { try await claim(intake, nodes) }
    try checkConflicts(intake, nodes, claiming)
    let (removed, released) = withdrawn(intake, nodes, reservation)
    let targets = targets(intake, nodes, onlyChanged: onlyChanged, isStrict: isStrict)
    if !isStrict { interrupt(intake, nodes, removed) }
    let looked = core.world.withLock { world in
      removed.filter { !world.isLeftAlone($0, intake.unit.name, isStrict: isStrict) }
    }
    let seen = await inspect(intake, targets, looked)
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

  /// Gives every declaration its node.
  private func place(
    _ intake: Intake, _ reservation: Reservation
  ) throws(EngineError) -> [Node] {
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
    return nodes
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
    _ intake: Intake, _ nodes: [Node], _ reservation: Reservation
  ) -> (removed: [Node], released: [Node]) {
    guard intake.unit.policy.prunes else { return ([], []) }
    let (removed, released) = core.world.withLock { world in
      let unit = world.addUnit(intake.unit, nil)
      let declared = Set(nodes)
      let withdrawn = world.nodes(of: unit).filter { !declared.contains($0) }
      for node in withdrawn { world[node].pins += 1 }
      return world.divided(withdrawn, of: unit)
    }
    for node in removed + released { reservation.hold(node) }
    return (removed, released)
  }

  /// Keeps what another unit owns and this revision declares, durably.
  private func claim(_ intake: Intake, _ nodes: [Node]) async throws(EngineError) {
    let (isNews, abandoned) = core.decide { world, effects in
      let unit = world.addUnit(intake.unit, nil)
      let claims = world.foreign(nodes, to: unit).map { world.key($0) }
      let before = world.units[unit].record.claims
      let abandoned = world.claim(claims.sorted(), unit, &effects)
      return (world.units[unit].record.claims != before, abandoned)
    }
    refresh(abandoned)
    guard isNews else { return }
    do throws(StoreError) { try await core.ledger.flush() } catch { throw EngineError(error) }
  }

  /// Units that handed over what nobody is to take any more: they have to look at it again.
  func refresh(_ abandoned: [String]) {
    for unit in abandoned { try? refresh(unit: unit) }
  }

  private func checkConflicts(
    _ intake: Intake, _ nodes: [Node], _ isClaiming: Bool
  ) throws(EngineError) {
    let conflicts = core.world.withLock { world in
      let unit = world.addUnit(intake.unit, nil)
      return world.conflicts(intake, nodes, unit, isClaiming: isClaiming)
    }
    guard conflicts.isEmpty else {
      throw EngineError(
        .invalid, "another unit owns what is declared here",
        diagnostics: Diagnostics(conflicts).sorted)
    }
  }

  private func targets(
    _ intake: Intake, _ nodes: [Node], onlyChanged: Bool, isStrict: Bool
  ) -> [(node: Node, item: Int)] {
    core.world.withLock { world in
      intake.items.indices.compactMap { position in
        let item = intake.items[position]
        let entry = world[nodes[position]]
        if entry.flags.contains(.unreadable) { return nil }
        if intake.declaration(item).lifecycle.suspend { return nil }
        if world.isLeftAlone(nodes[position], intake.unit.name, isStrict: isStrict) { return nil }
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
