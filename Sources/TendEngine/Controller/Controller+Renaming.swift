import Tend

/// A resource that goes on under another identity.
extension Controller {
  /// Within a run of the old slot, so that nothing else runs for it: its memory goes on.
  func handOver(
    _ slot: UInt32, _ node: Node, _ world: inout World, _ effects: inout Effects
  ) {
    guard !world.departing.isEmpty, let heir = world.departure(of: node, &effects) else { return }
    let memory = journaled.withLock { $0.removeValue(forKey: slot) } ?? rows[slot].memory
    columns.withLock { $0.inherited[heir.slot] = .some(memory) }
    guard world[heir].ownership != .intended else { return }
    do throws(ProviderError) {
      guard let value = try encode(memory) else { return }
      effects.writes.append(.putMemory(world.key(heir), value))
    } catch {
      // What the store has of it has moved already.
      return
    }
  }

  /// Tells the provider by which identity it is to know a resource from now on.
  func tell(
    _ move: UnitRecord.Move, _ context: Context
  ) async throws(ProviderError) {
    guard let renaming, let old = Desired.ID(move.from.identity),
      let new = Desired.ID(move.to.identity)
    else { return }
    try await renaming.rename(old, to: new, context)
  }
}
