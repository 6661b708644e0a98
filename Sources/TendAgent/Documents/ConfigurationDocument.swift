public import Tend

/// What the configuration of a running agent says of itself.
public struct ConfigurationDocument: Sendable, Hashable, Codable {
  /// The file.
  public var path: String
  /// When what is in force was read.
  public var readAt: Timestamp
  /// Why the file as it is now is not in force; nil where it is.
  public var problem: Failure?
  /// Fields that take effect only at the next start.
  public var deferred: [String]

  /// Describes a configuration.
  public init(path: String, readAt: Timestamp, problem: Failure? = nil, deferred: [String] = []) {
    self.path = path
    self.readAt = readAt
    self.problem = problem
    self.deferred = deferred
  }
}
