import Tend

extension Controller {
  /// Throws where a unit may not have a resource, before anything of it is looked at.
  func confine(
    _ slot: UInt32, _ desired: Desired?, _ kind: KindName?, to confinement: Confinement?
  ) throws(ProviderError) {
    guard let confinement else { return }
    if let kind { try confinement.check(kind, isConfining: confining != nil) }
    guard let confining else { return }
    let row = rows[slot]
    let target = Target(id: row.id, desired: desired, memory: row.memory)
    for access in confining.accesses(for: target) { try confinement.check(access) }
  }

  /// What a question's plan, or the unit in force, is confined to, and the kind that is meant.
  func confinement(
    _ question: Question, _ node: Node
  ) -> (confinement: Confinement?, kind: KindName?) {
    core.world.withLock { world in
      let entry = world[node]
      let kind = question.kind ?? entry.reference?.kind
      switch question.desired {
      case .planned: return (question.inspection.confinement, kind)
      case .inForce:
        guard world.units.indices.contains(Int(entry.unit)) else { return (nil, kind) }
        return (Confinement(world.units[Int(entry.unit)].unit), kind)
      }
    }
  }
}
