import ArgumentParser
import Tend
import TendAgent
import TendEngine

/// What `tend status` says, as JSON.
private struct StatusDocument: Encodable {
  var apiVersion = "tend/v1"
  var items: [UnitStatus]
  var configuration: ConfigurationDocument?
  var polled: [Polling]?
}

/// The verb `tend status`.
struct Status: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Says whether all units are Ready.",
    discussion: """
      Exit status: 0 where every unit is Ready, 1 where one is not or the configuration of the \
      agent can't be used, 2 where no agent runs; then \
      what is shown is what the last one knew.
      """)

  @OptionGroup var unit: UnitOption
  @OptionGroup var output: OutputOption
  @OptionGroup var state: StateOptions

  func perform(in session: Session) async throws -> ExitStatus {
    do {
      return try await session.reading(state) { access in
        let units = try await access.units().filter { unit.unit == nil || $0.name == unit.unit }
        if let name = unit.unit, units.isEmpty { _ = try await access.unit(named: name) }
        let text = UnitText(style: session.console.style)
        let configuration = access.agent?.configuration
        session.console.out(
          try output.render(
            StatusDocument(
              items: units, configuration: configuration, polled: access.agent?.polled)
          ) {
            output.isWide ? text.table(units, isWide: true) : text.paragraphs(units)
          })
        if let configuration { report(configuration, session.console) }
        for polling in access.agent?.polled ?? [] {
          session.console.error(
            "note: \(polling.subject): looked at on the interval alone, since "
              + "\(polling.reason)\n")
        }
        guard access.isAgent else {
          session.console.error(noAgent)
          return .different
        }
        let isReady = units.allSatisfy { $0.left != nil || $0.condition(.ready)?.status == .yes }
        return isReady && configuration?.problem == nil ? .success : .failure
      }
    } catch let failure as Failure where failure.code == ControlClient.absent {
      session.console.error(
        DiagnosticText(style: session.console.errorStyle).render(failure))
      return .different
    }
  }

  private func report(_ configuration: ConfigurationDocument, _ console: Console) {
    if let problem = configuration.problem {
      console.error(DiagnosticText(style: console.errorStyle).render(problem))
      console.error(
        "note: \(configuration.path) can't be used; what was read of it at "
          + "\(configuration.readAt) stays in force\n")
    }
    if !configuration.deferred.isEmpty {
      console.error(
        "note: \(configuration.deferred.joined(separator: ", ")) in \(configuration.path) takes "
          + "effect at the next start of the agent\n")
    }
  }

  private var noAgent: String {
    "note: no agent runs on \(state.directory.path); this is what the last one knew\n"
  }
}
