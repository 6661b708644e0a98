internal import Tend
internal import TendEngine

/// What a unit owns, in a file of its own beside the database, so that a damaged database does not
/// end ownership.
///
/// Lines of JSON: a header, a line for each record, and the keyed digest of all that. A copy proves
/// ownership only as long as it is true, so it is removed before the first change that contradicts
/// it, and written anew soon after.
struct InventoryCopy: Sendable, Hashable {
  var unit: UnitRow?
  var name: String
  /// How far the database had come.
  var mark: GenerationMark
  var rows: [InventoryRow]

  private static let format: Int64 = 1

  /// Why a copy proves nothing.
  struct Unproven: Error {}

  func bytes(key: StateKey) -> [UInt8] {
    var text = header.json + "\n"
    for row in rows { text += row.value.json + "\n" }
    let digest = Value.map(
      .init([.init(key: "digest", value: .string(key.digest(of: Array(text.utf8))))]))
    return Array((text + digest.json + "\n").utf8)
  }

  init(unit: UnitRow?, name: String, mark: GenerationMark, rows: [InventoryRow]) {
    self.unit = unit
    self.name = name
    self.mark = mark
    self.rows = rows
  }

  init(bytes: [UInt8], key: StateKey) throws(Unproven) {
    let newline = UInt8(ascii: "\n")
    let lines = bytes.split(separator: newline, omittingEmptySubsequences: false)
    // A header, the digest, and nothing behind the last newline.
    guard lines.count >= 3, let end = lines.last, end.isEmpty else { throw Unproven() }
    let last = lines[lines.count - 2]
    let signed = bytes[..<last.startIndex]
    guard Self.map(last)?["digest"] == .string(key.digest(of: Array(signed))) else {
      throw Unproven()
    }
    guard let header = lines.first.flatMap(Self.map) else { throw Unproven() }
    try self.init(header: header)
    for line in lines.dropFirst().dropLast(2) {
      guard let row = InventoryRow(Self.value(line)), row.unit == name, row.record != nil else {
        throw Unproven()
      }
      rows.append(row)
    }
  }

  private init(header: Value.Fields) throws(Unproven) {
    guard header["format"] == .integer(Self.format), case .string(let name)? = header["unit"],
      case .integer(let generation)? = header["generation"],
      case .integer(let event)? = header["event"]
    else { throw Unproven() }
    self.name = name
    mark = GenerationMark(generation: generation, lastEvent: event)
    rows = []
    if case .string(let text)? = header["record"] {
      let row = UnitRow(name: name, text: text)
      guard row.record != nil else { throw Unproven() }
      unit = row
    }
  }

  private var header: Value {
    .map(
      .init([
        .init(key: "format", value: .integer(Self.format)),
        .init(key: "unit", value: .string(name)),
        .init(key: "generation", value: .integer(mark.generation)),
        .init(key: "event", value: .integer(mark.lastEvent)),
        .init(key: "record", value: unit.map { .string($0.text) } ?? .null),
      ]))
  }

  private static func value(_ line: ArraySlice<UInt8>) -> Value? {
    try? Value(json: String(decoding: line, as: UTF8.self))
  }

  private static func map(_ line: ArraySlice<UInt8>) -> Value.Fields? {
    if case .map(let fields)? = value(line) { fields } else { nil }
  }
}

extension InventoryRow {
  /// As a line of a copy: the columns in their order.
  fileprivate var value: Value {
    .list([
      .string(provider), .string(identity), .string(unit), .string(apiVersion), .string(kind),
      .string(name), .boolean(isOwned), .boolean(isAdopted), lifecycle.value, dependencies.value,
      .string(file), .integer(line), .integer(column), .string(revision), memory.value,
      .boolean(isDeclared),
    ])
  }

  fileprivate init?(_ value: Value?) {
    guard case .list(let columns)? = value, columns.count == 16 else { return nil }
    func text(_ index: Int) -> String? {
      if case .string(let text) = columns[index] { text } else { nil }
    }
    guard let provider = text(0), let identity = text(1), let unit = text(2),
      let apiVersion = text(3), let kind = text(4), let name = text(5),
      case .boolean(let isOwned) = columns[6], case .boolean(let isAdopted) = columns[7],
      let file = text(10), case .integer(let line) = columns[11],
      case .integer(let column) = columns[12], let revision = text(13),
      case .boolean(let isDeclared) = columns[15]
    else { return nil }
    self.init(
      provider: provider, identity: identity, unit: unit, apiVersion: apiVersion, kind: kind,
      name: name, isOwned: isOwned, isAdopted: isAdopted, isDeclared: isDeclared,
      lifecycle: text(8), dependencies: text(9), file: file, line: line, column: column,
      revision: revision,
      memory: text(14))
  }
}
