import Subprocess
import TestSupport

/// The built `tend`, with what differs from run to run masked in what it says.
struct Command {
  private let tend: Tend

  init() throws { tend = try Tend("command", bare: true) }

  var folder: TemporaryFolder { tend.folder }
  var state: String { tend.state }
  var world: String { tend.world }

  /// Runs it to its end.
  func callAsFunction(
    _ arguments: String..., input: String = "", environment: [Environment.Key: String?] = [:]
  ) async throws -> Tend.Output {
    masked(try await tend.run(arguments, input: input, environment: environment))
  }

  /// Runs a line of a shell, in which `$tend` is the command.
  func shell(_ line: String) async throws -> Tend.Output {
    masked(try await tend.shell(line))
  }

  /// Runs an agent while a body looks at what it does; then ends it by SIGTERM.
  func agent(
    _ arguments: String..., body: @Sendable (Int32) async throws -> Void
  ) async throws -> Tend.Output {
    masked(try await tend.run(["agent", "--interval", "200ms"] + arguments, while: body))
  }

  /// Runs an agent on the configuration `agent.yaml` of the folder while a body looks on.
  func configured(body: @Sendable (Int32) async throws -> Void) async throws -> Tend.Output {
    masked(try await tend.run(["agent", "--config", "agent.yaml"], while: body))
  }

  private func masked(_ output: Tend.Output) -> Tend.Output {
    Tend.Output(
      status: output.status, out: masked(output.out), errors: masked(output.errors))
  }

  /// The folder, times, durations, ids.
  private func masked(_ text: String) -> String {
    text.replacing(folder.path, with: "DIR")
      .replacing(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/, with: "TIME")
      .replacing(/in (\d+\.?\d*m?s|<1ms)/, with: "in DURATION")
      .replacing(/\b[0-9a-f]{10}\b/, with: "REVISION")
  }
}
