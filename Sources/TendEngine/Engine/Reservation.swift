import Synchronization

/// What a plan holds: the slots of all that it is about.
///
/// They stay theirs until the plan is gone, whatever happens to the resources meanwhile; what was
/// made for the plan alone is then freed.
final class Reservation: Sendable {
  private let core: Core
  private let unit: String
  private let nodes = Mutex<[Node]>([])

  /// Holds all that the unit's accepted revision declares.
  init(_ core: Core, unit: Unit) {
    self.core = core
    self.unit = unit.name
    core.world.withLock { world in world.units[world.addUnit(unit, nil)].pins += 1 }
  }

  /// Takes over a pin.
  func hold(_ node: Node) { nodes.withLock { $0.append(node) } }

  deinit {
    let nodes = nodes.withLock { $0 }
    core.decide { [unit] world, effects in
      world.unpin(nodes, &effects)
      if let unit = world.unitIndex(unit) { world.unpin(unit: unit, &effects) }
    }
    // It is the last that goes of a plan.
    if nodes.count >= Heap.worthwhile { core.heap.ring() }
  }
}
