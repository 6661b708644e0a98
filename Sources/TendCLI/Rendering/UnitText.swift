import Tend
import TendEngine

/// Units for people: `tend status`, `tend get units`.
struct UnitText {
  var style = Style.plain

  /// One line a unit.
  func table(_ units: [UnitStatus], isWide: Bool = false) -> String {
    var head = ["UNIT", "READY", "REVISION", "RESOURCES", "STATUS"]
    if isWide { head += ["SOURCE", "ANSWERED", "NEXT"] }
    var table = Table(head: head)
    for unit in units {
      var row: [Table.Cell] = [
        .init(unit.name), style.cell(unit.condition(.ready)),
        .init(unit.revision?.short ?? "-"), .init("\(unit.ready)/\(unit.resources)"),
        .init(unit.conditions.headline(asOf: unit.asOf)),
      ]
      if isWide {
        row += [
          .init(unit.source ?? "-"), .init(unit.lastRefresh.map { "\($0.brief) ago" } ?? "-"),
          .init(unit.nextRefresh.map { "in \($0.brief)" } ?? "-"),
        ]
      }
      table.add(row)
    }
    return units.isEmpty ? "No units.\n" : table.text(style)
  }

  /// A paragraph a unit, with every condition.
  func paragraphs(_ units: [UnitStatus]) -> String {
    units.isEmpty ? "No units.\n" : units.map(paragraph).joined(separator: "\n")
  }

  private func paragraph(_ unit: UnitStatus) -> String {
    var list = FieldList()
    list.add("source", unit.source?.printable)
    list.add("revision", unit.revision.map { text(of: $0) })
    list.add("came from", unit.revision?.origin?.printable)
    list.add("resources", resources(unit))
    list.add("answered", answered(unit))
    list.add("as of", unit.asOf?.description)
    for condition in unit.conditions { list.add(condition.type.rawValue, style.line(condition)) }
    if let suspension = unit.suspension {
      let what = suspension.isOfEverything ? "--all" : unit.name.printable
      list.add("to go on", "tend resume \(what)")
    }
    if !unit.dependsOn.isEmpty { list.add("depends on", unit.dependsOn.joined(separator: ", ")) }
    if let allowed = unit.allowed { list.add("allowed", allowed.isEmpty ? ["nothing"] : allowed) }
    if let left = unit.left { list.add("left behind", behind(left)) }
    if let refused = unit.refused {
      list.add("refused", refusal(refused))
      list.add("to let it pass", "tend approve \(unit.name) \(refused.revision.short)")
    }
    return style.strong(unit.name.printable) + "\n" + list.text()
  }

  private func resources(_ unit: UnitStatus) -> String {
    "\(unit.resources), \(unit.ready) Ready, \(unit.stalled) Stalled"
      + (unit.suspended > 0 ? ", \(unit.suspended) Suspended" : "")
  }

  private func text(of revision: Revision) -> String {
    var text = revision.short
    if let name = revision.name { text += "  \(name)" }
    if let message = revision.message { text += "  \(message)" }
    if let author = revision.author { text += "  (\(author))" }
    return text.printable
  }

  /// When the source did so last, be it asked again and again since.
  private func answered(_ unit: UnitStatus) -> String? {
    guard let last = unit.lastRefresh else { return nil }
    return "\(last.brief) ago" + (unit.nextRefresh.map { ", asked again in \($0.brief)" } ?? "")
  }

  private func behind(_ left: UnitRecord.Departure) -> [String] {
    let shown = left.resources.prefix(10).map(\.printable)
    let rest = left.count - shown.count
    return ["\(left.count) on \(left.at), no longer ours:"] + shown
      + (rest > 0 ? ["and \(rest) more"] : [])
  }

  private func refusal(_ refused: UnitRecord.Refusal) -> [String] {
    let shown = refused.deletions.prefix(10).map(\.printable)
    let rest = refused.count - shown.count
    return ["\(refused.revision.short) would delete \(refused.count):"] + shown
      + (rest > 0 ? ["and \(rest) more"] : [])
  }
}

extension Style {
  /// The answer of a condition as a cell of a table.
  func cell(_ condition: Condition?) -> Table.Cell {
    switch condition?.status {
    case .yes: Table.Cell("True", good)
    case .no: Table.Cell("False", bad)
    case .unknown: Table.Cell("Unknown", warning)
    case nil: Table.Cell("-")
    }
  }

  /// A condition in a line: answer, reason, message.
  func line(_ condition: Condition) -> String {
    let answer = cell(condition)
    var text = answer.dress(answer.text) + "  " + condition.reason.printable
    if !condition.message.isEmpty { text += ": \(condition.message.printable)" }
    return text
  }
}

extension [Condition] {
  /// What matters most, in a few words: why it is stuck, else what is being done, else Ready.
  ///
  /// `asOf` is when that was so; nil: it is so now.
  func headline(asOf: Timestamp?) -> String {
    headline + (asOf.map { ", as of \($0)" } ?? "")
  }

  var headline: String {
    let telling =
      first { $0.type == .stalled && $0.status == .yes }
      ?? first { $0.type == .reconciling && $0.status == .yes }
      ?? first { $0.type == .ready }
    guard let telling else { return "-" }
    return telling.message.isEmpty ? telling.reason : "\(telling.reason): \(telling.message)"
  }
}
