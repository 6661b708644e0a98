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
    _ snapshot: Snapshot, unit: String, root: String? = nil,
    besides found: Diagnostics = Diagnostics()
  ) -> Diagnostics {
    var policy = Unit.Policy()
    policy.root = root
    let stager = Stager(
      controllers: stagingProviders, unit: Unit(unit, policy: policy), snapshot: snapshot,
      previous: nil)
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
    try await core.spans.around("tend.plan") {
      ["tend.unit": unit.name, "tend.revision": snapshot.revision.id]
    } _: { () throws(EngineError) in
      try await plan(
        snapshot, for: unit, onlyChanged: onlyChanged, isStrict: isStrict, claiming: claiming)
    }
  }

  private func plan(
    _ snapshot: Snapshot, for unit: Unit, onlyChanged: Bool, isStrict: Bool, claiming: Bool
  ) async throws(EngineError) -> (plan: Plan, prepared: Prepared) {
    let reservation = Reservation(core, unit: unit)
    let (intake, basis) = try stage(snapshot, unit)
    let nodes = try place(intake, basis, reservation)
    let visited = visited(intake, onlyChanged: onlyChanged)
    if claiming { try await claim(intake, nodes, visited) }
    do throws(EngineError) {
      try checkConflicts(intake, nodes, visited, claiming)
    } catch {
      if claiming { try await letGo(intake, nodes, basis, reservation) }
      throw error
    }
    try await checkHost(intake, nodes, visited)
    let renamed = renamed(intake, nodes, reservation)
    let (removed, released) = withdrawn(intake, nodes, basis, renamed, reservation)
    let targets = targets(
      intake, nodes, visited, renamed, onlyChanged: onlyChanged, isStrict: isStrict)
    if !isStrict { interrupt(intake, nodes, visited, removed + renamed.values.sorted()) }
    let looked = core.world.withLock { world in
      removed.filter { !world.isLeftAlone($0, intake.unit.name, isStrict: isStrict) }
    }
    var seen = await inspect(intake, targets, looked)
    if isStrict { await inspectAgain(intake, targets, looked, &seen) }
    for (node, old) in renamed { seen[node] = seen.removeValue(forKey: old) }
    if Task.isCancelled { throw EngineError(.cancelled, "cancelled") }
    let planner = Planner(
      intake: intake, nodes: nodes, visited: visited, removed: removed, renamed: renamed,
      seen: seen)
    let (plan, changes) = core.world.withLock { planner.plan($0, now: core.time.wall()) }
    var digested = plan
    digested.digest = core.store.digest(of: Array(plan.identity.utf8))
    let prepared = Prepared(
      intake: intake, nodes: nodes, visited: visited, removed: removed, released: released,
      renamed: renamed, seen: seen, changes: changes, isStrict: isStrict, reservation: reservation)
    return (core.world.withLock { $0.approve(digested) }, prepared)
  }

  /// Decodes and orders; the nodes are those of the numbers that the intake shares with the one in
  /// force.
  private func stage(
    _ snapshot: Snapshot, _ unit: Unit
  ) throws(EngineError) -> (intake: Intake, basis: [Node]) {
    let (previous, nodes) = core.world.withLock { world -> (Intake?, [Node]) in
      guard let unit = world.unitIndex(unit.name) else { return (nil, []) }
      return (world.units[unit].intake, world.units[unit].nodes)
    }
    if let previous, unit.policy.prunes {
      let restager = Restager(
        controllers: stagingProviders, unit: unit, snapshot: snapshot, basis: previous)
      if let intake = restager.stage() { return (intake, nodes) }
    }
    do throws(Diagnostics) {
      let stager = Stager(
        controllers: stagingProviders, unit: unit, snapshot: snapshot, previous: previous)
      return (try stager.stage(), [])
    } catch {
      throw EngineError(
        .invalid, "what is declared has \(error.all.count) errors", diagnostics: error)
    }
  }

  /// Gives every declaration its node, by number.
  private func place(
    _ intake: Intake, _ basis: [Node], _ reservation: Reservation
  ) throws(EngineError) -> [Node] {
    let items = intake.numbering.items
    var nodes = basis
    nodes.reserveCapacity(items.count)
    while nodes.count < items.count { nodes.append(.nowhere) }
    for number in intake.delta.left { nodes[Int(number)] = .nowhere }
    for number in intake.delta.basis == nil ? intake.order : intake.delta.moved {
      let controller = stagingProviders[Int(intake.item(number).controller)]
      guard let node = reserve(number, intake, controller) else {
        throw EngineError(
          .configuration,
          "\(controller.name) can't read its own identity \(intake.identity(number))",
          remedy: "its ID must read back what its description writes")
      }
      reservation.hold(node)
      nodes[Int(number)] = node
    }
    return nodes
  }

  /// The node of a declaration, pinned; made where there is none.
  private func reserve(
    _ number: Int32, _ intake: Intake, _ controller: any Controlling
  ) -> Node? {
    core.world.withLock { world in
      let row = Int(intake.item(number).row)
      guard let slot = try? controller.makeSlot(of: row, in: intake.part(number)) else {
        return nil
      }
      let node = Node(controller: controller.index, slot: slot)
      world.makeRoom(node, intake.identity(number), controller.handle(of: slot))
      if !world[node].isResource { world[node].phase = .tentative }
      world[node].pins += 1
      return node
    }
  }

  /// The numbers that the plan has to look at, in its order: where only changes count, what is as
  /// it was in the revision in force is passed over.
  private func visited(_ intake: Intake, onlyChanged: Bool) -> [Int32] {
    guard onlyChanged, intake.delta.basis != nil else { return intake.order }
    return core.world.withLock { world in
      guard let unit = world.unitIndex(intake.unit.name) else { return intake.order }
      // What can't be read is an error in every plan.
      let weight = world.units[unit].weight
      return weight.stalled + weight.suspended == 0 ? intake.delta.touched : intake.order
    }
  }

  /// What is owned and no longer declared: to be removed, or released to a unit that waits for it.
  private func withdrawn(
    _ intake: Intake, _ nodes: [Node], _ basis: [Node], _ renamed: [Node: Node],
    _ reservation: Reservation
  ) -> (removed: [Node], released: [Node]) {
    guard intake.unit.policy.prunes else { return ([], []) }
    let (removed, released) = core.world.withLock { world in
      let unit = world.addUnit(intake.unit, nil)
      let goingOn = Set(renamed.values)
      let withdrawn = world.undeclared(by: intake, nodes, basis, unit)
        .filter { !goingOn.contains($0) }
      for node in withdrawn { world[node].pins += 1 }
      return world.divided(withdrawn, of: unit)
    }
    for node in removed + released { reservation.hold(node) }
    return (removed, released)
  }

  /// What goes on under another identity: the new node, and the one that it was, pinned.
  ///
  /// Nothing where the new one is ours already, or none of the old ones is.
  private func renamed(
    _ intake: Intake, _ nodes: [Node], _ reservation: Reservation
  ) -> [Node: Node] {
    if intake.renamed.isEmpty { return [:] }
    let renamed = core.world.withLock { world -> [Node: Node] in
      guard let unit = world.unitIndex(intake.unit.name) else { return [:] }
      var renamed: [Node: Node] = [:]
      for candidate in intake.renamed {
        let node = nodes[Int(candidate.number)]
        if world[node].isOwned { continue }
        let controller = stagingProviders[Int(intake.item(candidate.number).controller)]
        let old = candidate.former.lazy.compactMap { former in
          controller.slot(of: former.identity).map { Node(controller: controller.index, slot: $0) }
        }.first { world.canGoOn($0, in: unit) }
        guard let old else { continue }
        world[old].pins += 1
        renamed[node] = old
      }
      return renamed
    }
    for old in renamed.values.sorted() { reservation.hold(old) }
    return renamed
  }

  /// Keeps what another unit owns and this revision declares, durably.
  private func claim(
    _ intake: Intake, _ nodes: [Node], _ visited: [Int32]
  ) async throws(EngineError) {
    try await claim(for: intake.unit, isWhole: true) { visited.map { nodes[Int($0)] } }
  }

  /// Keeps what a revision that can't be taken in yet will take over from other units.
  ///
  /// What of it can't be read may be what was claimed before, so that is claimed still.
  func claim(
    _ snapshot: Snapshot, for unit: Unit, isInvalid: Bool = false
  ) async throws(EngineError) {
    let previous = core.world.withLock { world in
      world.unitIndex(unit.name).flatMap { world.units[$0].intake }
    }
    let stager = Stager(
      controllers: stagingProviders, unit: unit, snapshot: snapshot, previous: previous)
    let (claims, isWhole) = stager.readable()
    try await claim(for: unit, isWhole: isWhole && !isInvalid) {
      claims.compactMap { claim in
        let controller = stagingProviders[claim.controller]
        return controller.slot(of: claim.identity)
          .map { Node(controller: controller.index, slot: $0) }
      }
    }
  }

  /// `nodes` is asked under the lock of the world: a slot may stand for another resource soon.
  private func claim(
    for unit: Unit, isWhole: Bool, _ nodes: () -> [Node]
  ) async throws(EngineError) {
    let (isNews, abandoned, owners) = core.decide { world, effects in
      let index = world.addUnit(unit, nil)
      let foreign = world.foreign(nodes(), to: index)
      let before = world.units[index].record.claims
      let claims = Set(foreign.map { world.key($0) } + (isWhole ? [] : before))
      let abandoned = world.claim(claims.sorted(), index, &effects)
      let owners = Set(foreign.map { world.units[Int(world[$0].unit)].unit.name })
      return (world.units[index].record.claims != before, abandoned, owners)
    }
    refresh(abandoned)
    if isNews {
      do throws(StoreError) { try await core.ledger.flush() } catch { throw EngineError(error) }
      // One commit may have taken it out there.
      core.following.ring { owners.contains($0.name) }
    }
    claimed(unit.name)
  }

  /// Hands over what a revision that waits for other units no longer declares, to those that claim
  /// it: they may wait for this one.
  private func letGo(
    _ intake: Intake, _ nodes: [Node], _ basis: [Node], _ reservation: Reservation
  ) async throws(EngineError) {
    let renamed = renamed(intake, nodes, reservation)
    let released = withdrawn(intake, nodes, basis, renamed, reservation).released
    let now = core.time.wall()
    let heirs = core.decide { world, effects -> Set<String> in
      guard let unit = world.unitIndex(intake.unit.name) else { return [] }
      let (withdrawn, heirs) = world.letGo(
        released, of: unit, for: intake.revision.id, now, &effects)
      for controller in stagingProviders {
        let own = withdrawn.filter { $0.controller == Int32(controller.index) }
        if !own.isEmpty { controller.withdraw(own.map(\.slot)) }
      }
      return heirs
    }
    if heirs.isEmpty { return }
    do throws(StoreError) { try await core.ledger.flush() } catch { throw EngineError(error) }
    core.following.ring { heirs.contains($0.name) }
  }

  /// Units that handed over what nobody is to take any more: they have to look at it again.
  func refresh(_ abandoned: [String]) {
    for unit in abandoned { try? refresh(unit: unit) }
  }

  private func checkConflicts(
    _ intake: Intake, _ nodes: [Node], _ visited: [Int32], _ isClaiming: Bool
  ) throws(EngineError) {
    let conflicts = core.world.withLock { world in
      let unit = world.addUnit(intake.unit, nil)
      return world.conflicts(intake, nodes, visited, unit, isClaiming: isClaiming)
    }
    guard conflicts.isEmpty else {
      throw EngineError(
        .invalid, "another unit owns what is declared here",
        diagnostics: Diagnostics(conflicts).sorted)
    }
  }

  private func targets(
    _ intake: Intake, _ nodes: [Node], _ visited: [Int32], _ renamed: [Node: Node],
    onlyChanged: Bool, isStrict: Bool
  ) -> [(node: Node, row: Int)] {
    core.world.withLock { world in
      visited.compactMap { number in
        let own = nodes[Int(number)]
        let node = renamed[own] ?? own
        let entry = world[node]
        if entry.flags.contains(.unreadable) { return nil }
        if intake.declaration(number).lifecycle.suspend { return nil }
        if world.isLeftAlone(node, intake.unit.name, isStrict: isStrict) { return nil }
        if onlyChanged, !intake.isFresh(number), world[own].isDeclared { return nil }
        return (node, Int(intake.item(number).row))
      }
    }
  }

  /// What is under way for a desired state that is no longer wanted must not hold up what is.
  private func interrupt(
    _ intake: Intake, _ nodes: [Node], _ visited: [Int32], _ removed: [Node]
  ) {
    let handles = core.world.withLock { world in
      visited.filter(intake.isFresh).map { world[nodes[Int($0)]].handle }
        + removed.map { world[$0].handle }
    }
    for handle in handles where core.scheduler.status(of: handle)?.isRunning == true {
      core.scheduler.add(handle, priority: .revision, causes: .inspect, supersedes: true)
    }
  }

  /// What says when it can be seen is asked again then, if that is soon: somebody waits for the
  /// plan, and what it could not see is an error in it.
  private func inspectAgain(
    _ intake: Intake, _ targets: [(node: Node, row: Int)], _ removed: [Node],
    _ seen: inout [Node: Inspection.Result]
  ) async {
    for _ in 0..<3 {
      let waits = seen.compactMapValues { $0.retryAfter.flatMap { $0 <= .seconds(5) ? $0 : nil } }
      guard let longest = waits.values.max() else { return }
      do { try await core.time.sleep(longest) } catch { return }
      let again = await inspect(
        intake, targets.filter { waits[$0.node] != nil }, removed.filter { waits[$0] != nil })
      seen.merge(again) { $1 }
    }
  }

  /// Observes what the plan is about, each on the workers of its provider.
  private func inspect(
    _ intake: Intake, _ targets: [(node: Node, row: Int)], _ removed: [Node]
  ) async -> [Node: Inspection.Result] {
    let readable = core.world.withLock { world in
      removed.filter { world[$0].isOwned && !world[$0].flags.contains(.unreadable) }
    }
    let count = targets.count + readable.count
    guard count > 0 else { return [:] }
    let inspection = Inspection(count: count, confinement: Confinement(intake.unit))
    for controller in stagingProviders {
      let index = Int32(controller.index)
      let own =
        targets.filter { $0.node.controller == index }
        .map { (slot: $0.node.slot, row: Optional($0.row)) }
        + readable.filter { $0.controller == index }.map { (slot: $0.slot, row: nil) }
      if !own.isEmpty {
        controller.inspect(own, from: intake.parts[controller.index], into: inspection)
      }
    }
    return await inspection.wait()
  }
}

extension World {
  /// The resources of a unit that an intake does not declare, in order.
  func undeclared(
    by intake: Intake, _ nodes: [Node], _ basis: [Node], _ unit: Int
  ) -> [Node] {
    guard let mark = intake.delta.basis, units[unit].intake?.mark === mark else {
      let declared = Set(nodes)
      return self.nodes(of: unit).filter { !declared.contains($0) }
    }
    let moved = Set(intake.delta.moved.map { nodes[Int($0)] })
    let left = intake.delta.left.map { basis[Int($0)] }.filter { !moved.contains($0) }
    let declared = units[unit].intake?.numbering.count
    if units[unit].weight.resources == declared { return left.sorted() }
    let others = self.nodes(of: unit).filter { !self[$0].isDeclared && !moved.contains($0) }
    return (left + others).sorted()
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
