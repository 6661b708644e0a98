private import Logging
import Tend
import TendEngine
import TendGit
import TendSQLite

/// The fields of a configuration besides its units, as they are written.
struct ConfigurationFields: Decodable {
  var defaults: TreatmentFields?
  var stateDirectory: String?
  var concurrency: Int?
  var drain: Duration?
  var logs: Logs?
  var backups: Backups?
  var retention: Kept?
  var host: String?
  var metricsFile: String?
  var readers: String?
  var stopOnExit: Bool?

  struct Logs: Decodable {
    var level: String?
    var format: String?
  }

  struct Backups: Decodable {
    var copies: Int?
    var age: Duration?
    var bytes: Int64?

    var rotation: BackupRotation {
      var rotation = BackupRotation()
      if let copies { rotation.countOfPath = copies }
      if let age { rotation.age = age }
      if let bytes { rotation.totalBytes = bytes }
      return rotation
    }
  }

  struct Kept: Decodable {
    var events: Int?
    var age: Duration?
    var revisions: Int?

    var retention: Retention {
      var retention = Retention()
      if let events { retention.maximumEvents = events }
      if let age { retention.age = age }
      if let revisions { retention.revisions = revisions }
      return retention
    }
  }

  /// The configuration with these units; `state` is what the command line says of the directory.
  func configuration(
    _ units: [UnitConfiguration], state: StateDirectory
  ) -> AgentConfiguration {
    var configuration = AgentConfiguration(state: state, units: units)
    configuration.concurrency = concurrency
    if let drain { configuration.drain = drain }
    configuration.logLevel = (logs?.level).flatMap { Logger.Level(rawValue: $0) }
    configuration.logFormat = (logs?.format).flatMap { LineLog.Format(rawValue: $0) }
    configuration.metricsFile = metricsFile
    configuration.readers = readers
    configuration.stopsOnExit = stopOnExit ?? false
    if let backups { configuration.rotation = backups.rotation }
    if let retention { configuration.retention = retention.retention }
    return configuration
  }
}

/// How a unit is treated, where that has a default for all.
struct TreatmentFields: Decodable {
  var interval: Duration?
  var timeout: Duration?
  var refresh: Duration?
  var mode: Lifecycle.Mode?

  func apply(to policy: inout Unit.Policy) {
    if let interval { policy.interval = interval }
    if let timeout { policy.timeout = timeout }
    if let refresh { policy.refreshInterval = refresh }
    if let mode { policy.mode = mode }
  }
}

/// The fields of one unit, as they are written.
struct UnitFields: Decodable {
  var name: String
  var source: SourceFields
  var treatment: TreatmentFields
  var empty: Bool?
  var allowedDeletions: Int?
  var dependencies: [String]?
  var formerName: String?
  var allow: [String: [String]]?
  var root: String?

  private enum Key: String, CodingKey {
    case name, source, empty, allowedDeletions, allow, root
    case dependencies = "dependsOn"
    case formerName = "renamedFrom"
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    name = try fields.decode(String.self, forKey: .name)
    source = try fields.decode(SourceFields.self, forKey: .source)
    empty = try fields.decodeIfPresent(Bool.self, forKey: .empty)
    allowedDeletions = try fields.decodeIfPresent(Int.self, forKey: .allowedDeletions)
    dependencies = try fields.decodeIfPresent([String].self, forKey: .dependencies)
    formerName = try fields.decodeIfPresent(String.self, forKey: .formerName)
    allow = try fields.decodeIfPresent([String: [String]].self, forKey: .allow)
    root = try fields.decodeIfPresent(String.self, forKey: .root)
    treatment = try TreatmentFields(from: decoder)
  }

  /// The unit; what can't be is reported with its field.
  func unit(
    _ defaults: TreatmentFields?, mirrors: String, place: (FieldPath) -> Place,
    _ problems: inout [ConfigurationProblem]
  ) -> UnitConfiguration {
    var policy = Unit.Policy()
    defaults?.apply(to: &policy)
    treatment.apply(to: &policy)
    policy.allowsEmpty = empty ?? false
    policy.allowedDeletions = allowedDeletions
    policy.allow = allow(place, &problems)
    policy.root = root
    var unit = UnitConfiguration(
      name, origin: source.origin(mirrors: mirrors, &problems), policy: policy)
    unit.dependencies = dependencies ?? []
    unit.formerName = formerName
    return unit
  }
}

extension UnitFields {
  /// What is allowed, with the line of each entry.
  private func allow(
    _ place: (FieldPath) -> Place, _ problems: inout [ConfigurationProblem]
  ) -> Allow? {
    guard let allow else { return nil }
    func entries(_ key: String) -> [Allow.Entry]? {
      allow[key]?.enumerated().map { index, text in
        Allow.Entry(text, at: place(FieldPath([.key("allow"), .key(key), .index(index)])))
      }
    }
    for (index, path) in (allow["paths"] ?? []).enumerated()
    where !path.hasPrefix("/") || path.split(separator: "/").contains("..") {
      problems.append(
        ConfigurationProblem(
          "allow.paths[\(index)]", "allow.paths[\(index)] is no absolute path, or leads upward",
          remedy: "write out where it leads, from the root on"))
    }
    var accesses: [Access.Kind: [Allow.Entry]] = [:]
    for kind in Access.Kind.allCases { accesses[kind] = entries(kind.plural) }
    return Allow(
      kinds: entries("kinds"), accesses: accesses, at: place(FieldPath([.key("allow")])))
  }
}

/// The fields of `source`, as they are written.
struct SourceFields: Decodable {
  var git: GitFields?
  var directory: String?

  func origin(
    mirrors: String, _ problems: inout [ConfigurationProblem]
  ) -> UnitConfiguration.Origin {
    if (git == nil) == (directory == nil) {
      problems.append(
        ConfigurationProblem(
          "source", "source must have exactly one of git and directory",
          remedy: git == nil ? "add one of them" : "take one of them away"))
    }
    if let git {
      if let problem = git.problem { problems.append(problem) }
      return .git(git.configuration(mirrors: mirrors))
    }
    if let directory, !directory.hasPrefix("/") {
      problems.append(
        ConfigurationProblem(
          "source.directory", "source.directory is not an absolute path",
          remedy: "begin it with a slash"))
    }
    return .directory(directory ?? "/")
  }
}
