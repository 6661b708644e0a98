public import Tend

/// All that is known of one unit: what `tend status` and `tend get units` show.
public struct UnitStatus: Sendable, Hashable, Codable {
  /// Its name.
  public var name: String
  /// What its source calls itself; nil where nothing is followed.
  public var source: String?
  /// The revision whose desired state is kept up.
  public var revision: Revision?
  /// Ready, InSync, Reconciling, Stalled.
  public var conditions: [Condition]
  /// When conditions and numbers were so; nil: they are so now.
  ///
  /// Without a running engine it is what the last one knew.
  public var asOf: Timestamp?
  /// How many resources it owns or is about to.
  public var resources: Int
  /// How many of them are Ready.
  public var ready: Int
  /// How many are Stalled.
  public var stalled: Int
  /// How many are left alone for a while.
  public var suspended: Int
  /// By whose word the whole unit is left alone; nil where it is not.
  public var suspension: Suspension?
  /// What was refused, with the plan's digest; `tend approve` takes the revision.
  public var refused: UnitRecord.Refusal?
  /// Units that must be Ready before a new revision of this one is begun.
  public var dependsOn: [String]
  /// Those of them that a new revision waits for now.
  public var waitsFor: [String]
  /// What it left behind, where it is no longer configured.
  public var left: UnitRecord.Departure?
  /// What it may touch, a line for each sort of thing; nil: all that the agent may.
  public var allowed: [String]?
  /// When its source was last asked with success, from now backwards.
  public var lastRefresh: Duration?
  /// When its source will be asked next, from now.
  public var nextRefresh: Duration?

  /// Describes a unit.
  public init(
    name: String, source: String?, revision: Revision?, conditions: [Condition],
    asOf: Timestamp? = nil, resources: Int, ready: Int, stalled: Int, suspended: Int = 0,
    suspension: Suspension? = nil, refused: UnitRecord.Refusal? = nil, dependsOn: [String] = [],
    waitsFor: [String] = [], left: UnitRecord.Departure? = nil, allowed: [String]? = nil,
    lastRefresh: Duration? = nil,
    nextRefresh: Duration? = nil
  ) {
    self.name = name
    self.source = source
    self.revision = revision
    self.conditions = conditions
    self.asOf = asOf
    self.resources = resources
    self.ready = ready
    self.stalled = stalled
    self.suspended = suspended
    self.suspension = suspension
    self.refused = refused
    self.dependsOn = dependsOn
    self.waitsFor = waitsFor
    self.left = left
    self.allowed = allowed
    self.lastRefresh = lastRefresh
    self.nextRefresh = nextRefresh
  }

  /// The condition of one type; every unit has all four.
  public func condition(_ type: Condition.Kind) -> Condition? {
    conditions.first { $0.type == type }
  }
}
