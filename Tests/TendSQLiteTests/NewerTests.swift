import GRDB
import Glibc
import Tend
import TendEngine
import TendSQLite
import Testing

@Suite("T67: a store of a newer program is not touched")
struct NewerTests {
  let folder: Folder

  init() throws { folder = try Folder() }

  private func picture() throws -> [String: [UInt8]] {
    var picture: [String: [UInt8]] = [:]
    for name in names(of: folder.state) where name != "lock" {
      picture[name] = try bytes(of: folder.state + "/" + name)
    }
    return picture
  }

  @Test(
    "both ways of opening refuse it, name both versions, and leave every byte", arguments: [3, 99])
  func newer(_ version: Int) async throws {
    try await withStore(at: folder.state) { try await $0.commit([.putInventory(record(1))]) }
    let other = try DatabaseQueue(path: folder.state + "/tend.db")
    try await other.write { try $0.execute(sql: "PRAGMA user_version = \(version)") }
    try other.close()
    let before = try picture()
    for mode in [SQLiteStore.Mode.readWrite, .readOnly] {
      let error = #expect(throws: StoreError.self) {
        try SQLiteStore(at: folder.state, mode: mode)
      }
      #expect(error?.code == .newer)
      #expect(error?.message.contains("format \(version)") == true)
      #expect(error?.message.contains(folder.state) == true)
      #expect(try picture() == before)
    }
    #expect(try StateLock.holder(at: folder.state) == nil)
  }

  @Test("an older version is brought up to date by who writes, with all that it holds")
  func older() async throws {
    try await withStore(at: folder.state) { try await $0.commit([.putInventory(record(1))]) }
    let other = try DatabaseQueue(path: folder.state + "/tend.db")
    try await other.write {
      try $0.execute(sql: "DROP TABLE lastSeen; PRAGMA user_version = 1")
    }
    try other.close()
    let error = #expect(throws: StoreError.self) {
      try SQLiteStore(at: folder.state, mode: .readOnly)
    }
    #expect(error?.message.contains("older format 1") == true)
    try await withStore(at: folder.state) { store in
      #expect(store.recovery == nil)
      #expect(try await store.load().inventory == [record(1)])
      try await store.commit([
        .putLastSeen(LastSeen(.unit("web"), at: Timestamp(seconds: 1), conditions: []))
      ])
    }
    #expect(try await withStore(at: folder.state) { try await $0.load().lastSeen.count } == 1)
  }

  @Test("a newer version that stands in the log alone is refused as well")
  func inLog() async throws {
    try await withStore(at: folder.path + "/live") {
      try await $0.commit([.putInventory(record(1))])
    }
    let other = try DatabaseQueue(path: folder.path + "/live/tend.db")
    try await other.write { try $0.execute(sql: "PRAGMA user_version = 7") }
    try copyFiles(from: folder.path + "/live", to: folder.state)
    try other.close()
    let before = try picture()
    for mode in [SQLiteStore.Mode.readOnly, .readWrite] {
      let error = #expect(throws: StoreError.self) {
        try SQLiteStore(at: folder.state, mode: mode)
      }
      #expect(error?.code == .newer)
      #expect(try picture() == before)
    }
  }

  @Test("another program's database is set aside, not overwritten")
  func foreign() async throws {
    mkdir(folder.state, 0o700)
    let other = try DatabaseQueue(path: folder.state + "/tend.db")
    try await other.write {
      try $0.execute(sql: "CREATE TABLE mine(x); INSERT INTO mine VALUES (1)")
    }
    try other.close()
    let before = try bytes(of: folder.state + "/tend.db")
    let store = try SQLiteStore(at: folder.state)
    let aside = try #require(store.recovery?.setAside.first)
    #expect(try bytes(of: aside) == before)
    #expect(try await store.load().inventory.isEmpty)
    await store.close()
  }
}
