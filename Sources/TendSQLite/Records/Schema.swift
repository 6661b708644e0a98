internal import GRDB
internal import TendEngine

/// The tables, and how a database of an older version becomes one of this version.
enum Schema {
  /// What marks a database as Tend's (PRAGMA application_id): `tend` in ASCII.
  static let applicationID: Int64 = 0x7465_6E64

  /// The version that this program writes (PRAGMA user_version).
  static var version: Int64 { Int64(steps.count) }

  /// Each step leads from the version of its index to the next; once released, it never changes.
  private static let steps = [
    """
    CREATE TABLE seal(
      id INTEGER PRIMARY KEY CHECK (id = 1),
      generation INTEGER NOT NULL, count INTEGER NOT NULL, checksum INTEGER NOT NULL
    );
    INSERT INTO seal VALUES (1, 0, 0, 0);
    CREATE TABLE inventory(
      provider TEXT NOT NULL, identity TEXT NOT NULL, unit TEXT NOT NULL,
      apiVersion TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
      isOwned INTEGER NOT NULL, isAdopted INTEGER NOT NULL, isDeclared INTEGER NOT NULL,
      lifecycle TEXT, dependencies TEXT,
      file TEXT NOT NULL, line INTEGER NOT NULL, "column" INTEGER NOT NULL,
      revision TEXT NOT NULL, memory TEXT, checksum INTEGER NOT NULL,
      PRIMARY KEY (provider, identity)
    ) WITHOUT ROWID;
    CREATE TABLE unit(
      name TEXT PRIMARY KEY NOT NULL, record TEXT NOT NULL, checksum INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE event(
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      time INTEGER NOT NULL, unit TEXT NOT NULL, resource TEXT, kind TEXT NOT NULL, cause TEXT,
      revision TEXT, fields TEXT, result TEXT NOT NULL, duration INTEGER, message TEXT NOT NULL
    );
    CREATE TABLE revision(
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      unit TEXT NOT NULL, id TEXT NOT NULL, author TEXT, time INTEGER, subject TEXT,
      seenAt INTEGER NOT NULL, changedAt INTEGER NOT NULL, state TEXT NOT NULL, "by" TEXT NOT NULL,
      changes INTEGER NOT NULL, message TEXT,
      UNIQUE (unit, id)
    );
    CREATE INDEX revisionOfUnit ON revision(unit, sequence);
    """,
    """
    CREATE TABLE lastSeen(
      isUnit INTEGER NOT NULL, provider TEXT NOT NULL, identity TEXT NOT NULL,
      record TEXT NOT NULL, checksum INTEGER NOT NULL,
      PRIMARY KEY (isUnit, provider, identity)
    ) WITHOUT ROWID;
    """,
  ]

  /// What a database says it is.
  enum Format: Equatable {
    /// Nothing was written to it yet.
    case empty
    /// Ours, of this version or an older one.
    case known(Int64)
    /// Ours, of a version that this program does not know.
    case newer(Int64)
    /// Not ours.
    case foreign
  }

  static func format(applicationID: Int64, version: Int64) -> Format {
    if applicationID == 0, version == 0 { return .empty }
    guard applicationID == Self.applicationID, version > 0 else { return .foreign }
    return version > Self.version ? .newer(version) : .known(version)
  }

  /// As the newest transaction left it.
  static func format(_ db: Database) throws -> Format {
    let id = try Int64.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    let version = try Int64.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    let format = format(applicationID: id, version: version)
    guard format == .empty else { return format }
    let tables = try Int64.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
    return tables == 0 ? .empty : .foreign
  }

  /// Brings a database to this version; part of a transaction of its caller.
  static func migrate(_ db: Database, from version: Int64) throws {
    for step in steps.dropFirst(Int(version)) { try db.execute(sql: step) }
    try db.execute(
      sql: "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(Self.version)")
  }

  static func newer(_ path: String, _ version: Int64) -> StoreError {
    StoreError(
      .newer, "\(path) has format \(version), this program knows up to \(Self.version)",
      remedy: "use the newer program again; nothing was changed")
  }
}
