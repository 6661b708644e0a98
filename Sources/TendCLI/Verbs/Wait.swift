import ArgumentParser
import Tend
import TendAgent
import TendEngine

/// The verb `tend wait`.
struct Wait: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Waits until a unit or a resource is Ready.",
    discussion: """
      For scripts that go on after a deployment. The agent says when something changes; nothing is \
      asked again and again. An agent that is restarted meanwhile is waited for.

        tend wait                                           every unit
        tend wait web --revision "$(git rev-parse HEAD)"    at that revision
        tend wait File/motd --timeout 30s

      Exit status: 0 once it is Ready, 1 where it is Stalled or the time is up; then the resources \
      that hold it are named.
      """)

  @Argument(help: "A unit or KIND/NAME; every unit where it is left out.")
  var what: String?
  @Option(
    help: ArgumentHelp(
      "The revision that must be in force, by at least 7 characters of its id.", valueName: "id"))
  var revision: String?
  @Option(help: "How long, such as 30s. Default: 5m.")
  var timeout: DurationArgument?
  @OptionGroup var unit: UnitOption
  @OptionGroup var state: StateOptions

  func validate() throws {
    if let revision, revision.utf8.count < 7 {
      throw ValidationError("--revision needs at least 7 characters")
    }
  }

  func perform(in session: Session) async throws -> ExitStatus {
    let waiter = Waiter(
      watch: Watch(state, session.console), what: what, unit: unit.unit, revision: revision,
      begin: .wallClock)
    return try await waiter.run(for: timeout?.duration ?? .seconds(300), session.console)
  }
}
