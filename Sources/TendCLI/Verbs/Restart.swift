import ArgumentParser
import Tend
import TendAgent
import TendEngine

/// The verb `tend restart`.
struct Restart: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Starts a process anew.",
    discussion: """
      Its replicas are replaced as after a change of what is declared: as many at once as its \
      rollout allows, each ready before the next. One that has ended for good runs again.

        tend restart Process/web
      """)

  @Argument(help: "KIND/NAME, or GROUP/VERSION/KIND/NAME where the kind is ambiguous.")
  var resource: String
  @OptionGroup var unit: UnitOption
  @OptionGroup var state: StateOptions

  func perform(in session: Session) async throws -> ExitStatus {
    let client = ControlClient(stateDirectory: state.directory.path)
    let names = try await client.ask(
      .restart(unit: unit.unit, resource: resource), as: ItemList<String>.self
    ).items
    session.console.out(
      "Starts \(names.joined(separator: ", ")) anew; tend describe says how it goes.\n")
    return .success
  }
}
