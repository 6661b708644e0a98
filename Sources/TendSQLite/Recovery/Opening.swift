internal import GRDB
internal import Tend
internal import TendEngine

/// Opens a database for writing: checks it, brings it up to date, or starts a new one.
struct Opening {
  let directory: StateDirectory
  let key: StateKey
  let now: Timestamp

  /// A database that may be written to.
  struct Opened {
    let queue: DatabaseQueue
    let contents: Contents
    let mark: GenerationMark
    let recovery: Recovery?
  }

  /// Above this size only the owned rows are checked at the start: the rest is read when needed.
  private static let checkedSize: Int64 = 64 << 20

  /// How far numbers jump when nobody knows where they stood.
  private static let gap: Int64 = 1_000_000

  func open() throws(StoreError) -> Opened {
    let mark = try GenerationMark(in: directory)
    do throws(StoreError) {
      switch try existingFormat() {
      case .known, .empty:
        if let opened = try openExisting(mark) { return opened }
        return try start(mark, because: nil, setAside: [])
      case .newer(let version): throw Schema.newer(directory.database, version)
      case .foreign: throw foreign
      }
    } catch {
      guard error.code == .corrupt else { throw error }
      let paths = try SetAside(directory: directory, now: now).database()
      return try start(mark, because: error.message, setAside: paths)
    }
  }

  /// Looks before anything is touched.
  private func existingFormat() throws(StoreError) -> Schema.Format {
    guard let header = try directory.start(of: "tend.db", count: 100), !header.isEmpty else {
      return .empty
    }
    let format = FileFormat.database(header)
    if case .newer = format { return format }
    if format == .foreign { return format }
    // What the log says counts, and it may say more than the file: a newer program's version, or
    // the first transaction of all.
    let log = try directory.status(of: "tend.db-wal")?.size ?? 0
    if log == 0, format != .empty { return format }
    return try ReadAccess(directory: directory).read { db in try checked { try Schema.format(db) } }
  }

  /// Nil where there is nothing in it.
  private func openExisting(_ mark: GenerationMark) throws(StoreError) -> Opened? {
    guard let size = try directory.status(of: "tend.db")?.size, size > 0 else { return nil }
    do {
      return try checked {
        let queue = try connect()
        guard try bringUpToDate(queue) else { return nil }
        let contents = try queue.write { db in
          if size <= Self.checkedSize { try check(db) }
          let contents = try Contents(db, at: directory.database)
          try check(contents.seal, against: mark)
          try raiseEvents(db, to: mark.lastEvent)
          return contents
        }
        let mark = GenerationMark(
          generation: contents.seal.generation, lastEvent: mark.lastEvent)
        return Opened(queue: queue, contents: contents, mark: mark, recovery: nil)
      }
    } catch {
      throw StoreError(error, at: directory.database)
    }
  }

  /// Says whether there is anything in it.
  private func bringUpToDate(_ queue: DatabaseQueue) throws -> Bool {
    switch try queue.read({ try Schema.format($0) }) {
    case .newer(let version): throw Schema.newer(directory.database, version)
    case .foreign: throw foreign
    case .empty: return false
    case .known(Schema.version): return true
    case .known(let version):
      try queue.write { try Schema.migrate($0, from: version) }
      try emptyLog(queue)
      return true
    }
  }

  private var foreign: StoreError { .corrupt(directory.database, "it is no store of Tend") }

  /// So that the file itself says its version, and an older program sees it without the log.
  private func emptyLog(_ queue: DatabaseQueue) throws {
    _ = try queue.writeWithoutTransaction { try $0.checkpoint(.truncate) }
  }

  private func check(_ seal: Seal, against mark: GenerationMark) throws(StoreError) {
    guard seal.generation < mark.generation else { return }
    throw StoreError.corrupt(
      directory.database,
      "it ends at write \(seal.generation), but write \(mark.generation) was acknowledged")
  }

  /// A damaged schema shows as an error of the statement that meets it.
  private func checked<T>(_ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
      throw StoreError.corrupt(directory.database, error.message ?? "\(error)")
    }
  }

  private func check(_ db: Database) throws {
    let answer = try String.fetchOne(db, sql: "PRAGMA quick_check(1)") ?? "no answer"
    guard answer == "ok" else { throw StoreError.corrupt(directory.database, answer) }
  }

  /// A new database, with what the copies prove.
  private func start(
    _ mark: GenerationMark, because cause: String?, setAside: [String]
  ) throws(StoreError) -> Opened {
    try directory.touch("tend.db")
    let restoring = try Restoring(directory: directory, key: key)
    let isLost = cause != nil || restoring.hasAny || mark.generation > 0
    var next = mark
    if isLost {
      next.generation = max(mark.generation, restoring.mark.generation)
      next.lastEvent = max(mark.lastEvent, restoring.mark.lastEvent) &+ Self.gap
    }
    do {
      let queue = try connect()
      let contents = try queue.write { db in
        try Schema.migrate(db, from: 0)
        try restoring.write(db, generation: next.generation &+ 1)
        if isLost { try raiseEvents(db, to: next.lastEvent) }
        return try Contents(db, at: directory.database)
      }
      try emptyLog(queue)
      try directory.sync()
      next.generation = contents.seal.generation
      let recovery =
        isLost
        ? restoring.recovery(
          cause: cause ?? "\(directory.database) is gone", setAside: setAside) : nil
      return Opened(queue: queue, contents: contents, mark: next, recovery: recovery)
    } catch {
      throw StoreError(error, at: directory.database)
    }
  }

  /// Lets the next event's number be above this one.
  private func raiseEvents(_ db: Database, to number: Int64) throws {
    try db.execute(
      sql: "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'event'",
      arguments: [number])
    if db.changesCount == 0, number > 0 {
      try db.execute(
        sql: "INSERT INTO sqlite_sequence(name, seq) VALUES ('event', ?)", arguments: [number])
    }
  }

  private func connect() throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.label = "tend.store.writer"
    configuration.busyMode = .timeout(10)
    configuration.prepareDatabase { db in
      // A log is synced with every commit; the database when the log is emptied into it.
      try db.execute(
        sql: """
          PRAGMA auto_vacuum = INCREMENTAL;
          PRAGMA journal_mode = WAL;
          PRAGMA synchronous = FULL;
          PRAGMA journal_size_limit = 4194304;
          PRAGMA trusted_schema = OFF;
          PRAGMA cell_size_check = ON;
          """)
    }
    return try DatabaseQueue(path: directory.database, configuration: configuration)
  }
}
