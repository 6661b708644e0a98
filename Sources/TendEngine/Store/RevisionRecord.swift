public import Tend

/// What became of a revision in a unit; one line of `tend history`.
public struct RevisionRecord: Sendable, Hashable, Codable {
  /// The unit.
  public var unit: String
  /// Which revision.
  public var revision: Revision
  /// When it was first seen.
  public var seenAt: Timestamp
  /// When it reached its present state.
  public var changedAt: Timestamp
  /// What became of it.
  public var state: State
  /// By whom or what it came in: `git`, `directory`, or the user who ran `tend apply`.
  public var by: String
  /// How many resources it created, updated, replaced and deleted so far.
  public var changes: Int
  /// Why it is in this state, where that needs words.
  public var message: String?

  /// What became of a revision.
  public enum State: String, Sendable, Hashable, Codable {
    /// It can't be used: its manifests have errors.
    case invalid
    /// Its plan was refused.
    case refused
    /// It is being applied.
    case applying
    /// All that it declares is as declared and works.
    case converged
    /// A newer one took its place before it had converged.
    case superseded
  }

  /// Describes what became of a revision.
  public init(
    unit: String, revision: Revision, seenAt: Timestamp, changedAt: Timestamp, state: State,
    by: String, changes: Int = 0, message: String? = nil
  ) {
    self.unit = unit
    self.revision = revision
    self.seenAt = seenAt
    self.changedAt = changedAt
    self.state = state
    self.by = by
    self.changes = changes
    self.message = message
  }
}
