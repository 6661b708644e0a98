internal import GRDB
internal import TendEngine

/// Reads a database beside whoever writes to it, and leaves no trace.
///
/// In WAL mode a reader normally makes two files beside the database (see
/// https://www.sqlite.org/wal.html#read_only_databases). Where nothing stands in the log the
/// database is read as one that can't change, and read again if it did; else log and index of the
/// writer, or the ones that it left, are used as they are. A log whose index is gone has no writer:
/// a private copy of it is read.
struct ReadAccess: Sendable {
  let directory: StateDirectory

  private enum Way {
    /// Nothing is in the log: the database file is all there is.
    case still(StateDirectory.Status)
    /// Log and index are there.
    case beside
    /// There is a log but no index.
    case copying
  }

  /// Runs a body in one read transaction; throws `.missing` where there is no database.
  func read<T>(_ body: (Database) throws -> T) throws(StoreError) -> T {
    for _ in 0..<10 {
      let way = try findWay()
      let result: T
      do throws(StoreError) {
        result = try read(way, body)
      } catch {
        // What was torn under the reader looks damaged; it is so only if nobody wrote.
        if try didMove(since: way) { continue }
        throw error
      }
      if try !didMove(since: way) { return result }
    }
    throw StoreError(.locked, "\(directory.database) does not stand still", remedy: "try again")
  }

  private func findWay() throws(StoreError) -> Way {
    let log = try directory.status(of: "tend.db-wal")
    guard let file = try directory.status(of: "tend.db"), file.size > 0 || log != nil else {
      throw StoreError(.missing, "there is no store in \(directory.path)")
    }
    // Of a log that is a header and no more SQLite would wait 10 s for what was never written.
    guard let log, log.size > 32, let header = try directory.start(of: "tend.db-wal", count: 32),
      FileFormat.isLog(header)
    else { return .still(file) }
    return try directory.status(of: "tend.db-shm") == nil ? .copying : .beside
  }

  private func didMove(since way: Way) throws(StoreError) -> Bool {
    switch (way, try findWay()) {
    case (.still(let before), .still(let now)): before != now
    case (.beside, .beside), (.copying, .copying): false
    default: true
    }
  }

  private func read<T>(_ way: Way, _ body: (Database) throws -> T) throws(StoreError) -> T {
    switch way {
    case .still: return try read(directory.database, "?immutable=1", body)
    case .beside: return try read(directory.database, "?readonly_shm=1", body)
    case .copying:
      return try directory.withPrivateCopy { copy throws(StoreError) in
        try read(copy.database, "", body)
      }
    }
  }

  private func read<T>(
    _ path: String, _ parameters: String, _ body: (Database) throws -> T
  ) throws(StoreError) -> T {
    do {
      let queue = try DatabaseQueue(
        path: "file://" + Self.escaped(path) + parameters, configuration: Self.configuration)
      defer { try? queue.close() }
      return try queue.read(body)
    } catch {
      throw StoreError(error, at: directory.database)
    }
  }

  /// Of a connection that only reads.
  static var configuration: Configuration {
    var configuration = Configuration()
    configuration.label = "tend.store.reader"
    configuration.readonly = true
    configuration.busyMode = .timeout(5)
    configuration.prepareDatabase { db in
      try db.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
    }
    return configuration
  }

  /// As the path of a URI (https://www.sqlite.org/uri.html).
  private static func escaped(_ path: String) -> String {
    var text = ""
    for byte in path.utf8 {
      switch byte {
      case UInt8(ascii: "%"), UInt8(ascii: "?"), UInt8(ascii: "#"), 0..<33, 127...255:
        text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      default: text.unicodeScalars.append(UnicodeScalar(byte))
      }
    }
    return text
  }
}
