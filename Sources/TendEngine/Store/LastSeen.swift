public import Tend

/// What was last said of a unit or of one of its resources, for when no engine runs.
///
/// Of a resource it is kept only where there is more to say than that it works and is as declared.
/// So what a unit's record says holds for all of its resources that have none of their own; as long
/// as a unit has no record, its revision had not converged when its engine died.
public struct LastSeen: Sendable, Hashable, Codable {
  /// Of what something is said.
  public enum Subject: Sendable, Hashable, Codable {
    /// A unit, by name.
    case unit(String)
    /// An owned resource.
    case resource(InventoryKey)
  }

  /// Of what it is said.
  public var subject: Subject
  /// When it was so.
  public var at: Timestamp
  /// Ready, InSync, Reconciling, Stalled, as they were.
  public var conditions: [Condition]
  /// How many resources of the unit were Ready; 0 for a resource.
  public var ready: Int
  /// How many of them were Stalled; 0 for a resource.
  public var stalled: Int

  /// Says how something was.
  public init(
    _ subject: Subject, at: Timestamp, conditions: [Condition], ready: Int = 0, stalled: Int = 0
  ) {
    self.subject = subject
    self.at = at
    self.conditions = conditions
    self.ready = ready
    self.stalled = stalled
  }
}
