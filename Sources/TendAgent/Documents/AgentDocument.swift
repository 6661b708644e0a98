public import Tend
public import TendEngine

/// Which agent answers: what `tend` must know before it does something beside one.
public struct AgentDocument: Sendable, Hashable, Codable {
  /// Always `tend/v1`.
  public var apiVersion: String
  /// The agent's process id.
  public var pid: Int32
  /// Since when it runs.
  public var startedAt: Timestamp
  /// The version of its program.
  public var version: String
  /// The units that it follows.
  public var units: [String]
  /// What it can't watch, and looks at on its interval alone; nil: nothing.
  public var polled: [Polling]?
  /// Where its configuration stands; nil where it was given on the command line.
  public var configuration: ConfigurationDocument?

  /// Describes an agent.
  public init(
    pid: Int32, startedAt: Timestamp, version: String, units: [String],
    configuration: ConfigurationDocument? = nil
  ) {
    apiVersion = "tend/v1"
    self.pid = pid
    self.startedAt = startedAt
    self.version = version
    self.units = units
    self.configuration = configuration
  }
}
