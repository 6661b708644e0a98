import Tend
import TendEngine

/// What happened, for people: `tend events`, and the end of `tend describe`.
struct EventText {
  var style = Style.plain
  /// Whether each has its number.
  var isWide = false

  /// A line an event, oldest first, as in a log; takes them newest first, as the store gives them.
  func lines(_ events: [Event]) -> String {
    events.reversed().map { "  \(line($0))\n" }.joined()
  }

  /// One event: when, what to which, why, how it ended.
  func line(_ event: Event) -> String {
    var parts = isWide ? ["\(event.number)"] : []
    parts += [style.faint(event.time.description), style.strong(event.kind.description)]
    parts.append((event.resource ?? event.unit).printable)
    if !event.fields.isEmpty { parts.append("(\(event.fields.joined(separator: ", ").printable))") }
    if let cause = event.cause { parts.append("for \(cause.rawValue)") }
    if event.result != "done" { parts.append(style.bad(event.result.printable)) }
    if let duration = event.duration { parts.append("in \(duration.brief)") }
    let text = parts.joined(separator: " ")
    return event.message.isEmpty ? text : "\(text): \(event.message.printable)"
  }
}
