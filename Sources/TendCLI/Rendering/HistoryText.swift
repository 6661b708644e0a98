import Tend
import TendEngine

/// Revisions that a unit took in, for people: `tend history`.
struct HistoryText {
  var style = Style.plain

  /// One line a revision, newest first.
  func table(_ records: [RevisionRecord], isWide: Bool = false) -> String {
    guard !records.isEmpty else { return "No revisions.\n" }
    var head = ["SEEN", "REVISION", "STATE", "CHANGES", "BY", "MESSAGE"]
    if isWide { head += ["UNIT", "AUTHOR", "SINCE"] }
    var table = Table(head: head)
    for record in records {
      var row: [Table.Cell] = [
        .init(record.seenAt.description),
        .init(isWide ? record.revision.id : record.revision.short), cell(record.state),
        .init("\(record.changes)"), .init(record.by),
        .init(record.message ?? record.revision.message ?? "-"),
      ]
      if isWide {
        row += [
          .init(record.unit), .init(record.revision.author ?? "-"),
          .init(record.changedAt.description),
        ]
      }
      table.add(row)
    }
    return table.text(style)
  }

  private func cell(_ state: RevisionRecord.State) -> Table.Cell {
    switch state {
    case .converged: Table.Cell("converged", style.good)
    case .invalid, .refused: Table.Cell(state.rawValue, style.bad)
    case .applying, .superseded: Table.Cell(state.rawValue, style.warning)
    }
  }
}
