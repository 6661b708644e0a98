/// How a declaration wants its resource to be treated.
///
/// It is kept in the inventory, so that a protection outlives the declaration that asked for it.
public struct Lifecycle: Sendable, Hashable, Codable {
  /// Never delete or replace it, even when the declaration is gone.
  public var preventDelete = false
  /// Paths of fields that are left alone: differences below them are none.
  public var ignoreDifferences: [String] = []
  /// How often it is looked at without a reason; nil: the unit's.
  public var interval: Duration?
  /// How long one reconcile may take; nil: the unit's.
  public var timeout: Duration?
  /// Neither observed nor changed.
  public var suspend = false
  /// Whether drift is repaired or only reported.
  public var mode: Mode?
  /// What happens when the declaration is gone; nil: deleted if we made it, orphaned if adopted.
  public var deletionPolicy: DeletionPolicy?

  /// Whether differences are repaired or only reported.
  public enum Mode: String, Sendable, Hashable, Codable {
    /// Repaired.
    case enforce
    /// Reported; nothing is changed.
    case observe
  }

  /// What happens to a resource whose declaration is gone.
  public enum DeletionPolicy: String, Sendable, Hashable, Codable {
    /// It is deleted, also if it was there before us.
    case delete
    /// It stays, and is no longer ours.
    case orphan
  }

  /// The defaults.
  public init() {}
}
