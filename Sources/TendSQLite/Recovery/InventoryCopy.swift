internal import Tend
internal import TendEngine

/// What a unit owns, in a file of its own beside the database, so that a damaged database does not
/// end ownership.
///
/// Lines of JSON: the records, in segments; then the manifest, which is a header and a line for
/// each segment that counts, with its keyed digest; at last where the manifest begins and its keyed
/// digest. A copy proves ownership only as long as it is true, so it is put aside before the first
/// change that contradicts it, and gets its name back once it is true again.
struct InventoryCopy: Sendable, Hashable {
  var header: CopyHeader
  var rows: [InventoryRow]

  /// Why a copy proves nothing.
  struct Unproven: Error {}

  /// The end of the file, behind the segments of a layout.
  static func manifest(_ header: CopyHeader, _ layout: CopyLayout, key: StateKey) -> [UInt8] {
    var text = header.value.json + "\n"
    for segment in layout.segments {
      let line: Value = .list([
        .string(segment.first.provider), .string(segment.first.identity),
        .integer(Int64(segment.offset)), .integer(Int64(segment.length)),
        .string(segment.digest),
      ])
      text += line.json + "\n"
    }
    let seal = Value.map(
      .init([
        .init(key: "manifest", value: .integer(Int64(layout.end))),
        .init(key: "digest", value: .string(key.digest(of: Array(text.utf8)))),
      ]))
    return Array((text + seal.json + "\n").utf8)
  }

  init(header: CopyHeader, rows: [InventoryRow]) {
    self.header = header
    self.rows = rows
  }

  /// Reads a file whole; every digest must be right, and nothing may stand behind the last line.
  init(bytes: [UInt8], key: StateKey) throws(Unproven) {
    let lines = try Self.manifest(in: bytes, key)
    guard let first = lines.first.flatMap(Self.map), let header = CopyHeader(first) else {
      throw Unproven()
    }
    self.header = header
    rows = []
    for line in lines.dropFirst() { try read(line, bytes, key) }
  }

  /// The lines of the manifest, proven.
  private static func manifest(
    in bytes: [UInt8], _ key: StateKey
  ) throws(Unproven) -> [ArraySlice<UInt8>] {
    let newline = UInt8(ascii: "\n")
    guard bytes.last == newline else { throw Unproven() }
    let start = bytes.dropLast().lastIndex(of: newline).map { $0 + 1 } ?? 0
    guard let seal = map(bytes[start..<(bytes.count - 1)]),
      case .integer(let begin)? = seal["manifest"], let begin = Int(exactly: begin), begin >= 0,
      begin < start, case let signed = bytes[begin..<start],
      seal["digest"] == .string(key.digest(of: Array(signed)))
    else { throw Unproven() }
    return signed.split(separator: newline)
  }

  private mutating func read(
    _ line: ArraySlice<UInt8>, _ bytes: [UInt8], _ key: StateKey
  ) throws(Unproven) {
    guard case .list(let fields)? = Self.value(line), fields.count == 5,
      case .integer(let offset) = fields[2], case .integer(let length) = fields[3],
      case .string(let digest) = fields[4],
      offset >= 0, length >= 0, case (let end, false) = offset.addingReportingOverflow(length),
      end <= bytes.count
    else { throw Unproven() }
    let segment = bytes[Int(offset)..<Int(end)]
    guard digest == key.digest(of: Array(segment)) else { throw Unproven() }
    for line in segment.split(separator: UInt8(ascii: "\n")) {
      guard let row = InventoryRow(Self.value(line)), row.unit == header.name, row.record != nil
      else { throw Unproven() }
      rows.append(row)
    }
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
  var value: Value {
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
