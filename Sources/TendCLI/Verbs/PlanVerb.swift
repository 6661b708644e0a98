import ArgumentParser
import Tend
import TendAgent
import TendEngine
import TendSQLite

/// The verb `tend plan`.
struct PlanVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Shows what would change, and changes nothing.",
    discussion: """
      Looks at the world, compares it with the manifests, and shows each change with the line \
      behind it:

        +    to create        ~    to update        -/+  to replace
        -    to delete        o    to give up       ?    not known yet
        >    renamed

      A single file or standard input never deletes what it does not declare; a directory does. \
      With --detailed-exitcode the exit status is 0 where nothing would change, 2 where something \
      would, 1 for errors.
      """)

  @OptionGroup var manifests: ManifestOptions
  @Flag(name: .customLong("detailed-exitcode"), help: "Exit with 2 where anything would change.")
  var isDetailed = false
  @OptionGroup var secrecy: PrivateOption
  @OptionGroup var output: OutputOption
  @OptionGroup var state: StateOptions
  var placePrefix: String { manifests.input.prefix }

  func perform(in session: Session) async throws -> ExitStatus {
    let plan = try await plan(in: session)
    session.console.out(
      try output.render(PlanDocument(plan)) {
        PlanText(
          style: session.console.style, prefix: placePrefix, showsPrivate: secrecy.showsPrivate
        ).render(plan)
      })
    if !plan.errors.isEmpty || !plan.refused.isEmpty { return .failure }
    return isDetailed && !plan.isEmpty ? .different : .success
  }

  private func plan(in session: Session) async throws -> Plan {
    var configuration = Engine.Configuration()
    configuration.showsPrivate = secrecy.showsPrivate
    do {
      let store = try SQLiteStore(at: state.directory.path, mode: .readOnly)
      return try await plan(
        with: session.engine(store, configuration: configuration, on: state.directory))
    } catch let error as StoreError where error.code == .missing {
      return try await plan(
        with: session.engine(
          InMemoryStore(), configuration: configuration, on: state.directory))
    }
  }

  private func plan(with engine: Engine) async throws -> Plan {
    let unit = try manifests.target()
    let options = manifests
    let reading = try await options.input.read(for: unit.name)
    if !reading.diagnostics.isEmpty {
      throw reading.mistakes(checkedBy: engine, for: unit.name)
    }
    return try await engine.running { engine in
      var plan = try await Self.plan(reading, for: unit, with: engine)
      try await Scope(options).check(&plan) { unit in
        try await engine.revisions(of: unit, limit: Scope.lookedAt)
      }
      return plan
    }
  }

  /// Preparing checks as much as validating does: what is sound is checked only once.
  private static func plan(
    _ reading: Input.Reading, for unit: Unit, with engine: Engine
  ) async throws -> Plan {
    do throws(EngineError) {
      return try await engine.prepare(reading.snapshot, for: unit).plan
    } catch {
      guard error.code == .invalid else { throw error }
      let wrong = reading.mistakes(checkedBy: engine, for: unit.name)
      if wrong.isEmpty { throw error }
      throw wrong
    }
  }
}
