public import Tend

extension Engine {
  /// What became of something that was brought back.
  public struct Restored: Sendable, Hashable {
    /// Where it stands, where it is a resource of a unit; nil: nobody owns it.
    public var resource: ResourceStatus?
    /// What keeps it from being changed again; nil where it is nobody's.
    public var suspension: Suspension?
  }

  /// Brings back what a backup keeps of an identity.
  ///
  /// A resource of a unit is suspended first, with the reason `Restored`, unless it is already;
  /// what is nobody's is written and stays nobody's. `origin` says for people what is brought back.
  /// Throws `.notFound` where no provider can, and `.provider` with the cause where it fails: then
  /// the resource goes on as before.
  public func restore(
    _ backup: Backup, to identity: String, _ origin: String, by user: String
  ) async throws(EngineError) -> Restored {
    guard let controller = stagingProviders.first(where: { $0.canRestore(identity) }) else {
      throw EngineError(.notFound, "no provider can bring back \(identity)")
    }
    let node = core.world.withLock { world in
      controller.slot(of: identity).map { Node(controller: controller.index, slot: $0) }
        .flatMap { world[$0].isResource ? $0 : nil }
    }
    var suspension: Suspension?
    var isNew = false
    if let node {
      let (unit, kept) = core.world.withLock { world in
        let unit = Int(world[node].unit)
        return (unit, world.units[unit].record.suspension(of: world.key(node)))
      }
      isNew = kept == nil
      suspension =
        if let kept { kept } else {
          try await suspend(unit, node, .restored, note: origin, by: user, until: nil)
        }
    }
    do throws(ProviderError) {
      try await controller.restore(backup, to: identity)
    } catch {
      if isNew, let node { try await resume(node, by: user) }
      throw EngineError(.provider, error.message, remedy: error.remedy)
    }
    return try await restored(identity, node, suspension, origin, by: user)
  }

  private func resume(_ node: Node, by user: String) async throws(EngineError) {
    let now = core.time.wall()
    core.decide { world, effects in
      _ = world.resume(
        Int(world[node].unit), world.key(node), by: user, now: now, &effects)
    }
    try await keep("resumed")
  }

  private func restored(
    _ identity: String, _ node: Node?, _ suspension: Suspension?, _ origin: String, by user: String
  ) async throws(EngineError) -> Restored {
    let status = node.map { node in
      core.world.withLock { $0.status(of: node, unsettled: []) }
    }
    let event = Event(
      time: core.time.wall(), unit: status?.unit ?? "", resource: status?.reference ?? identity,
      kind: .restore, cause: .request, revision: status?.revision,
      message: "\(origin), by \(user)")
    core.decide { _, effects in effects.writes.append(.addEvent(event)) }
    try await keep("restored")
    return Restored(resource: status, suspension: suspension)
  }
}
