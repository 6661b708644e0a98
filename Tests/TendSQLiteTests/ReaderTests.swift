import Glibc
import Tend
import TendEngine
import TendSQLite
import Testing

@Suite("Readers leave no trace and see whole commits")
struct ReaderTests {
  let folder: Folder

  init() throws { folder = try Folder() }

  /// Names and bytes of all files; beside a living writer without those that it writes when it
  /// likes: its index and the copies of the inventory.
  private func picture(_ left: Left) throws -> [String: [UInt8]] {
    let path = folder.state
    var picture: [String: [UInt8]] = [:]
    for name in names(of: path) {
      if left == .living, name.hasSuffix("-shm") || name.hasPrefix("inventory-") { continue }
      picture[name] = try bytes(of: path + "/" + name)
    }
    return picture
  }

  @Test("where there is no store, reading says so and makes none")
  func missing() throws {
    let error = #expect(throws: StoreError.self) {
      try SQLiteStore(at: folder.state, mode: .readOnly)
    }
    #expect(error?.code == .missing)
    #expect(names(of: folder.path).isEmpty)
    mkdir(folder.state, 0o700)
    let inEmpty = #expect(throws: StoreError.self) {
      try SQLiteStore(at: folder.state, mode: .readOnly)
    }
    #expect(inEmpty?.code == .missing)
    #expect(names(of: folder.state).isEmpty)
  }

  @Test("a store that is open for reading takes no writes")
  func readOnly() async throws {
    try await withStore(at: folder.state) { _ in }
    let store = try SQLiteStore(at: folder.state, mode: .readOnly)
    let error = await #expect(throws: StoreError.self) {
      try await store.commit([.removeUnit("web")])
    }
    #expect(error?.code == .readOnly)
  }

  /// In which state a store is left for its readers.
  enum Left: CaseIterable {
    case closed, killed, killedWithoutIndex, living
  }

  /// Leaves a store with one record; the store itself where it lives on.
  private func leave(_ left: Left) async throws -> SQLiteStore? {
    let path = left == .killed || left == .killedWithoutIndex ? folder.path + "/live" : folder.state
    let store = try SQLiteStore(at: path)
    try await store.commit([.putInventory(record(1)), .addEvent(event(1))])
    switch left {
    case .living: return store
    case .closed: break
    case .killed: try copyFiles(from: path, to: folder.state)
    case .killedWithoutIndex:
      try copyFiles(from: path, to: folder.state)
      unlink(folder.state + "/tend.db-shm")
    }
    await store.close()
    return nil
  }

  @Test(
    "plan writes nothing: not a byte of the directory changes",
    arguments: Left.allCases)
  func noTrace(_ left: Left) async throws {
    let writer = try await leave(left)
    let before = try picture(left)
    let reader = try SQLiteStore(at: folder.state, mode: .readOnly)
    #expect(try await reader.load().inventory == [record(1)])
    #expect(try await reader.events(EventQuery()).count == 1)
    #expect(try await reader.revisions(of: "web", limit: 1).isEmpty)
    let after = try picture(left)
    #expect(after.keys.sorted() == before.keys.sorted())
    for (name, bytes) in before { #expect(after[name] == bytes, "\(name)") }
    await writer?.close()
  }

  @Test(
    "a log in which nothing was finished is passed over at once",
    arguments: [1, 31, 32, 33, 56, 100, 4151])
  func unfinishedLog(_ size: Int) async throws {
    let path = folder.path + "/live"
    let store = try SQLiteStore(at: path)
    let database = try bytes(of: path + "/tend.db")
    try await store.commit([.putInventory(record(1))])
    try copyFiles(from: path, to: folder.state)
    await store.close()
    try write(database, to: folder.state + "/tend.db")
    let log = try bytes(of: folder.state + "/tend.db-wal")
    try write(Array(log.prefix(size)), to: folder.state + "/tend.db-wal")
    // Nothing was acknowledged beyond what the database holds.
    unlink(folder.state + "/generation")
    let reader = try SQLiteStore(at: folder.state, mode: .readOnly)
    #expect(try await reader.load().inventory.isEmpty)
    try await withStore(at: folder.state) { #expect($0.recovery == nil) }
  }

  @Test("a reader beside a living writer sees what was committed, each time anew")
  func besideWriter() async throws {
    let writer = try SQLiteStore(at: folder.state)
    let reader = try SQLiteStore(at: folder.state, mode: .readOnly)
    for number in 0..<40 {
      try await writer.commit([.putInventory(record(number))])
      #expect(try await reader.load().inventory.count == number + 1)
    }
    await writer.close()
    #expect(try await reader.load().inventory.count == 40)
  }

  @Test(
    "an ordinary user without the right to write reads a directory of root's",
    .enabled(if: isRoot), arguments: Left.allCases)
  func ordinaryUser(_ left: Left) async throws {
    let writer = try await leave(left)
    let path = folder.state
    chmod(folder.path, 0o755)
    chmod(path, 0o755)
    for name in names(of: path) { chmod(path + "/" + name, 0o644) }
    await #expect(processExitsWith: .exitCode(0)) { [path = path as String] in
      exit(try await readAsNobody(path))
    }
    await writer?.close()
  }

  @Test("files that may not be read are named", .enabled(if: isRoot))
  func notPermitted() async throws {
    try await withStore(at: folder.state) { _ in }
    let path = folder.state
    chmod(folder.path, 0o755)
    await #expect(processExitsWith: .exitCode(3)) { [path = path as String] in
      exit(try await readAsNobody(path))
    }
    chmod(path, 0o755)
    await #expect(processExitsWith: .exitCode(3)) { [path = path as String] in
      exit(try await readAsNobody(path))
    }
  }

  @Test("T26: 10,000 polls never see half a commit")
  func wholeCommits() async throws {
    let folder = try Folder(inMemory: ())
    let writer = try SQLiteStore(at: folder.state)
    try await writer.commit([1, 2, 3].map { .putInventory(record($0, memory: 0)) })
    let reader = try SQLiteStore(at: folder.state, mode: .readOnly)
    try await withThrowingTaskGroup(of: Int.self) { group in
      for store in [reader, writer, reader, writer] {
        group.addTask {
          var torn = 0
          for _ in 0..<2500 {
            let memories = try await store.load().inventory.map(\.memory)
            if memories.count != 3 || Set(memories).count != 1 { torn += 1 }
          }
          return torn
        }
      }
      group.addTask {
        for generation in 1...2000 {
          try await writer.commit(
            [1, 2, 3].map { .putInventory(record($0, memory: .integer(Int64(generation)))) })
        }
        return 0
      }
      for try await torn in group { #expect(torn == 0) }
    }
    await writer.close()
  }
}

/// 0 where the record could be read, 3 where a right was missing and the error names the directory.
private func readAsNobody(_ path: String) async throws -> Int32 {
  guard setgroups(0, nil) == 0, setgid(65_534) == 0, setuid(65_534) == 0 else { return 9 }
  do throws(StoreError) {
    let store = try SQLiteStore(at: path, mode: .readOnly)
    let events = try await store.events(EventQuery())
    return try await store.load().inventory.count == 1 && events.count == 1 ? 0 : 1
  } catch {
    return error.code == .notPermitted && error.message.contains(path) ? 3 : 2
  }
}
