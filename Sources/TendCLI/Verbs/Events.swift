import ArgumentParser
import TendAgent
import TendEngine

/// The verb `tend events`.
struct Events: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Lists what happened, oldest first.",
    discussion: """
      Every change with its cause, the fields that differed, how long they did where that was \
      drift, and how it ended; never content.

        tend events File/motd
        tend events -u web --limit 200
        tend events --follow -o json   a line for each as it happens, also over restarts of the \
                                       agent; --after NUMBER goes on where a reader ended
      """)

  @Argument(help: "KIND/NAME; everything where it is left out.", completion: .resources)
  var resource: String?
  @OptionGroup var unit: UnitOption
  @Option(help: "The newest of them, at most this many.")
  var limit = 50
  @Flag(name: .shortAndLong, help: "Go on with what happens from now on.")
  var follow = false
  @Option(help: "Only what came after the event with this number, oldest first.")
  var after: Int64?
  @OptionGroup var output: OutputOption
  @OptionGroup var state: StateOptions

  func validate() throws {
    guard limit > 0 else { throw ValidationError("--limit must be at least 1") }
  }

  func perform(in session: Session) async throws -> ExitStatus {
    if follow {
      var follower = EventFollower(
        session: session, watch: Watch(state, session.console), unit: unit.unit,
        resource: resource, output: output
      )
      return try await follower.run(after: after, limit: limit)
    }
    return try await session.reading(state) { access in
      if let unit = unit.unit { _ = try await access.unit(named: unit) }
      if let after {
        let request = ControlRequest.eventsAfter(
          unit: unit.unit, resource: resource, number: after, limit: limit)
        let page = try await access.ask(request, as: EventPage.self)
        return try show(ItemList(page.events), page.events, session)
      }
      let request = ControlRequest.events(
        unit: unit.unit, resource: resource, after: nil, limit: limit)
      let events = try await access.ask(request, as: ItemList<Event>.self)
      let oldestFirst = Array(events.items.reversed())
      return try show(ItemList(oldestFirst), oldestFirst, session)
    }
  }

  private func show(
    _ document: ItemList<Event>, _ oldestFirst: [Event], _ session: Session
  ) throws -> ExitStatus {
    session.console.out(
      try output.render(document) {
        let text = EventText(style: session.console.style, isWide: output.isWide)
        return oldestFirst.isEmpty
          ? "No events.\n" : oldestFirst.map { text.line($0) + "\n" }.joined()
      })
    return .success
  }
}
