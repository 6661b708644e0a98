import ArgumentParser
import TendAgent

/// One verb of the command; its file is named after it.
protocol Verb: AsyncParsableCommand {
  /// Does it; what is thrown is printed as a diagnostic, and the exit status is 1.
  func perform(in session: Session) async throws -> ExitStatus

  /// What stands before the files of manifests in diagnostics; see `PlanText`.
  var placePrefix: String { get }
}

/// How a command ends, as scripts see it.
struct ExitStatus: Sendable, Hashable {
  let code: Int32

  /// It went as asked.
  static let success = ExitStatus(code: 0)
  /// It did not.
  static let failure = ExitStatus(code: 1)
  /// It went as asked, and there is something to do: `--detailed-exitcode`; or there is no agent.
  static let different = ExitStatus(code: 2)
}

extension Verb {
  var placePrefix: String { "" }

  mutating func run() async throws {
    let session = Session.current
    let status: ExitStatus
    do {
      status = try await perform(in: session)
    } catch let error where error is CleanExit || error is ValidationError || error is ExitCode {
      throw error
    } catch {
      let text = DiagnosticText(style: session.console.errorStyle, prefix: placePrefix)
      session.console.error(text.render(Failure(error)))
      throw ExitCode(1)
    }
    if status != .success { throw ExitCode(status.code) }
  }
}
