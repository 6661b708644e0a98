import Logging
import Synchronization
import Tend

extension Engine {
  /// Loads what the store keeps; once, and before anything else is asked.
  ///
  /// `run` and `running` do it themselves. Without them it serves those who only want to know what
  /// is in the store: `units()`, `resources(_:)`.
  public func load() async throws(EngineError) {
    guard
      isLoaded.withLock({ isLoaded in
        defer { isLoaded = true }
        return !isLoaded
      })
    else { return }
    let contents: StoreContents
    do throws(StoreError) {
      contents = try await core.store.load()
    } catch {
      isLoaded.withLock { $0 = false }
      throw EngineError(error)
    }
    for record in contents.units {
      _ = core.world.withLock { $0.addUnit(Unit(record.name), record) }
    }
    var nodes: [InventoryKey: Node] = [:]
    for record in contents.inventory { nodes[record.key] = restore(record) }
    core.world.withLock { [nodes] in $0.connect(contents.inventory, nodes) }
    let now = core.time.wall()
    core.decide { world, effects in
      _ = world.lapse(at: now, &effects)
      for node in world.resources { world.markSuspension(node) }
    }
    core.world.withLock { [nodes] in $0.remember(contents.lastSeen, nodes) }
  }

  private func restore(_ record: InventoryRecord) -> Node? {
    guard let controller = stagingProviders.first(where: { $0.name == record.key.provider }) else {
      core.logger.warning(
        "a resource is owned that no provider serves; it is left alone",
        metadata: ["resource": "\(record.key)"])
      return nil
    }
    var isUnreadable = record.unreadableMemory != nil
    var slot = try? controller.makeSlot(of: record.key.identity, memory: record.memory)
    if slot == nil {
      isUnreadable = true
      slot = try? controller.makeSlot(of: record.key.identity, memory: nil)
    }
    guard let slot else {
      core.logger.error(
        "an identity in the store can't be read; it is left alone",
        metadata: ["resource": "\(record.key)"])
      return nil
    }
    let node = Node(controller: controller.index, slot: slot)
    let handle = controller.handle(of: slot)
    core.world.withLock { world in
      let unit = world.addUnit(Unit(record.unit), nil)
      world.restore(node, handle, record, unit: unit, isUnreadable: isUnreadable)
    }
    return node
  }
}

extension World {
  /// The position of a unit, made where there is none.
  @discardableResult
  mutating func addUnit(_ unit: Unit, _ record: UnitRecord?) -> Int {
    if let index = unitIndex(unit.name) {
      units[index].isGone = false
      if let record { units[index].record = record }
      return index
    }
    units.append(UnitState(unit, record: record))
    return units.count - 1
  }

  /// Makes room for a node where it has none.
  mutating func makeRoom(
    _ node: Node, _ identity: @autoclosure () -> String, _ handle: Scheduler.Handle
  ) {
    let controller = Int(node.controller)
    while entries[controller].count <= Int(node.slot) {
      entries[controller].append(Entry(identity: identity(), handle: handle))
    }
    if self[node].phase == .free {
      let generation = self[node].wanted
      self[node] = Entry(identity: identity(), handle: handle)
      self[node].wanted = generation
    }
  }

  mutating func restore(
    _ node: Node, _ handle: Scheduler.Handle, _ record: InventoryRecord, unit: Int,
    isUnreadable: Bool
  ) {
    makeRoom(node, record.key.identity, handle)
    self[node].unit = UInt16(unit)
    update(node) { entry in
      entry.phase = .dormant
      entry.origin = .stored(record)
      entry.ownership =
        record.isAdopted ? .adopted : record.state == .intended ? .intended : .made
      if isUnreadable { entry.flags.insert(.unreadable) }
    }
  }
  /// Draws the edges as they are stored.
  mutating func connect(_ inventory: [InventoryRecord], _ nodes: [InventoryKey: Node]) {
    for record in inventory {
      guard let node = nodes[record.key] else { continue }
      let dependencies = Neighbours(record.dependencies.compactMap { nodes[$0] })
      self[node].dependencies = dependencies
      for dependency in dependencies { self[dependency].dependents.append(node) }
    }
  }
}
