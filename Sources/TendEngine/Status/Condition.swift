public import Tend

/// One thing that is true or not of a resource or a unit, and why.
public struct Condition: Sendable, Hashable, Codable {
  /// Which question it answers.
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// It works.
    case ready = "Ready"
    /// It is as declared.
    case inSync = "InSync"
    /// Something is being done about it.
    case reconciling = "Reconciling"
    /// Nothing more is done until something changes.
    case stalled = "Stalled"
  }

  /// The answer.
  public enum Status: String, Sendable, Hashable, Codable {
    /// Yes.
    case yes = "True"
    /// No.
    case no = "False"
    /// Not known.
    case unknown = "Unknown"
  }

  /// Which question.
  public var type: Kind
  /// The answer.
  public var status: Status
  /// Why, as one word for machines: `Contested`, `DeletionBudget`, `Waiting`.
  public var reason: String
  /// Why, for people; never a secret.
  public var message: String
  /// The revision of which this is said.
  public var observedRevision: String?
  /// When the answer last changed.
  public var lastTransitionTime: Timestamp?

  /// Answers a question.
  public init(
    _ type: Kind, _ status: Status, reason: String, message: String = "",
    observedRevision: String? = nil, lastTransitionTime: Timestamp? = nil
  ) {
    self.type = type
    self.status = status
    self.reason = reason
    self.message = message
    self.observedRevision = observedRevision
    self.lastTransitionTime = lastTransitionTime
  }
}
