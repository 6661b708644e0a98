internal import GRDB
internal import Tend
internal import TendEngine

/// An owned resource as the columns of its row.
struct InventoryRow: Sendable, Hashable {
  var provider: String
  var identity: String
  var unit: String
  var apiVersion: String
  var kind: String
  var name: String
  var isOwned: Bool
  var isAdopted: Bool
  var isDeclared: Bool
  /// Nil for the default.
  var lifecycle: String?
  /// Provider and identity in turn, as a JSON list; nil for none.
  var dependencies: String?
  var file: String
  var line: Int64
  var column: Int64
  var revision: String
  var memory: String?

  var key: InventoryKey { InventoryKey(provider: provider, identity: identity) }

  var checksum: Int64 {
    var sum = Checksum()
    for text in [provider, identity, unit, apiVersion, kind, name, file, revision] { sum.add(text) }
    for text in [lifecycle, dependencies, memory] { sum.add(text) }
    sum.add(line)
    sum.add(column)
    sum.add((isOwned ? 1 : 0) + (isAdopted ? 2 : 0) + (isDeclared ? 4 : 0))
    return sum.column
  }
}

extension InventoryRow {
  /// Refuses what can't be kept as it is.
  init(_ record: InventoryRecord) throws(StoreError) {
    provider = record.key.provider
    identity = record.key.identity
    unit = record.unit
    apiVersion = record.reference.kind.apiVersion
    kind = record.reference.kind.kind
    name = record.reference.name
    isOwned = record.state == .owned
    isAdopted = record.isAdopted
    isDeclared = record.isDeclared
    lifecycle = record.lifecycle == Lifecycle() ? nil : record.lifecycle.kept.json
    dependencies = record.dependencies.isEmpty ? nil : Self.text(of: record.dependencies)
    file = record.place.file
    line = Int64(record.place.line)
    column = Int64(record.place.column)
    revision = record.revision
    memory = record.memory?.json ?? record.unreadableMemory
    try check(record)
  }

  /// A memory as it is kept; refuses what is too large or has a NUL.
  static func text(of memory: Value?, _ key: InventoryKey) throws(StoreError) -> String? {
    guard let text = memory?.json else { return nil }
    if text.utf8.count > InventoryRecord.memoryLimit {
      throw StoreError(
        .refused,
        "the memory of \(key) has \(text.utf8.count) bytes, the limit is "
          + "\(InventoryRecord.memoryLimit)",
        remedy: "a provider must remember less")
    }
    return text
  }

  private static func text(of keys: [InventoryKey]) -> String {
    Value.list(keys.flatMap { [.string($0.provider), .string($0.identity)] }).json
  }

  private func check(_ record: InventoryRecord) throws(StoreError) {
    if record.memory != nil, let memory, memory.utf8.count > InventoryRecord.memoryLimit {
      throw StoreError(
        .refused,
        "the memory of \(record.reference) has \(memory.utf8.count) bytes, the limit is "
          + "\(InventoryRecord.memoryLimit)",
        remedy: "a provider must remember less")
    }
    let texts = [provider, identity, unit, apiVersion, kind, name, file, revision, memory ?? ""]
    if texts.contains(where: { $0.utf8.contains(0) }) {
      throw StoreError(.refused, "\(record.reference) has a NUL in what is kept of it")
    }
  }

  /// Nil where the columns make no sense.
  var record: InventoryRecord? {
    guard let lifecycle = Lifecycle(kept: lifecycle), let dependencies = keys else { return nil }
    let value = memory.flatMap { try? Value(json: $0) }
    var record = InventoryRecord(
      key: InventoryKey(provider: provider, identity: identity), unit: unit,
      reference: Reference(kind: KindName(apiVersion: apiVersion, kind: kind), name: name),
      state: isOwned ? .owned : .intended, isDeclared: isDeclared, isAdopted: isAdopted,
      lifecycle: lifecycle, dependencies: dependencies,
      place: Place(file: file, line: Int(line), column: Int(column)), revision: revision,
      memory: value)
    record.unreadableMemory = value == nil ? memory : nil
    return record
  }

  private var keys: [InventoryKey]? {
    guard let dependencies else { return [] }
    guard case .list(let values)? = try? Value(json: dependencies), values.count.isMultiple(of: 2)
    else { return nil }
    var keys: [InventoryKey] = []
    for index in stride(from: 0, to: values.count, by: 2) {
      guard case .string(let provider) = values[index],
        case .string(let identity) = values[index + 1]
      else { return nil }
      keys.append(InventoryKey(provider: provider, identity: identity))
    }
    return keys
  }
}

extension InventoryRow {
  static let columns = """
    provider, identity, unit, apiVersion, kind, name, isOwned, isAdopted, isDeclared, lifecycle,
    dependencies, file, line, "column", revision, memory, checksum
    """

  /// Reads a row; text that stands in many rows is kept once.
  init(_ row: GRDB.Row, _ shared: inout SharedText) {
    provider = shared.text(0, row[0] ?? "")
    identity = row[1] ?? ""
    unit = shared.text(1, row[2] ?? "")
    apiVersion = shared.text(2, row[3] ?? "")
    kind = shared.text(3, row[4] ?? "")
    name = row[5] ?? ""
    isOwned = (row[6] as Int64?) == 1
    isAdopted = (row[7] as Int64?) == 1
    isDeclared = (row[8] as Int64?) == 1
    lifecycle = row[9]
    dependencies = row[10]
    file = shared.text(4, row[11] ?? "")
    line = row[12] ?? 0
    column = row[13] ?? 0
    revision = shared.text(5, row[14] ?? "")
    memory = row[15]
  }

  /// What its checksum was when it was written.
  static func writtenChecksum(_ row: GRDB.Row) -> Int64 { row[16] ?? 0 }

  var arguments: StatementArguments {
    [
      provider, identity, unit, apiVersion, kind, name, isOwned ? 1 : 0, isAdopted ? 1 : 0,
      isDeclared ? 1 : 0, lifecycle, dependencies, file, line, column, revision, memory, checksum,
    ]
  }
}

/// Remembers the last text of each column, so that a run of equal ones takes memory once.
struct SharedText {
  private var last = [String](repeating: "", count: 6)

  mutating func text(_ column: Int, _ text: String) -> String {
    if last[column] == text { return last[column] }
    last[column] = text
    return text
  }
}
