import ArgumentParser
import TendAgent
import TendEngine

/// The verb `tend forget`.
struct Forget: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Stops owning a resource, and touches nothing.",
    discussion: """
      It stays as it is, and is no longer repaired or deleted. Take its declaration away first, or \
      the next revision adopts it again.

        tend forget File/motd
      """)

  @Argument(
    help: "KIND/NAME, or GROUP/VERSION/KIND/NAME where the kind is ambiguous.",
    completion: .resources)
  var resource: String
  @OptionGroup var unit: UnitOption
  @OptionGroup var state: StateOptions

  func perform(in session: Session) async throws -> ExitStatus {
    try await session.changing(state) { access in
      let found = try await access.resource(resource, unit: unit.unit)
      let name = "\(found.apiVersion)/\(found.reference)"
      let forgotten = try await access.ask(
        .forget(unit: found.unit, resource: name), as: ResourceStatus.self)
      session.console.out(
        "\(forgotten.reference) is no longer owned; \(forgotten.identity) stays as it is.\n")
      if forgotten.isDeclared {
        session.console.error(
          "note: \(forgotten.place) still declares it; the next revision adopts it again\n")
      }
      return .success
    }
  }
}
