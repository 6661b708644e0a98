private import Dispatch
internal import GRDB
private import Synchronization
public import Tend
public import TendEngine

#if canImport(Glibc)
private import Glibc
#elseif canImport(Musl)
private import Musl
#else
private import Darwin
#endif

/// The embedded store: a SQLite database in a state directory.
///
/// Open for writing it holds the directory's lock until it is closed or released. A commit is
/// durable when it returns (write-ahead log, synced at every commit). Every owned row carries a
/// checksum and all of them together a seal, so that damage is noticed when the store is opened:
/// the files are then set aside by name, and what the copies of the inventory prove is owned again;
/// `recovery` says what happened.
///
/// Beside `tend.db` the directory holds `lock`, `key` (the secret of digests), `generation` (how
/// far writes were acknowledged) and `inventory-UNIT.json` (a copy of what each unit owns).
public final class SQLiteStore: Store {
  /// What a store is opened for.
  public enum Mode: Sendable, Hashable {
    /// Reading and writing; one at a time for each directory.
    case readWrite
    /// Reading beside whoever writes. It makes no file and needs no right to write.
    case readOnly
  }

  /// The state directory, absolute.
  public var directory: String { files.path }
  /// What was found damaged at the start and what became of it; nil where nothing was.
  public let recovery: Recovery?

  private let files: StateDirectory
  private let key: StateKey
  private let way: Way

  private enum Way: Sendable {
    case writing(Open)
    case reading(DispatchQueue)
  }

  /// All that an open store for writing holds.
  private final class Open: Sendable {
    let writer: Writer
    let reader: DatabaseQueue
    let copies: InventoryCopies
    /// Read when the store was opened, for the first load.
    let contents: Mutex<Contents?>
    let connection: DatabaseQueue
    let lock: Mutex<StateLock?>

    init(
      _ opened: Opening.Opened, reader: DatabaseQueue, copies: InventoryCopies, writer: Writer,
      lock: StateLock
    ) {
      self.writer = writer
      self.reader = reader
      self.copies = copies
      self.lock = Mutex(lock)
      connection = opened.queue
      contents = Mutex(opened.contents)
    }
  }

  /// Opens the store of a state directory.
  ///
  /// For writing, the directory is made with mode 0700 where it is missing; throws `.locked` where
  /// another process writes, naming it and since when, and `.newer` for a database of a newer
  /// version, which is not touched. For reading, throws `.missing` where there is no store: plan
  /// against an empty one. Blocks while it checks: call it at the start, not from a worker. `now`
  /// gives the time of what is written for people only.
  public init(
    at stateDirectory: String, mode: Mode = .readWrite, retention: Retention = Retention(),
    now: @Sendable () -> Timestamp = SQLiteStore.wallClock
  ) throws(StoreError) {
    files = StateDirectory(stateDirectory)
    switch mode {
    case .readWrite:
      (way, key, recovery) = try Self.openForWriting(files, retention, now())
    case .readOnly:
      key = try StateKey(in: files) ?? StateKey()
      recovery = nil
      way = .reading(DispatchQueue(label: "tend.store.reader"))
      try Self.checkFormat(files)
    }
  }

  private static func openForWriting(
    _ files: StateDirectory, _ retention: Retention, _ now: Timestamp
  ) throws(StoreError) -> (Way, StateKey, Recovery?) {
    try files.create()
    let lock = try StateLock(in: files, now: now)
    let key = try openKey(files, now)
    let opened = try Opening(directory: files, key: key, now: now).open()
    let reader: DatabaseQueue
    do {
      reader = try DatabaseQueue(path: files.database, configuration: ReadAccess.configuration)
    } catch {
      throw StoreError(error, at: files.database)
    }
    let copies = InventoryCopies(in: files, key: key, reader: reader)
    let writer = try Writer(
      opened.queue, in: files, mark: opened.mark, copies: copies, retention: retention)
    let open = Open(opened, reader: reader, copies: copies, writer: writer, lock: lock)
    return (.writing(open), key, opened.recovery)
  }

  /// A damaged key is set aside: what was digested with it looks changed once.
  private static func openKey(
    _ files: StateDirectory, _ now: Timestamp
  ) throws(StoreError) -> StateKey {
    do throws(StoreError) {
      if let key = try StateKey(in: files) { return key }
    } catch {
      guard error.code == .corrupt else { throw error }
      _ = try SetAside(directory: files, now: now).file("key")
    }
    let key = StateKey()
    try key.write(to: files)
    return key
  }

  private static func checkFormat(_ files: StateDirectory) throws(StoreError) {
    switch try ReadAccess(directory: files).read({ try Schema.format($0) }) {
    case .known(Schema.version): return
    case .known(let version):
      throw StoreError(
        .readOnly, "\(files.database) has the older format \(version)",
        remedy: "open it for writing once: start the agent, or run apply")
    case .empty: throw StoreError(.missing, "there is no store in \(files.path)")
    case .newer(let version): throw Schema.newer(files.database, version)
    case .foreign: throw StoreError.corrupt(files.database, "it is no store of Tend")
    }
  }

  /// The system's wall clock.
  public static func wallClock() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(
      nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
  }
}

extension SQLiteStore {
  /// Inventory and units, in the order of keys and names.
  ///
  /// Throws `.corrupt` where any of it is not as it was written.
  public func load() async throws(StoreError) -> StoreContents {
    if case .writing(let open) = way,
      let contents = open.contents.withLock({ contents in
        defer { contents = nil }
        return contents
      })
    {
      return contents.kept
    }
    let path = files.database
    let contents = try await read { try Contents($0, at: path) }
    return contents.kept
  }

  /// Writes these together or not at all; durable when it returns.
  ///
  /// What many tasks hand in at once shares one sync of the disk, and a failure harms its caller
  /// alone. One task's commits keep their order. Throws `.refused` for a memory above its limit,
  /// `.busy` where more than 65,536 callers wait.
  public func commit(_ writes: [StoreWrite]) async throws(StoreError) {
    guard case .writing(let open) = way else {
      throw StoreError(.readOnly, "\(files.database) is open for reading only")
    }
    open.contents.withLock { $0 = nil }
    try await open.writer.commit(writes)
  }

  /// Events, newest first.
  public func events(_ query: EventQuery) async throws(StoreError) -> [Event] {
    try await read { try $0.events(query) }
  }

  /// Revisions that a unit took in, newest first.
  public func revisions(
    of unit: String, limit: Int
  ) async throws(StoreError) -> [RevisionRecord] {
    try await read { try $0.revisions(of: unit, limit: limit) }
  }

  /// HMAC-SHA-256 under the key of the state directory, in hexadecimal.
  public func digest(of bytes: [UInt8]) -> String { key.digest(of: bytes) }

  /// Writes what waits, brings the copies of the inventory up to date and gives the lock back.
  ///
  /// The store can't be used afterwards. One that is released without it loses nothing.
  public func close() async {
    guard case .writing(let open) = way else { return }
    await open.writer.finish()
    await flushCopies()
    try? open.reader.close()
    try? open.connection.close()
    open.lock.withLock { $0 = nil }
  }

  /// Returns when the copies of the inventory say all that was committed before.
  func flushCopies() async {
    if case .writing(let open) = way { await open.copies.flush() }
  }

  private func read<T: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> T
  ) async throws(StoreError) -> T {
    let files = files
    let result: Result<T, StoreError> = await withCheckedContinuation { caller in
      switch way {
      case .writing(let open):
        open.reader.asyncRead { db in
          caller.resume(
            returning: Result { try body(db.get()) }.mapError { StoreError($0, at: files.database) }
          )
        }
      case .reading(let queue):
        queue.async {
          caller.resume(
            returning: Result { () throws(StoreError) in
              try ReadAccess(directory: files).read(body)
            })
        }
      }
    }
    return try result.get()
  }
}

extension Store where Self == SQLiteStore {
  /// The store of a state directory, open for writing.
  public static func sqlite(at stateDirectory: String) throws(StoreError) -> SQLiteStore {
    try SQLiteStore(at: stateDirectory)
  }
}
