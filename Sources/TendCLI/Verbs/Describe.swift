import ArgumentParser
import Tend
import TendAgent
import TendEngine

/// The verb `tend describe`.
struct Describe: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Shows all that is known of one resource.",
    discussion: """
      Where it is declared, its conditions and their reasons, what it depends on and waits for, \
      and what happened to it last.

        tend describe File/motd
      """)

  @Argument(
    help: "KIND/NAME, or GROUP/VERSION/KIND/NAME where the kind is ambiguous.",
    completion: .resources)
  var resource: String
  @OptionGroup var unit: UnitOption
  @OptionGroup var output: OutputOption
  @OptionGroup var state: StateOptions

  func perform(in session: Session) async throws -> ExitStatus {
    try await session.reading(state) { access in
      let found = try await access.resource(resource, unit: unit.unit)
      let request = ControlRequest.events(
        unit: found.unit, resource: found.reference, after: nil, limit: 10)
      let events = try await access.ask(request, as: ItemList<Event>.self).items
      session.console.out(
        try output.render(found) {
          ResourceText(style: session.console.style).description(of: found, events: events)
        })
      return .success
    }
  }
}
