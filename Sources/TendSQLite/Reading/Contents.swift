internal import GRDB
internal import TendEngine

/// All owned rows as they were read, checked against the seal.
struct Contents: Sendable {
  var inventory: [InventoryRecord] = []
  var units: [UnitRecord] = []
  var lastSeen: [LastSeen] = []
  var seal = Seal()

  init() {}

  /// As the engine takes it.
  var kept: StoreContents {
    StoreContents(inventory: inventory, units: units, lastSeen: lastSeen)
  }

  /// Throws `.corrupt` where any row or the whole is not as it was written.
  init(_ db: Database, at path: String) throws {
    guard let written = try Seal.read(db) else { throw StoreError.corrupt(path, "it has no seal") }
    var found = Seal(generation: written.generation)
    inventory.reserveCapacity(Int(clamping: min(max(0, written.count), 1_000_000)))
    try readInventory(db, path, &found)
    try readUnits(db, path, &found)
    guard found == written else {
      throw StoreError.corrupt(
        path, "it has \(found.count) records where \(written.count) were written, or not the same")
    }
    seal = written
    try readLastSeen(db, path)
  }

  private mutating func readInventory(
    _ db: Database, _ path: String, _ found: inout Seal
  ) throws {
    var shared = SharedText()
    let rows = try GRDB.Row.fetchCursor(
      db, sql: "SELECT \(InventoryRow.columns) FROM inventory ORDER BY provider, identity")
    while let next = try rows.next() {
      let row = InventoryRow(next, &shared)
      let checksum = row.checksum
      guard checksum == InventoryRow.writtenChecksum(next), let record = row.record else {
        throw StoreError.corrupt(path, "the record of \(row.provider) \(row.identity)")
      }
      found.add(checksum)
      inventory.append(record)
    }
  }

  private mutating func readUnits(_ db: Database, _ path: String, _ found: inout Seal) throws {
    let rows = try GRDB.Row.fetchCursor(
      db, sql: "SELECT name, record, checksum FROM unit ORDER BY name")
    while let next = try rows.next() {
      let row = UnitRow(name: next[0] ?? "", text: next[1] ?? "")
      guard row.checksum == (next[2] ?? 0), let record = row.record else {
        throw StoreError.corrupt(path, "the record of unit \(row.name)")
      }
      found.add(row.checksum)
      units.append(record)
    }
  }

  private mutating func readLastSeen(_ db: Database, _ path: String) throws {
    let rows = try GRDB.Row.fetchCursor(db, sql: "SELECT \(LastSeenRow.columns) FROM lastSeen")
    while let next = try rows.next() {
      let row = LastSeenRow(next)
      guard row.checksum == LastSeenRow.writtenChecksum(next), let record = row.record else {
        throw StoreError.corrupt(path, "what was last said of \(row.key.identity)")
      }
      lastSeen.append(record)
    }
  }
}
