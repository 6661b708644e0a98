public import Tend

/// All changes that a revision would make now, in the order in which they would be made.
public struct Plan: Sendable, Hashable {
  /// The unit.
  public var unit: String
  /// The revision.
  public var revision: Revision
  /// Each change, in order.
  public var changes: [PlannedChange]
  /// What goes on under another name, whether anything of it changes besides or not.
  public var renamed: [PlannedRename] = []
  /// Why the plan will not be carried out, where it will not.
  public var refused: [PlanRefusal]
  /// What could not be observed, beside the rest of the plan.
  public var errors: [PlanProblem]
  /// How many resources are as declared.
  public var unchanged: Int
  /// What identifies this plan: the same revision against the same world gives the same digest.
  public var digest: String

  /// A plan of these changes.
  public init(
    unit: String, revision: Revision, changes: [PlannedChange] = [],
    refused: [PlanRefusal] = [], errors: [PlanProblem] = [], unchanged: Int = 0,
    digest: String = ""
  ) {
    self.unit = unit
    self.revision = revision
    self.changes = changes
    self.refused = refused
    self.errors = errors
    self.unchanged = unchanged
    self.digest = digest
  }

  /// Whether it would change nothing.
  public var isEmpty: Bool { changes.isEmpty }

  /// How many changes of each action.
  public func count(_ action: PlannedChange.Action) -> Int {
    changes.count { $0.action == action }
  }
}

/// What would be done to one resource, and why.
public struct PlannedChange: Sendable, Hashable {
  /// What would be done.
  public enum Action: String, Sendable, Hashable, Codable, CaseIterable {
    /// It would be made.
    case create
    /// Fields would be changed.
    case update
    /// It would be removed and made anew.
    case replace
    /// It would be removed.
    case delete
    /// It would stay, and no longer be ours.
    case orphan
    /// It can't be known before what it depends on is there.
    case unknown
  }

  /// Which resource.
  public var reference: Reference
  /// Its identity as text.
  public var identity: String
  /// What would be done.
  public var action: Action
  /// Whether it was there before us and becomes ours.
  public var adopts: Bool
  /// Whether a revision or drift is the reason.
  public var cause: Event.Cause
  /// The fields that would change.
  public var differences: [PlannedDifference]
  /// Where it is declared, or was.
  public var place: Place
  /// The id of the revision that declared it there.
  public var revision: String
  /// What a person should know: why it is unknown, orphaned, or counts against the budget.
  public var note: String?
  /// Whether data that only the resource holds would be lost; counted by the deletion budget.
  public var losesData: Bool

  /// Describes a change.
  public init(
    reference: Reference, identity: String, action: Action, adopts: Bool = false,
    cause: Event.Cause, differences: [PlannedDifference] = [], place: Place, revision: String,
    note: String? = nil, losesData: Bool = false
  ) {
    self.reference = reference
    self.identity = identity
    self.action = action
    self.adopts = adopts
    self.cause = cause
    self.differences = differences
    self.place = place
    self.revision = revision
    self.note = note
    self.losesData = losesData
  }

  /// Those differences with which something is lost that nobody declares.
  var purged: [Difference] { differences.lazy.map(\.difference).filter(\.losesData) }
}

/// A resource whose name is its identity, and that goes on under another one: nothing is stopped
/// and nothing made.
public struct PlannedRename: Sendable, Hashable {
  /// What it is called.
  public var reference: Reference
  /// Its identity as text.
  public var identity: String
  /// What it was called.
  public var from: Reference
  /// Where it is declared.
  public var place: Place

  /// Describes a rename.
  public init(reference: Reference, identity: String, from: Reference, place: Place) {
    self.reference = reference
    self.identity = identity
    self.from = from
    self.place = place
  }
}

/// One field of a planned change, with the line that declares it.
public struct PlannedDifference: Sendable, Hashable {
  /// What differs.
  public var difference: Difference
  /// Where the field is declared; nil where it is not.
  ///
  /// Found by reading the manifest again, when it is asked for.
  public var place: Place? { known ?? declaration?.place(of: difference.path) }

  private let known: Place?
  private let declaration: Declaration?

  /// Pairs a difference with its place.
  public init(_ difference: Difference, place: Place?) {
    self.difference = difference
    known = place
    declaration = nil
  }

  init(_ difference: Difference, in declaration: Declaration?) {
    self.difference = difference
    known = nil
    self.declaration = declaration
  }

  /// Equal where the differences are.
  public static func == (left: PlannedDifference, right: PlannedDifference) -> Bool {
    left.difference == right.difference
  }

  /// By the difference.
  public func hash(into hasher: inout Hasher) { hasher.combine(difference) }
}

/// Why a plan will not be carried out.
public struct PlanRefusal: Sendable, Hashable, Codable {
  /// One word for machines: `DeletionBudget`, `PreventDelete`, `OutsidePath`.
  public var reason: String
  /// For people: what, how many, and what to do.
  public var message: String

  /// Says why.
  public init(reason: String, message: String) {
    self.reason = reason
    self.message = message
  }
}

/// A resource that could not be planned.
public struct PlanProblem: Sendable, Hashable {
  /// Which.
  public var reference: Reference
  /// Where it is declared.
  public var place: Place
  /// The code of the provider's error.
  public var code: String
  /// What failed, why, and what to do.
  public var message: String

  /// Describes a problem.
  public init(reference: Reference, place: Place, code: String, message: String) {
    self.reference = reference
    self.place = place
    self.code = code
    self.message = message
  }
}
