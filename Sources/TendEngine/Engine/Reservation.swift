import Synchronization

/// What a plan holds: the slots of all that it is about.
///
/// They stay theirs until the plan is gone, whatever happens to the resources meanwhile; what was
/// made for the plan alone is then freed.
final class Reservation: Sendable {
  private let core: Core
  private let nodes = Mutex<[Node]>([])

  init(_ core: Core) { self.core = core }

  /// Takes over a pin.
  func hold(_ node: Node) { nodes.withLock { $0.append(node) } }

  deinit {
    let nodes = nodes.withLock { $0 }
    core.decide { world, effects in world.unpin(nodes, &effects) }
  }
}
