public import Tend
public import TendEngine

/// A plan as JSON: what `tend plan -o json` prints and what travels over the control socket.
///
/// Its field names are a contract with scripts; fields may be added, never renamed.
public struct PlanDocument: Sendable, Hashable, Codable {
  /// Always `tend/v1`.
  public var apiVersion: String
  /// The unit.
  public var unit: String
  /// The id of the revision.
  public var revision: String
  /// What identifies the plan.
  public var digest: String
  /// Each change, in the order in which it would be made.
  public var changes: [ChangeDocument]
  /// What goes on under another name; left out where there is nothing.
  public var renamed: [RenameDocument]?
  /// Why the plan will not be carried out, where it will not.
  public var refused: [PlanRefusal]
  /// What could not be planned.
  public var errors: [ProblemDocument]
  /// How many of each action, and how many are as declared.
  public var summary: Summary

  /// How many resources of each sort.
  public struct Summary: Sendable, Hashable, Codable {
    /// To be made.
    public var create: Int
    /// To be changed.
    public var update: Int
    /// To be removed and made anew.
    public var replace: Int
    /// To be removed.
    public var delete: Int
    /// To be given up.
    public var orphan: Int
    /// Not known yet.
    public var unknown: Int
    /// As declared.
    public var unchanged: Int
  }

  /// Describes a plan.
  public init(_ plan: Plan) {
    apiVersion = "tend/v1"
    unit = plan.unit
    revision = plan.revision.id
    digest = plan.digest
    changes = plan.changes.map(ChangeDocument.init)
    renamed = plan.renamed.isEmpty ? nil : plan.renamed.map(RenameDocument.init)
    refused = plan.refused
    errors = plan.errors.map(ProblemDocument.init)
    summary = Summary(
      create: plan.count(.create), update: plan.count(.update), replace: plan.count(.replace),
      delete: plan.count(.delete), orphan: plan.count(.orphan), unknown: plan.count(.unknown),
      unchanged: plan.unchanged)
  }

  /// The plan that this describes; of its revision only the id is known.
  public var plan: Plan {
    var plan = Plan(
      unit: unit, revision: Revision(id: revision), changes: changes.map(\.change),
      refused: refused, errors: errors.map(\.problem), unchanged: summary.unchanged,
      digest: digest)
    plan.renamed = renamed?.map(\.rename) ?? []
    return plan
  }
}

/// A planned change as JSON.
public struct ChangeDocument: Sendable, Hashable, Codable {
  /// Group and version of its kind.
  public var apiVersion: String
  /// Its kind.
  public var kind: String
  /// Its name.
  public var name: String
  /// Its identity as text: the path of a file.
  public var identity: String
  /// What would be done.
  public var action: PlannedChange.Action
  /// Whether it was there before us and becomes ours.
  public var adopts: Bool
  /// Why it would be done.
  public var cause: Event.Cause
  /// The fields that would change.
  public var differences: [PlannedDifference]
  /// Where it is declared, or was.
  public var source: Position
  /// What a person should know about it.
  public var note: String?
  /// Whether data that only the resource holds would be lost.
  public var losesData: Bool

  /// A place in a file of a revision.
  public struct Position: Sendable, Hashable, Codable {
    /// The file, relative to the tree.
    public var file: String
    /// From 1.
    public var line: Int
    /// From 1.
    public var column: Int
    /// The id of the revision, where it is known.
    public var revision: String?

    /// Names a place.
    public init(_ place: Place, revision: String? = nil) {
      file = place.file
      line = place.line
      column = place.column
      self.revision = revision
    }

    /// The same without its revision.
    public var place: Place { Place(file: file, line: line, column: column) }
  }

  /// Describes a change.
  public init(_ change: PlannedChange) {
    apiVersion = change.reference.kind.apiVersion
    kind = change.reference.kind.kind
    name = change.reference.name
    identity = change.identity
    action = change.action
    adopts = change.adopts
    cause = change.cause
    differences = change.differences
    source = Position(change.place, revision: change.revision)
    note = change.note
    losesData = change.losesData
  }

  /// The change that this describes.
  public var change: PlannedChange {
    PlannedChange(
      reference: Reference(kind: KindName(apiVersion: apiVersion, kind: kind), name: name),
      identity: identity, action: action, adopts: adopts, cause: cause, differences: differences,
      place: source.place, revision: source.revision ?? "", note: note, losesData: losesData)
  }
}

/// A resource that could not be planned or did not converge, as JSON.
public struct ProblemDocument: Sendable, Hashable, Codable {
  /// Group and version of its kind.
  public var apiVersion: String
  /// Its kind.
  public var kind: String
  /// Its name.
  public var name: String
  /// Where it is declared.
  public var source: ChangeDocument.Position
  /// The code of the provider's error.
  public var code: String
  /// What failed, why, and what to do.
  public var message: String

  /// Describes a problem.
  public init(_ problem: PlanProblem) {
    apiVersion = problem.reference.kind.apiVersion
    kind = problem.reference.kind.kind
    name = problem.reference.name
    source = ChangeDocument.Position(problem.place)
    code = problem.code
    message = problem.message
  }

  /// The problem that this describes.
  public var problem: PlanProblem {
    PlanProblem(
      reference: Reference(kind: KindName(apiVersion: apiVersion, kind: kind), name: name),
      place: source.place, code: code, message: message)
  }
}
