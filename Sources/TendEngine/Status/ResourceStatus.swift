public import Tend

/// All that is known of one resource: what `tend get` and `tend describe` show.
public struct ResourceStatus: Sendable, Hashable, Codable {
  /// The unit that declares it, or did.
  public var unit: String
  /// Group and version of its kind.
  public var apiVersion: String
  /// Its kind.
  public var kind: String
  /// Its name.
  public var name: String
  /// Its identity as text: the path of a file.
  public var identity: String
  /// The revision that declares it.
  public var revision: String
  /// Where it is declared, or was: `file:line:column`.
  public var place: String
  /// Whether it is still declared.
  public var isDeclared: Bool
  /// Whether it was there before us.
  public var isAdopted: Bool
  /// Ready, InSync, Reconciling, Stalled.
  public var conditions: [Condition]
  /// When the conditions were so; nil: they are so now.
  ///
  /// Without a running engine it is what the last one knew.
  public var asOf: Timestamp?
  /// The differences that were found last, where there were any.
  public var differences: [PlannedDifference]
  /// What it depends on, by `Kind/name`; written, then implied.
  public var dependsOn: [String]
  /// What it waits for now, by `Kind/name`.
  public var waitsFor: [String]
  /// When it was last changed by us.
  public var lastChange: Timestamp?
  /// When it will next be looked at without a reason, from now.
  public var nextReconcile: Duration?
  /// How often its reconcile failed in a row.
  public var failures: Int
  /// By whose word it is left alone; nil where nobody's, also where its declaration says so.
  public var suspension: Suspension?
  /// What its provider shows, by name.
  public var details: [String: String]

  /// Describes a resource.
  public init(
    unit: String, reference: Reference, identity: String, revision: String, place: String,
    isDeclared: Bool, isAdopted: Bool, conditions: [Condition], asOf: Timestamp? = nil,
    differences: [PlannedDifference] = [], dependsOn: [String] = [], waitsFor: [String] = [],
    lastChange: Timestamp? = nil, nextReconcile: Duration? = nil, failures: Int = 0,
    suspension: Suspension? = nil, details: [String: String] = [:]
  ) {
    self.unit = unit
    apiVersion = reference.kind.apiVersion
    kind = reference.kind.kind
    name = reference.name
    self.identity = identity
    self.revision = revision
    self.place = place
    self.isDeclared = isDeclared
    self.isAdopted = isAdopted
    self.conditions = conditions
    self.asOf = asOf
    self.differences = differences
    self.dependsOn = dependsOn
    self.waitsFor = waitsFor
    self.lastChange = lastChange
    self.nextReconcile = nextReconcile
    self.failures = failures
    self.suspension = suspension
    self.details = details
  }

  /// The condition of one type; every resource has all four.
  public func condition(_ type: Condition.Kind) -> Condition? {
    conditions.first { $0.type == type }
  }

  /// `Kind/name`.
  public var reference: String { "\(kind)/\(name)" }
}
