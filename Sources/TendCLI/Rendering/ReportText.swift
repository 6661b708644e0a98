import Tend
import TendAgent
import TendEngine

/// How an apply went, for people.
struct ReportText {
  var style = Style.plain
  /// What stands before the files of manifests; see `PlanText`.
  var prefix = ""

  /// A line for a step, where no line can be redrawn; nil for steps that need none.
  func line(for progress: Progress) -> String? {
    switch progress {
    case .started: nil
    case .finished(let change, let duration):
      "\(Self.past(of: change.action)) \(change.reference) in \(duration.brief)".printable
    case .waiting(let change, let message):
      "waiting for \(change.reference): \(message)".printable
    case .failed(let change, let message):
      style.bad("failed") + " \(change.reference): \(message)".printable
    }
  }

  /// What the line on a terminal says, in at most 76 columns.
  func bar(for progress: Progress, done: Int, of count: Int) -> String {
    let change =
      switch progress {
      case .started(let change), .finished(let change, _), .waiting(let change, _),
        .failed(let change, _):
        change
      }
    let text = "\(done)/\(count)  \(change.action.rawValue) \(change.reference)"
    return String(text.printable.prefix(76))
  }

  /// What did not converge, and one line with what was done.
  func render(_ report: ReportDocument) -> String {
    var text = ""
    for problem in report.problems.map(\.problem) {
      text += problem.place.text(below: prefix) + ": " + style.bad("error") + ": "
      text += "\(problem.reference): \(problem.message)".printable + "\n"
    }
    var counts: [(PlannedChange.Action, Int)] = []
    for action in PlannedChange.Action.allCases {
      let count = report.done.count { $0.action == action }
      if count > 0 { counts.append((action, count)) }
    }
    let done = counts.map { "\($1) \(Self.past(of: $0))" }.joined(separator: ", ")
    let summary = done.isEmpty ? "Nothing was changed" : done
    let end = report.converged ? style.good("Converged") : style.bad("Not converged")
    return text + "\(end) in \(report.duration.brief). \(summary).\n"
  }

  /// What was ended at the end, and what could not be: a line each.
  func render(_ vacated: Engine.Vacated) -> String {
    var text = ""
    if !vacated.ended.isEmpty { text += "Ended on exit: \(Self.names(vacated.ended)).\n" }
    if !vacated.left.isEmpty {
      text += style.bad("Left running") + ": \(Self.names(vacated.left)).\n"
    }
    return text
  }

  private static func names(_ names: [String]) -> String {
    let most = 10
    let more = names.count > most ? " and \(names.count - most) more" : ""
    return names.prefix(most).joined(separator: ", ").printable + more
  }

  private static func past(of action: PlannedChange.Action) -> String {
    switch action {
    case .create: "created"
    case .update: "updated"
    case .replace: "replaced"
    case .delete: "deleted"
    case .orphan: "given up"
    case .unknown: "found as declared"
    }
  }
}
