internal import GRDB
internal import TendEngine

/// What goes into a copy, read from one snapshot of the database.
struct CopyReading {
  let unit: String
  let db: Database

  func header() throws -> CopyHeader {
    let record = try String.fetchOne(
      db, sql: "SELECT record FROM unit WHERE name = ?", arguments: [unit])
    let lastEvent = try Int64.fetchOne(
      db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'event'")
    return CopyHeader(
      unit: record.map { UnitRow(name: unit, text: $0) }, name: unit,
      mark: GenerationMark(
        generation: try Seal.read(db)?.generation ?? 0, lastEvent: lastEvent ?? 0))
  }

  /// The unit's rows between two keys, in order, or the first of them.
  func rows(
    _ bounds: (from: InventoryKey?, to: InventoryKey?), limit: Int = .max
  ) throws -> [InventoryRow] {
    var condition = "unit = ?"
    var arguments: [any DatabaseValueConvertible] = [unit]
    if let from = bounds.from {
      condition += " AND (provider, identity) >= (?, ?)"
      arguments += [from.provider, from.identity]
    }
    if let to = bounds.to {
      condition += " AND (provider, identity) < (?, ?)"
      arguments += [to.provider, to.identity]
    }
    var shared = SharedText()
    var rows: [InventoryRow] = []
    let statement = try db.cachedStatement(
      sql: """
        SELECT \(InventoryRow.columns) FROM inventory WHERE \(condition)
        ORDER BY provider, identity LIMIT \(limit)
        """)
    let cursor = try GRDB.Row.fetchCursor(
      statement, arguments: StatementArguments(arguments))
    while let next = try cursor.next() {
      let row = InventoryRow(next, &shared)
      guard row.checksum == InventoryRow.writtenChecksum(next) else {
        throw InventoryCopy.Unproven()
      }
      rows.append(row)
    }
    return rows
  }
}
