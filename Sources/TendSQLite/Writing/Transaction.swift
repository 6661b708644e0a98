internal import GRDB
internal import Tend
internal import TendEngine

/// One group of writes on its way into the database, and what else follows from it.
struct Transaction {
  private(set) var seal: Seal
  /// Units of whose rows in the last copy some are no longer true.
  private(set) var outdated: Set<String> = []
  /// Units of which anything changed.
  private(set) var changed: Set<String> = []
  /// The rows that changed, by the units that have or had them.
  private(set) var touched: [String: InventoryCopies.Touched] = [:]
  /// Units whose revision has converged.
  private(set) var converged: Set<String> = []
  /// The newest event; 0 where the group has none.
  private(set) var lastEvent: Int64 = 0
  private var eventCount: Int64 = 0
  private let retention: Retention

  init(_ db: Database, retention: Retention) throws {
    guard let seal = try Seal.read(db) else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "it has no seal")
    }
    self.seal = seal
    self.retention = retention
  }

  /// The last steps: what is too old goes, the seal is set.
  mutating func finish(_ db: Database, generation: Int64? = nil) throws {
    // Each sweep removes more than came since the last one.
    if eventCount > 0, lastEvent % 128 < eventCount { try sweepEvents(db) }
    seal.generation = generation ?? seal.generation &+ 1
    try seal.write(db)
  }

  mutating func apply(_ write: EncodedWrite, _ db: Database) throws {
    switch write {
    case .putInventory(let row): try put(row, db)
    case .putMemory(let key, let memory): try own(key, memory, db)
    case .removeInventory(let key): try remove(key, db)
    case .moveInventory(let old, let new): try move(old, to: new, db)
    case .putUnit(let row): try put(row, db)
    case .removeUnit(let name): try removeUnit(name, db)
    case .putLastSeen(let row): try put(row, db)
    case .removeLastSeen(let key): try remove(key, db)
    case .addEvent(let event): try add(event, db)
    case .putRevision(let record): try put(record, db)
    }
  }

  private mutating func put(_ new: InventoryRow, _ db: Database) throws {
    var row = new
    let old = try find(row.provider, row.identity, db)
    row.memory = row.memory ?? old?.row.memory
    let checksum = row.checksum
    guard reseal(row, checksum, over: old) else { return }
    let statement = try db.cachedStatement(
      sql: """
        INSERT OR REPLACE INTO inventory(\(InventoryRow.columns))
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    try statement.execute(arguments: row.arguments)
  }

  /// False where a record is as it was.
  private mutating func reseal(_ row: InventoryRow, _ checksum: Int64, over old: Kept?) -> Bool {
    if let old {
      if old.checksum == checksum { return false }
      seal.remove(old.checksum)
      outdated.insert(old.row.unit)
      touch(old.row)
    }
    seal.add(checksum)
    touch(row)
    return true
  }

  /// The resource is ours from now on, and this is what is remembered of it.
  private mutating func own(_ key: InventoryKey, _ memory: String?, _ db: Database) throws {
    guard let old = try find(key.provider, key.identity, db) else { return }
    var row = old.row
    row.isOwned = true
    row.memory = memory ?? row.memory
    let checksum = row.checksum
    guard reseal(row, checksum, over: old) else { return }
    let statement = try db.cachedStatement(
      sql: """
        UPDATE inventory SET isOwned = 1, memory = ?, checksum = ?
        WHERE provider = ? AND identity = ?
        """)
    try statement.execute(arguments: [row.memory, checksum, key.provider, key.identity])
  }

  private mutating func remove(_ key: InventoryKey, _ db: Database) throws {
    guard let old = try find(key.provider, key.identity, db) else { return }
    seal.remove(old.checksum)
    outdated.insert(old.row.unit)
    touch(old.row)
    let statement = try db.cachedStatement(
      sql: "DELETE FROM inventory WHERE provider = ? AND identity = ?")
    try statement.execute(arguments: [key.provider, key.identity])
    try remove(LastSeenRow.Key(.resource(key)), db)
  }

  private mutating func move(
    _ old: InventoryKey, to new: InventoryKey, _ db: Database
  ) throws {
    guard var row = try find(old.provider, old.identity, db)?.row,
      try find(new.provider, new.identity, db) == nil
    else { return }
    try remove(old, db)
    (row.provider, row.identity) = (new.provider, new.identity)
    try put(row, db)
  }

  private mutating func touch(_ row: InventoryRow) {
    changed.insert(row.unit)
    let key = InventoryKey(provider: row.provider, identity: row.identity)
    touched[row.unit, default: InventoryCopies.Touched()].insert(key)
  }

  /// A record as it is kept.
  private typealias Kept = (row: InventoryRow, checksum: Int64)

  /// What is kept; throws where it is not as it was written, so that damage is never sealed anew.
  private func find(
    _ provider: String, _ identity: String, _ db: Database
  ) throws -> Kept? {
    let statement = try db.cachedStatement(
      sql: "SELECT \(InventoryRow.columns) FROM inventory WHERE provider = ? AND identity = ?")
    guard let found = try GRDB.Row.fetchOne(statement, arguments: [provider, identity]) else {
      return nil
    }
    var shared = SharedText()
    let row = InventoryRow(found, &shared)
    let checksum = row.checksum
    guard checksum == InventoryRow.writtenChecksum(found) else {
      throw DatabaseError(
        resultCode: .SQLITE_CORRUPT, message: "the record of \(provider) \(identity)")
    }
    return (row, checksum)
  }

  private mutating func put(_ row: UnitRow, _ db: Database) throws {
    let checksum = row.checksum
    if let old = try unitChecksum(row.name, db) {
      if old == checksum { return }
      seal.remove(old)
      outdated.insert(row.name)
    }
    seal.add(checksum)
    changed.insert(row.name)
    let statement = try db.cachedStatement(
      sql: "INSERT OR REPLACE INTO unit(name, record, checksum) VALUES (?, ?, ?)")
    try statement.execute(arguments: row.arguments)
  }

  private mutating func removeUnit(_ name: String, _ db: Database) throws {
    guard let old = try unitChecksum(name, db) else { return }
    seal.remove(old)
    outdated.insert(name)
    changed.insert(name)
    try db.cachedStatement(sql: "DELETE FROM unit WHERE name = ?").execute(arguments: [name])
    try remove(LastSeenRow.Key(.unit(name)), db)
  }

  /// It proves nothing, so it is neither sealed nor copied.
  private func put(_ row: LastSeenRow, _ db: Database) throws {
    let statement = try db.cachedStatement(
      sql: "INSERT OR REPLACE INTO lastSeen(\(LastSeenRow.columns)) VALUES (?, ?, ?, ?, ?)")
    try statement.execute(arguments: row.arguments)
  }

  private func remove(_ key: LastSeenRow.Key, _ db: Database) throws {
    let statement = try db.cachedStatement(
      sql: "DELETE FROM lastSeen WHERE isUnit = ? AND provider = ? AND identity = ?")
    try statement.execute(arguments: key.arguments)
  }

  private func unitChecksum(_ name: String, _ db: Database) throws -> Int64? {
    try Int64.fetchOne(
      db.cachedStatement(sql: "SELECT checksum FROM unit WHERE name = ?"), arguments: [name])
  }

  private mutating func add(_ event: Event, _ db: Database) throws {
    let statement = try db.cachedStatement(
      sql: """
        INSERT INTO event(time, unit, resource, kind, cause, revision, fields, result, duration,
          message)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    try statement.execute(arguments: event.arguments)
    lastEvent = db.lastInsertedRowID
    eventCount += 1
  }

  private mutating func put(_ record: RevisionRecord, _ db: Database) throws {
    if record.state == .converged { converged.insert(record.unit) }
    let known = [record.unit, record.revision.id]
    let update = try db.cachedStatement(
      sql: """
        UPDATE revision SET author = ?, time = ?, subject = ?, changedAt = ?, state = ?, "by" = ?,
          changes = ?, message = ?
        WHERE unit = ? AND id = ? AND seenAt = ?
        """)
    try update.execute(arguments: [
      record.revision.author, record.revision.time?.nanoseconds, record.revision.message,
      record.changedAt.nanoseconds, record.state.rawValue, record.by, record.changes,
      record.message, record.unit, record.revision.id, record.seenAt.nanoseconds,
    ])
    if db.changesCount > 0 { return }
    let forget = try db.cachedStatement(sql: "DELETE FROM revision WHERE unit = ? AND id = ?")
    try forget.execute(arguments: StatementArguments(known))
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO revision(\(RevisionRecord.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    try insert.execute(arguments: record.arguments)
    try sweepRevisions(of: record.unit, db)
  }

  private func sweepRevisions(of unit: String, _ db: Database) throws {
    let statement = try db.cachedStatement(
      sql: """
        DELETE FROM revision WHERE unit = ? AND sequence <= (
          SELECT sequence FROM revision WHERE unit = ? ORDER BY sequence DESC LIMIT 1 OFFSET ?)
        """)
    try statement.execute(arguments: [unit, unit, retention.revisions])
  }

  /// The newest are kept by number; beyond them age decides, by the newest event's own clock.
  private func sweepEvents(_ db: Database) throws {
    let newest = try db.cachedStatement(sql: "SELECT time FROM event WHERE number = ?")
    let time = try Int64.fetchOne(newest, arguments: [lastEvent]) ?? 0
    let statement = try db.cachedStatement(
      sql: """
        DELETE FROM event WHERE number IN (
          SELECT number FROM event WHERE number <= ? AND (time < ? OR number <= ?)
          ORDER BY number LIMIT ?)
        """)
    try statement.execute(arguments: [
      lastEvent &- Int64(retention.minimumEvents),
      time.subtractingReportingOverflow(retention.age.nanoseconds).partialValue,
      lastEvent &- Int64(retention.maximumEvents), 512 + 2 * eventCount,
    ])
    try db.cachedStatement(sql: "PRAGMA incremental_vacuum(64)").execute()
  }
}
