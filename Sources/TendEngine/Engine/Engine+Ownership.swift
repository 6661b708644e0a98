import Synchronization
import Tend

extension Engine {
  /// Lets the refused plan of this revision pass once, and asks for a refresh.
  ///
  /// `revision` may be a prefix of at least 7 characters. The answer is the plan's digest: another
  /// plan, also of the same revision, does not pass.
  public func approve(
    unit name: String, revision: String
  ) async throws(EngineError) -> String {
    let refusal = core.world.withLock { world in
      world.unitIndex(name).flatMap { world.units[$0].record.refused }
    }
    guard let refusal else {
      throw EngineError(
        .notFound, "nothing of unit \(name) was refused", remedy: "`tend status` shows what is")
    }
    guard refusal.revision.isNamed(by: revision) else {
      throw EngineError(
        .notFound, "what was refused of unit \(name) is revision \(refusal.revision.short)",
        remedy: "approve that one, if it is what you mean")
    }
    try await keep(approval: refusal, unit: name)
    try? refresh(unit: name)
    return refusal.plan
  }

  private func keep(
    approval refusal: UnitRecord.Refusal, unit name: String
  ) async throws(EngineError) {
    let record = core.world.withLock { world -> UnitRecord? in
      guard let unit = world.unitIndex(name) else { return nil }
      world.units[unit].record.approvedPlan = refusal.plan
      return world.units[unit].record
    }
    guard let record else { throw EngineError(.notFound, "there is no unit \(name)") }
    let event = Event(
      time: core.time.wall(), unit: name, kind: .approve, cause: .request,
      revision: refusal.revision.id,
      message: "the plan of revision \(refusal.revision.short) may pass once, with "
        + "\(refusal.count) deletions")
    do throws(StoreError) {
      try await core.store.commit([.putUnit(record), .addEvent(event)])
    } catch {
      throw EngineError(error)
    }
  }

  /// The one resource that is meant.
  func only(_ selection: Selection) throws(EngineError) -> Node {
    let nodes = select(selection)
    guard let node = nodes.first else { throw notFound(selection) }
    guard nodes.count == 1 else {
      let units = resources(selection).map { "\($0.reference) of unit \($0.unit)" }
      throw EngineError(
        .ambiguous, "\(units.joined(separator: ", ")) are meant",
        remedy: "name one, with -u UNIT where units share a name")
    }
    return node
  }

  /// Ends the ownership of one resource, and touches nothing.
  ///
  /// While it is still declared the next refresh takes it up again, as something that was there
  /// before. Throws `.ambiguous` where more than one is meant.
  public func forget(_ selection: Selection) async throws(EngineError) -> ResourceStatus {
    let node = try only(selection)
    let (status, key) = core.world.withLock { ($0.status(of: node, unsettled: []), $0.key(node)) }
    let event = Event(
      time: core.time.wall(), unit: status.unit, resource: status.reference, kind: .forget,
      cause: .request, revision: status.revision,
      message: "\(status.identity) is no longer ours; nothing was touched")
    do throws(StoreError) {
      try await core.ledger.flush()
      try await core.store.commit([.removeInventory(key), .addEvent(event)])
    } catch {
      throw EngineError(error)
    }
    core.decide { world, effects in
      guard world.key(node) == key, world[node].isResource else { return }
      world.forget(node, &effects)
    }
    return status
  }
}

extension World {
  /// Ownership was given up by hand; what waited for the resource waits no longer.
  mutating func forget(_ node: Node, _ effects: inout Effects) {
    let unit = Int(self[node].unit)
    let neighbours = self[node].dependencies + self[node].dependents
    forgetSuspension(node, &effects)
    forgetMoves(to: node, &effects)
    retire(node, to: isHeld(node) ? .tentative : .leaving)
    effects.adds.append(
      Effects.Add(handle: self[node].handle, priority: .revision, causes: .woken))
    units[unit].intake = nil
    units[unit].isInForce = false
    for neighbour in neighbours where self[neighbour].flags.contains(.blocked) {
      update(neighbour) { $0.flags.remove(.blocked) }
      effects.adds.append(
        Effects.Add(handle: self[neighbour].handle, priority: .revision, causes: .woken))
    }
    check(unit, &effects)
  }
}
