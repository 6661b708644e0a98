import Tend
public import TendEngine
public import TendGit

/// What an agent follows, and where it keeps its state.
public struct AgentConfiguration: Sendable {
  /// Where it keeps what must outlive it.
  public var state: StateDirectory
  /// What it follows; at least one.
  public var units: [UnitConfiguration]
  /// How many resources are reconciled at once over all providers.
  ///
  /// nil: what each provider allows.
  public var concurrency: Int?
  /// How long a shutdown waits for reconciles that have begun.
  ///
  /// 60 s; what is cut short is found
  /// and finished at the next start.
  public var drain: Duration = .seconds(60)

  /// A configuration with the defaults.
  public init(state: StateDirectory, units: [UnitConfiguration]) {
    self.state = state
    self.units = units
  }

  /// Throws the first thing that can't be; an agent does not start with it.
  func check() throws(Failure) {
    guard !units.isEmpty else {
      throw Self.wrong("no unit is configured", "follow a repository or a directory")
    }
    var names: Set<String> = []
    for unit in units {
      try unit.check()
      guard names.insert(unit.name).inserted else {
        throw Self.wrong("two units have the name \(unit.name)", "give each its own name")
      }
    }
    guard concurrency ?? 1 > 0 else {
      throw Self.wrong("concurrency is \(concurrency ?? 0)", "give at least 1")
    }
    guard drain >= .zero else { throw Self.wrong("drain is negative", "give a time such as 60s") }
  }

  static func wrong(_ message: String, _ remedy: String) -> Failure {
    Failure("Configuration", message, remedy: remedy)
  }
}

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

  /// A unit with the default policy.
  public init(_ name: String, origin: Origin, policy: Unit.Policy = Unit.Policy()) {
    self.name = name
    self.origin = origin
    self.policy = policy
  }

  func check() throws(Failure) {
    let isName = !name.isEmpty && name.utf8.count <= 253 && name.utf8.allSatisfy(Self.mayStand)
    guard isName else {
      throw AgentConfiguration.wrong(
        "\"\(name)\" can't be the name of a unit",
        "use 1 to 253 letters, digits, dots, dashes and underscores")
    }
    for (what, duration) in [
      ("interval", policy.interval), ("timeout", policy.timeout),
      ("refresh interval", policy.refreshInterval),
    ] where duration <= .zero {
      throw AgentConfiguration.wrong(
        "the \(what) of unit \(name) is \(duration.brief)", "give a time above zero, such as 30s")
    }
  }

  private static func mayStand(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: ".-_".utf8.contains(byte)
    }
  }

  /// The source; `settle` is the time between two readings of a directory that must be equal.
  func source(settle: Duration = .seconds(1)) throws -> any Source {
    switch origin {
    case .git(let configuration): return try GitSource(configuration)
    case .directory(let path):
      var configuration = DirectoryConfiguration(path: path)
      configuration.settle = settle
      return DirectorySource(configuration)
    }
  }
}
