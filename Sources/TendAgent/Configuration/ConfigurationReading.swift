import Tend
import TendEngine
import TendGit
import TendManifest

/// Makes a configuration of one document, and gathers all that is wrong with it.
struct ConfigurationReading {
  private(set) var diagnostics: [Diagnostic] = []
  private let document: Document

  init(_ document: Document, more: ArraySlice<Document>) {
    self.document = document
    if let second = more.first {
      diagnostics.append(
        Diagnostic(
          .syntax, at: second.place, "a configuration is one document",
          remedy: "put all units into one list"))
    }
    diagnostics += document.diagnostics(
      checkedBy: ConfigurationSchema.schema, subject: "configuration")
    findNulls(document.value, FieldPath([]))
  }

  /// What is there and says nothing might have been meant to narrow something.
  private mutating func findNulls(_ value: Value, _ path: FieldPath) {
    switch value {
    case .null:
      let place = document.place(of: path)
      if diagnostics.contains(where: { $0.place == place }) { return }
      report(
        .wrongType, path, "\(path.steps.isEmpty ? "configuration" : path.description) is empty",
        remedy: "give it a value, or leave the field out")
    case .list(let values):
      for (index, value) in values.enumerated() { findNulls(value, path.appending(.index(index))) }
    case .map(let fields):
      for entry in fields.entries { findNulls(entry.value, path.appending(.key(entry.key))) }
    case .boolean, .integer, .number, .string: return
    }
  }

  /// What takes effect only at the next start: all but the units and their defaults.
  var lasting: Value.Fields {
    guard case .map(var fields) = document.value else { return Value.Fields() }
    fields["units"] = nil
    fields["defaults"] = nil
    fields["host"] = nil
    return fields
  }

  /// The configuration, as far as it can be made.
  ///
  /// Units that have mistakes of their own are left out; what only follows from that is not
  /// reported.
  mutating func configuration(state: StateDirectory?) -> AgentConfiguration? {
    guard case .map(var fields) = document.value else { return nil }
    guard case .list(let values)? = fields["units"] else { return nil }
    fields["units"] = nil
    let isWhole = diagnostics.isEmpty
    let defaults = fields["defaults"] ?? .null
    guard let general = try? ValueDecoder().decode(ConfigurationFields.self, from: .map(fields))
    else { return nil }
    let state = directory(state, general)
    if let host = general.host, host.isEmpty || host.contains("/") {
      report(
        .invalidValue, FieldPath([.key("host")]), "host can't be the name of a host",
        remedy: "write it as hostname prints it, or leave it out")
    }
    var problems: [ConfigurationProblem] = []
    var units: [UnitConfiguration] = []
    for (index, value) in values.enumerated() {
      guard let fields = try? ValueDecoder().decode(UnitFields.self, from: value) else { continue }
      var own: [ConfigurationProblem] = []
      let place = { (path: FieldPath) in
        self.document.place(of: FieldPath([.key("units"), .index(index)] + path.steps))
      }
      var unit = fields.unit(general.defaults, mirrors: state.mirrors, place: place, &own)
      unit.values = inputs(value, index, general.host)
      if own.isEmpty { own = sourceProblems(of: unit) }
      if !isWhole { own += unit.problems() }
      // The lines of what is allowed stand in errors, so they count as well.
      unit.written = [
        value, defaults, general.host.map { .string($0) } ?? .null,
        .string(unit.policy.allow.map { "\($0)" } ?? ""),
      ]
      problems += own.map { $0.below("units", index) }
      units.append(unit)
    }
    let configuration = general.configuration(units, state: state)
    if isWhole { problems += configuration.problems() }
    for problem in problems { report(problem) }
    return configuration
  }

  /// Who a unit is read for, and its own values.
  private mutating func inputs(_ unit: Value, _ index: Int, _ host: String?) -> ValueInputs {
    var inputs = ValueInputs(host: host)
    if case .map(let fields) = unit, let values = fields["values"] {
      var reading = ValuesReading(document)
      inputs.values = reading.values(
        of: values, FieldPath([.key("units"), .index(index), .key("values")]))
      let known = Set(diagnostics.map(\.place))
      diagnostics += reading.diagnostics.filter { !known.contains($0.place) }
    }
    return inputs
  }

  private mutating func directory(
    _ given: StateDirectory?, _ fields: ConfigurationFields
  ) -> StateDirectory {
    if let path = fields.stateDirectory, !path.hasPrefix("/") {
      report(
        .invalidValue, FieldPath([.key("stateDirectory")]),
        "stateDirectory is not an absolute path", remedy: "begin it with a slash")
    }
    return given ?? fields.stateDirectory.map(StateDirectory.init) ?? .standard()
  }

  /// A source that can't be is found out before anything is opened or fetched.
  private func sourceProblems(of unit: UnitConfiguration) -> [ConfigurationProblem] {
    do {
      _ = try unit.source()
      return []
    } catch {
      return [
        ConfigurationProblem(
          "source.git", error.message, remedy: error.remedy ?? "correct the source")
      ]
    }
  }

  private mutating func report(_ problem: ConfigurationProblem) {
    diagnostics.append(
      Diagnostic(
        .invalidValue, at: document.place(of: problem.field), problem.message,
        remedy: problem.remedy, related: problem.related.map { [document.place(of: $0)] } ?? []))
  }

  private mutating func report(
    _ code: Diagnostic.Code, _ path: FieldPath, _ message: String, remedy: String
  ) {
    diagnostics.append(
      Diagnostic(code, at: document.place(of: path), message, remedy: remedy))
  }
}
