internal import GRDB

/// What all owned rows together must come to: how many they are, and their checksums combined.
///
/// A row that is lost, doubled or replaced by an older one breaks it. It is part of every
/// transaction, and its generation only grows.
struct Seal: Sendable, Hashable {
  var generation: Int64 = 0
  var count: Int64 = 0
  var checksum: Int64 = 0

  mutating func add(_ row: Int64) {
    count &+= 1
    checksum ^= row
  }

  mutating func remove(_ row: Int64) {
    count &-= 1
    checksum ^= row
  }

  /// Nil where the database has none.
  static func read(_ db: Database) throws -> Seal? {
    let statement = try db.cachedStatement(
      sql: "SELECT generation, count, checksum FROM seal WHERE id = 1")
    return try GRDB.Row.fetchOne(statement).map {
      Seal(generation: $0[0] ?? 0, count: $0[1] ?? 0, checksum: $0[2] ?? 0)
    }
  }

  func write(_ db: Database) throws {
    let statement = try db.cachedStatement(
      sql: "UPDATE seal SET generation = ?, count = ?, checksum = ? WHERE id = 1")
    try statement.execute(arguments: [generation, count, checksum])
  }
}
