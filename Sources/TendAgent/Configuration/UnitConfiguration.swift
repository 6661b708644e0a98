import Logging
import Tend
public import TendEngine
public import TendGit
public import TendManifest

/// One unit of an agent.
public struct UnitConfiguration: Sendable {
  /// Where a unit's declarations come from.
  public enum Origin: Sendable {
    /// A Git repository.
    case git(GitConfiguration)
    /// A directory of this machine.
    case directory(String)
  }

  /// Its name.
  public var name: String
  /// Where its declarations come from.
  public var origin: Origin
  /// How it is treated.
  public var policy: Unit.Policy
  /// Units that must be Ready before a new revision of this one is begun.
  public var dependencies: [String] = []
  /// The name that it had before; its resources are taken over.
  public var formerName: String?
  /// Who its source is read for, and values of its own.
  public var values = ValueInputs()
  /// All that was written of it, to tell later whether anything changed.
  var written: [Value] = []

  /// A unit with the default policy.
  public init(_ name: String, origin: Origin, policy: Unit.Policy = Unit.Policy()) {
    self.name = name
    self.origin = origin
    self.policy = policy
  }

  /// All that can't be, each with its field.
  func problems() -> [ConfigurationProblem] {
    var problems: [ConfigurationProblem] = []
    if !Self.isName(name) {
      problems.append(
        ConfigurationProblem(
          "name", "\"\(name.prefix(80))\" can't be the name of a unit",
          remedy: "use 1 to 253 letters, digits, dots, dashes and underscores"))
    }
    for (field, what, duration) in [
      ("interval", "interval", policy.interval), ("timeout", "timeout", policy.timeout),
      ("refresh", "refresh interval", policy.refreshInterval),
    ] where duration <= .zero {
      problems.append(
        ConfigurationProblem(
          field, "the \(what) of unit \(name) is \(duration.brief)",
          remedy: "give a time above zero, such as 30s"))
    }
    if let formerName, !Self.isName(formerName) || formerName == name {
      problems.append(
        ConfigurationProblem(
          "renamedFrom", "renamedFrom can't be the former name of unit \(name)",
          remedy: "give the name that it had before, or leave it out"))
    }
    if let root = policy.root, !root.hasPrefix("/") || root.split(separator: "/").contains("..") {
      problems.append(
        ConfigurationProblem(
          "root", "the root of unit \(name) is no absolute path, or leads upward",
          remedy: "write out where it leads, from the root of the machine on"))
    }
    return problems
  }

  /// As the engine takes it.
  var unit: Unit { Unit(name, policy: policy, dependsOn: dependencies) }

  static func isName(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= 253 && name.utf8.allSatisfy(mayStand)
  }

  private static func mayStand(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: ".-_".utf8.contains(byte)
    }
  }

  /// The source; `settle` is how long a directory must have rested when it is read.
  ///
  /// Throws where the configuration of a repository can't be.
  func source(
    settle: Duration = .seconds(1), logger: Logger? = nil
  ) throws(SourceError) -> any Source {
    var values = values
    (values.unit, values.root) = (name, policy.root)
    switch origin {
    case .git(var configuration):
      configuration.values = values
      if let logger { configuration.logger = logger }
      return try GitSource(configuration)
    case .directory(let path):
      var configuration = DirectoryConfiguration(path: path)
      configuration.values = values
      configuration.settle = settle
      if let logger { configuration.logger = logger }
      return DirectorySource(configuration)
    }
  }
}
