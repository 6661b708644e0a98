import ArgumentParser
import TendAgent
import TendEngine

/// The verb `tend events`.
struct Events: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Lists what happened, oldest first.",
    discussion: """
      Every change with its cause, the fields that differed, and how it ended; never content.

        tend events File/motd
        tend events -u web --limit 200
      """)

  @Argument(help: "KIND/NAME; everything where it is left out.", completion: .resources)
  var resource: String?
  @OptionGroup var unit: UnitOption
  @Option(help: "The newest of them, at most this many.")
  var limit = 50
  @OptionGroup var output: OutputOption
  @OptionGroup var state: StateOptions

  func validate() throws {
    guard limit > 0 else { throw ValidationError("--limit must be at least 1") }
  }

  func perform(in session: Session) async throws -> ExitStatus {
    try await session.reading(state) { access in
      let request = ControlRequest.events(
        unit: unit.unit, resource: resource, after: nil, limit: limit)
      let events = try await access.ask(request, as: ItemList<Event>.self)
      session.console.out(
        try output.render(events) {
          let text = EventText(style: session.console.style)
          return events.items.isEmpty
            ? "No events.\n" : events.items.reversed().map { text.line($0) + "\n" }.joined()
        })
      return .success
    }
  }
}
