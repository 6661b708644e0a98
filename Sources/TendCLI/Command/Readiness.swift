import Tend
import TendEngine

/// How far something is from being Ready, perhaps at one revision: a pure decision.
enum Readiness: Hashable {
  /// It is.
  case ready
  /// Not yet; why, in words.
  case waiting(String)
  /// It will not be without help; why, in words.
  case stalled(String)

  /// Of a unit.
  ///
  /// What hinders another revision does not count against this one.
  init(_ unit: UnitStatus, at revision: String?) {
    guard let revision else {
      self.init(unit.conditions)
      return
    }
    let stalled = unit.condition(.stalled)
    let observed = stalled?.observedRevision.map { Revision(id: $0) }
    let isStalledThere = stalled?.status == .yes && observed?.isNamed(by: revision) == true
    guard let accepted = unit.revision, accepted.isNamed(by: revision) else {
      let now =
        unit.revision.map { "revision \($0.short) is in force" } ?? "no revision is in force"
      self =
        isStalledThere
        ? .stalled(unit.conditions.headline)
        : .waiting(stalled?.status == .yes ? "\(now); \(unit.conditions.headline)" : now)
      return
    }
    if unit.suspension == nil, !isStalledThere, unit.ready + unit.suspended == unit.resources {
      self = .ready
    } else {
      self = isStalledThere ? .stalled(unit.conditions.headline) : .init(unit.conditions)
    }
  }

  /// Of a resource.
  init(_ resource: ResourceStatus, at revision: String?) {
    if let revision, !Revision(id: resource.revision).isNamed(by: revision) {
      self = .waiting("it is declared by revision \(Revision(id: resource.revision).short)")
    } else {
      self.init(resource.conditions)
    }
  }

  private init(_ conditions: [Condition]) {
    let isReady = conditions.first { $0.type == .ready }?.status == .yes
    let isStalled = conditions.first { $0.type == .stalled }?.status == .yes
    self =
      isReady && !isStalled
      ? .ready : isStalled ? .stalled(conditions.headline) : .waiting(conditions.headline)
  }

  /// Of one whose revision was in force since a moment and is so no longer.
  init?(_ history: [RevisionRecord], of revision: String, since begin: Timestamp) {
    guard let index = history.firstIndex(where: { $0.revision.isNamed(by: revision) }),
      history[index].changedAt >= begin
    else { return nil }
    switch history[index].state {
    case .converged where index > 0: self = .ready
    case .superseded: self = .stalled("Superseded: \(history[index].message ?? "")")
    default: return nil
    }
  }
}
