internal import Tend
internal import TendEngine

/// Whose records a copy holds, and how far the database had come.
struct CopyHeader: Sendable, Hashable {
  var unit: UnitRow?
  var name: String
  var mark: GenerationMark

  private static let format: Int64 = 2

  var value: Value {
    .map(
      .init([
        .init(key: "format", value: .integer(Self.format)),
        .init(key: "unit", value: .string(name)),
        .init(key: "generation", value: .integer(mark.generation)),
        .init(key: "event", value: .integer(mark.lastEvent)),
        .init(key: "record", value: unit.map { .string($0.text) } ?? .null),
      ]))
  }

  init(unit: UnitRow?, name: String, mark: GenerationMark) {
    self.unit = unit
    self.name = name
    self.mark = mark
  }

  /// Nil where it makes no sense.
  init?(_ header: Value.Fields) {
    guard header["format"] == .integer(Self.format), case .string(let name)? = header["unit"],
      case .integer(let generation)? = header["generation"],
      case .integer(let event)? = header["event"]
    else { return nil }
    self.name = name
    mark = GenerationMark(generation: generation, lastEvent: event)
    if case .string(let text)? = header["record"] {
      let row = UnitRow(name: name, text: text)
      guard row.record != nil else { return nil }
      unit = row
    }
  }
}
