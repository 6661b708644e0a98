public import Tend

/// A source and the policy for what it declares; it has its own inventory, history and conditions.
public struct Unit: Sendable, Hashable {
  /// Its name, unique in one engine.
  public var name: String
  /// How it is treated.
  public var policy: Policy
  /// Units that must be Ready before a new revision of this one is begun.
  public var dependencies: [String]

  /// Names a unit.
  public init(_ name: String, policy: Policy = Policy(), dependsOn dependencies: [String] = []) {
    self.name = name
    self.policy = policy
    self.dependencies = dependencies
  }

  /// How what a unit declares is treated.
  ///
  /// Durations are by the engine's clock.
  public struct Policy: Sendable, Hashable {
    /// How often a resource is looked at without a reason, give or take a tenth.
    ///
    /// 5 minutes: the resync is a net under the reports of drift.
    public var interval: Duration = .seconds(300)
    /// How long one reconcile may take before it is cancelled.
    ///
    /// 30 seconds.
    public var timeout: Duration = .seconds(30)
    /// How often the source is asked, give or take a tenth.
    ///
    /// 30 seconds.
    public var refreshInterval: Duration = .seconds(30)
    /// Whether differences are repaired or only reported.
    public var mode: Lifecycle.Mode = .enforce
    /// Whether a revision may leave nothing of the inventory.
    public var allowsEmpty = false
    /// How many deletions a revision may make whatever the budget says; nil: the budget decides.
    public var allowedDeletions: Int?
    /// Whether what is no longer declared is deleted; false for a single file.
    public var prunes = true
    /// What the unit may touch; nil: all that the process may.
    public var allow: Allow?
    /// The directory that all paths of the unit lie below; nil: that of the machine.
    ///
    /// An absolute path. Kinds whose provider does not keep below a directory are refused.
    public var root: String?
    /// Whether repeated drift of one field makes its repairs slower and slower.
    ///
    /// On.
    ///
    /// Off only where something is measured that drifts on purpose.
    public var detectsContest = true

    /// The defaults.
    public init() {}
  }
}
