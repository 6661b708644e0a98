import ArgumentParser
import Tend
import TendAgent
import TendEngine

/// The verb `tend reconcile`.
struct Reconcile: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Has the agent look now instead of at the next interval.",
    discussion: """
      A unit's source is asked for a newer revision, and its resources are observed and repaired. \
      What is suspended is left alone, and an error where it is named.

        tend reconcile              every unit
        tend reconcile web          one unit
        tend reconcile File/motd    one resource
      """)

  @Argument(
    help: "A unit or KIND/NAME; everything where it is left out.",
    completion: .unitsAndResources)
  var what: String?
  @OptionGroup var unit: UnitOption
  @OptionGroup var state: StateOptions

  func perform(in session: Session) async throws -> ExitStatus {
    let client = ControlClient(stateDirectory: state.directory.path)
    if let what, what.contains("/") {
      _ = try await client.ask(.reconcile(unit: unit.unit, resource: what), as: Value.self)
    } else {
      let name = what ?? unit.unit
      _ = try await client.ask(.refresh(unit: name), as: Value.self)
      _ = try await client.ask(.reconcile(unit: name, resource: nil), as: Value.self)
    }
    let asked = what ?? unit.unit ?? "everything"
    session.console.out("Asked for \(asked); tend status says how it goes.\n")
    return .success
  }
}
