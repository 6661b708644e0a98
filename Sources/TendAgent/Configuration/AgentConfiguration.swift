public import Logging
import Tend
public import TendSQLite

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
  /// The least that is logged; nil: what the command line says.
  public var logLevel: Logger.Level?
  /// How a record is logged; nil: what the command line says.
  public var logFormat: LineLog.Format?
  /// Which backups are kept.
  public var rotation = BackupRotation()
  /// How much history is kept.
  public var retention = Retention()
  /// A file of metrics for node_exporter's textfile collector, by its absolute path; it ends in
  /// `.prom`.
  ///
  /// nil: none. Written every 15 s, and removed when the agent ends.
  public var metricsFile: String?

  /// The group whose members may ask the agent how things are, and change nothing; nil: nobody.
  public var readers: String?

  /// Whether what providers keep running is ended when the agent ends; else it goes on.
  public var stopsOnExit = false

  /// The file that it was read from; nil where a program made it.
  var source: Source?

  /// Which file a configuration was read from.
  struct Source: Sendable {
    let file: ConfigurationFile
    /// The file as it was when it was read.
    let stamp: FileStamp?
    /// What takes effect only at the next start, by field.
    let lasting: Value.Fields
  }

  /// A configuration with the defaults.
  public init(state: StateDirectory, units: [UnitConfiguration]) {
    self.state = state
    self.units = units
  }

  /// Throws the first thing that can't be; an agent does not start with it.
  func check() throws(Failure) {
    if let problem = problems().first {
      throw Failure("Configuration", problem.message, remedy: problem.remedy)
    }
  }

  /// All that can't be, in the order of the fields.
  func problems() -> [ConfigurationProblem] {
    var problems: [ConfigurationProblem] = []
    if units.isEmpty {
      problems.append(
        ConfigurationProblem(
          "units", "no unit is configured", remedy: "follow a repository or a directory"))
    }
    if let concurrency, concurrency < 1 {
      problems.append(
        ConfigurationProblem(
          "concurrency", "concurrency is \(concurrency)", remedy: "give at least 1"))
    }
    if drain < .zero {
      problems.append(
        ConfigurationProblem("drain", "drain is negative", remedy: "give a time such as 60s"))
    }
    if let metricsFile, !metricsFile.hasPrefix("/") || !metricsFile.hasSuffix(".prom") {
      problems.append(
        ConfigurationProblem(
          "metricsFile", "metrics can't be written to \(metricsFile)",
          remedy: "give an absolute path that ends in .prom; node_exporter reads no other"))
    }
    for (index, unit) in units.enumerated() {
      problems += unit.problems().map { $0.below("units", index) }
    }
    return problems + duplicates() + renames() + UnitOrder(units).problems
  }

  private func renames() -> [ConfigurationProblem] {
    let names = Set(units.map(\.name))
    var heirs: Set<String> = []
    return units.enumerated().compactMap { index, unit in
      guard let former = unit.formerName, former != unit.name else { return nil }
      let message =
        names.contains(former)
        ? "unit \(former) is still configured"
        : heirs.insert(former).inserted ? nil : "two units were renamed from \(former)"
      return message.map {
        ConfigurationProblem(
          "renamedFrom", $0, remedy: "one unit, with another name than before, takes over"
        ).below("units", index)
      }
    }
  }

  private func duplicates() -> [ConfigurationProblem] {
    var first: [String: Int] = [:]
    var problems: [ConfigurationProblem] = []
    for (index, unit) in units.enumerated() {
      guard let other = first[unit.name] else {
        first[unit.name] = index
        continue
      }
      var problem = ConfigurationProblem(
        "name", "two units have the name \(unit.name)", remedy: "give each its own name"
      ).below("units", index)
      problem.related = FieldPath([.key("units"), .index(other), .key("name")])
      problems.append(problem)
    }
    return problems
  }
}

/// One thing that can't be in a configuration, wherever that came from.
struct ConfigurationProblem: Sendable, Hashable {
  /// The field, from the top of the configuration.
  var field: FieldPath
  let message: String
  let remedy: String
  /// Another field that has to do with it.
  var related: FieldPath?

  init(_ field: String, _ message: String, remedy: String) {
    self.field = FieldPath(field) ?? FieldPath([])
    self.message = message
    self.remedy = remedy
  }

  /// The same for a part of a whole.
  func below(_ list: String, _ index: Int) -> ConfigurationProblem {
    var problem = self
    problem.field = FieldPath([.key(list), .index(index)] + field.steps)
    return problem
  }
}
