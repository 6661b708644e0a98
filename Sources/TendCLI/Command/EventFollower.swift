import Tend
import TendAgent
import TendEngine

/// Prints events as they happen: each once, in their order.
struct EventFollower {
  let session: Session
  var watch: Watch
  let unit: String?
  let resource: String?
  let output: OutputOption

  /// A page of what is followed, in events.
  private static let page = 1000

  /// Ends where nobody reads any more.
  ///
  /// Begins after a number, or with the newest `limit` events.
  mutating func run(after number: Int64?, limit: Int) async throws -> ExitStatus {
    try await watch.begin()
    var next: Int64
    if let number { next = number } else { next = try await list(limit) }
    while true {
      do {
        let page = try await ask(after: next)
        next = page.next
        guard try print(page.events) else { return .success }
        if page.events.count < Self.page { try await watch.change() }
      } catch let failure as Failure where failure.code == "Gone" && number == nil {
        session.console.error("note: \(failure.message); they are listed anew\n")
        next = try await list(limit)
      }
    }
  }

  private mutating func ask(after number: Int64) async throws -> EventPage {
    try await watch.ask(
      .eventsAfter(unit: unit, resource: resource, number: number, limit: Self.page),
      as: EventPage.self)
  }

  /// The newest ones; the answer is where to go on.
  private mutating func list(_ limit: Int) async throws -> Int64 {
    let newest = try await watch.ask(
      .events(unit: nil, resource: nil, after: nil, limit: 1), as: ItemList<Event>.self)
    let events = try await watch.ask(
      .events(unit: unit, resource: resource, after: nil, limit: limit), as: ItemList<Event>.self)
    // What came between the two questions comes with the next page.
    let last = newest.items.first?.number ?? 0
    _ = try print(events.items.reversed().filter { $0.number <= last })
    return last
  }

  private func print(_ events: [Event]) throws -> Bool {
    let text = EventText(style: session.console.style, isWide: output.isWide)
    for event in events {
      guard session.console.out(try output.renderOne(event) { text.line(event) + "\n" }) else {
        return false
      }
    }
    return true
  }
}
