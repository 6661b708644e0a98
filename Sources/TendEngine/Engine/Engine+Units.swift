import Logging
import Synchronization
import Tend

extension Engine {
  /// Adds a unit that `run()` follows, before it runs or meanwhile.
  ///
  /// While it is followed its source is asked on the unit's interval and whenever `refresh` is
  /// called; what it declares is planned, taken in unless the plan is refused, and kept up.
  public func follow(_ source: some Source, as unit: Unit) throws(EngineError) {
    guard core.following.add(Followed(unit, source)) else {
      throw EngineError(
        .configuration, "unit \(unit.name) is followed twice",
        remedy: "give one of the units another name")
    }
  }

  /// Ends the following of a unit; what it owns stays its own, and is kept up no longer than until
  /// the next start.
  ///
  /// Returns once nothing of the unit is being taken in any more. To follow it again, with another
  /// source or another policy, call `follow`; to give up what it owns, `retain`.
  public func unfollow(unit name: String) async {
    guard let (followed, hasBegun) = core.following.remove(name), hasBegun else { return }
    followed.end.ring()
    await followed.gone.wait()
  }

  /// Says which units there are from now on: all others that were followed before leave.
  ///
  /// The resources of a unit that leaves are orphaned: they stay as they are, are no longer ours,
  /// and are listed in events and in the unit's status. `renamed` gives the new name of units by
  /// their old one; such a unit keeps its resources, its revision and its approvals. Units that
  /// were only ever applied to by hand are left alone. Load the engine first; nothing that leaves
  /// or is renamed may be followed meanwhile. The answer is the names of those that left. Throws
  /// `.store`; then nothing has left.
  @discardableResult
  public func retain(
    units names: [String], renamed: [String: String] = [:]
  ) async throws(EngineError) -> [String] {
    for (old, new) in renamed.sorted(by: { $0.key < $1.key }) where !names.contains(old) {
      try await rename(unit: old, to: new)
    }
    let left = core.world.withLock { world in
      world.units.filter {
        $0.record.isFollowed == true && $0.record.left == nil && !names.contains($0.unit.name)
      }.map(\.unit.name)
    }
    for name in left { try await leave(unit: name) }
    return left
  }

  private func rename(unit old: String, to new: String) async throws(EngineError) {
    let now = core.time.wall()
    let writes = core.world.withLock { $0.renameWrites(old, to: new, now) }
    guard !writes.isEmpty else { return }
    try await commit(writes)
    core.world.withLock { $0.rename(old, to: new) }
    core.logger.info("unit renamed", metadata: ["unit": "\(new)", "from": "\(old)"])
  }

  private func leave(unit name: String) async throws(EngineError) {
    let now = core.time.wall()
    let (record, nodes, writes) = core.world.withLock { $0.departure(of: name, now) }
    try await commit(writes)
    let abandoned = core.decide { world, effects in
      for node in nodes where world[node].isResource { world.forget(node, &effects) }
      guard let unit = world.unitIndex(name) else { return [String]() }
      let before = world.units[unit].record
      world.units[unit].leave(record)
      return world.abandon(before, unit)
    }
    refresh(abandoned)
    core.logger.notice(
      "unit left, its resources stay and are no longer ours",
      metadata: ["unit": "\(name)", "resources": "\(record.left?.count ?? 0)"])
  }

  private func commit(_ writes: [StoreWrite]) async throws(EngineError) {
    do throws(StoreError) {
      try await core.ledger.flush()
      try await core.store.commit(writes)
    } catch {
      throw EngineError(error)
    }
  }
}

extension World {
  /// What makes a new name durable; empty where there is nothing to rename, or where the new name
  /// has resources of its own.
  func renameWrites(_ old: String, to new: String, _ now: Timestamp) -> [StoreWrite] {
    guard let index = unitIndex(old), units[index].record.left == nil,
      units[index].weight.resources > 0 || units[index].record.accepted != nil
    else { return [] }
    if let other = unitIndex(new), units[other].weight.resources > 0 { return [] }
    var record = units[index].record
    record.name = new
    let moved = nodes(of: index).filter { self[$0].isOwned }.map { node in
      var record = inventoryRecord(node)
      record.unit = new
      return StoreWrite.putInventory(record)
    }
    let event = Event(
      time: now, unit: new, kind: .move, cause: .request, revision: record.accepted?.id,
      message: "was unit \(old) before, with \(moved.count) resource"
        + (moved.count == 1 ? "" : "s") + "; nothing was touched")
    return moved + [.removeUnit(old), .putUnit(record), .addEvent(event)]
  }

  /// A unit goes on under another name.
  mutating func rename(_ old: String, to new: String) {
    guard let from = unitIndex(old) else { return }
    let to = addUnit(Unit(new), nil)
    let moved = nodes(of: from)
    var state = units[from]
    state.unit.name = new
    state.record.name = new
    units[to] = state
    // A plan that was made under the old name lets go under it.
    (units[to].pins, units[to].held) = (0, [])
    units[from] = UnitState(Unit(old))
    (units[from].pins, units[from].held) = (state.pins, state.held)
    units[from].isGone = true
    for node in moved { self[node].unit = UInt16(to) }
  }

  /// What makes durable that a unit has left, and the resources that it leaves.
  func departure(
    of name: String, _ now: Timestamp
  ) -> (record: UnitRecord, nodes: [Node], writes: [StoreWrite]) {
    var record = UnitRecord(name: name)
    guard let unit = unitIndex(name) else { return (record, [], []) }
    let nodes = nodes(of: unit)
    let owned = nodes.filter { self[$0].isOwned }
    let names = owned.map { self[$0].reference?.description ?? self[$0].identity }
    record.isFollowed = true
    record.left = UnitRecord.Departure(
      at: now, resources: Array(names.prefix(100)), count: names.count)
    var writes: [StoreWrite] = []
    for (node, reference) in zip(owned, names) {
      writes.append(.removeInventory(key(node)))
      writes.append(
        .addEvent(
          Event(
            time: now, unit: name, resource: reference, kind: .orphan, cause: .request,
            revision: revision(of: self[node]),
            message: "\(self[node].identity) stays, and is no longer ours: its unit has left")))
    }
    let event = Event(
      time: now, unit: name, kind: .orphan, cause: .request,
      revision: units[unit].record.accepted?.id,
      message: "the unit is no longer configured; \(Self.staying(names.count))")
    return (record, nodes, writes + [.putUnit(record), .addEvent(event)])
  }
}

extension UnitState {
  /// Nothing is known of the unit any more but that it left.
  fileprivate mutating func leave(_ record: UnitRecord) {
    let (weight, pins, held) = (weight, pins, held)
    self = UnitState(Unit(record.name), record: record)
    (self.weight, self.pins, self.held) = (weight, pins, held)
  }
}
