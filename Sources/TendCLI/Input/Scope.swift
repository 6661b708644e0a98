import Tend
import TendEngine

/// Whether a plan deletes only what was declared below the path that it was made from.
///
/// Two directories applied to one unit would delete each other's resources; so such a plan is
/// refused unless the unit was named.
struct Scope: Sendable {
  /// How many revisions of a unit are looked at.
  static let lookedAt = 1000

  private let path: String
  private let isNamed: Bool

  init(_ options: ManifestOptions) {
    path = options.input.resolved
    isNamed = options.unit != nil
  }

  init(path: String, isNamed: Bool) {
    self.path = path
    self.isNamed = isNamed
  }

  /// Refuses the plan where all that it deletes was declared elsewhere.
  func check(
    _ plan: inout Plan, revisions: (String) async throws -> [RevisionRecord]
  ) async throws {
    let gone = plan.changes.filter { $0.action == .delete || $0.action == .orphan }
    guard !isNamed, !gone.isEmpty else { return }
    let records = try await revisions(plan.unit)
    if let refusal = refusal(of: plan.unit, deleting: gone, records: records) {
      plan.refused.append(refusal)
    }
  }

  /// Pure: by where the revisions that declared these were read from.
  func refusal(
    of unit: String, deleting gone: [PlannedChange], records: [RevisionRecord]
  ) -> PlanRefusal? {
    let origins = Dictionary(
      records.map { ($0.revision.id, Self.origin(of: $0)) }, uniquingKeysWith: { $1 })
    var elsewhere: Set<String> = []
    for change in gone {
      guard let origin = origins[change.revision], origin.hasPrefix("/") else { return nil }
      if origin == path || origin.hasPrefix(path + "/") { return nil }
      elsewhere.insert(origin)
    }
    let other = elsewhere.sorted().first ?? ""
    return PlanRefusal(
      reason: "OutsidePath",
      message: "unit \(unit) was declared in \(other), and \(path) would delete all of it; "
        + "name the unit that is meant with --unit")
  }

  /// The directory of a revision: its message where it was applied, its source where followed.
  private static func origin(of record: RevisionRecord) -> String {
    let message = record.revision.message ?? ""
    return message.hasPrefix("/") ? message : record.by
  }
}
