import ArgumentParser
import TendAgent

/// The verb `tend metrics`.
struct MetricsVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: "metrics",
    abstract: "Prints what the agent counts and measures.",
    discussion: """
      Prometheus' text format 0.0.4. For a scrape without a port, give the agent --metrics-file and
      let node_exporter's textfile collector read that.
      """)

  @OptionGroup var state: StateOptions

  func perform(in session: Session) async throws -> ExitStatus {
    let client = ControlClient(stateDirectory: state.directory.path)
    session.console.out(try await client.ask(.metrics, as: String.self))
    return .success
  }
}
