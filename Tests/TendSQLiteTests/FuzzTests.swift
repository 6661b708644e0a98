import Glibc
import Tend
import TendEngine
import TendSQLite
import TestSupport
import Testing

@Suite("A store with any bytes in its files")
struct FuzzTests {
  /// What a process that was killed leaves, with the log not yet in the database.
  private static func original(at state: String, in folder: String) async throws
    -> [InventoryRecord]
  {
    let live = folder + "/live"
    let store = try SQLiteStore(at: live)
    for number in 0..<20 {
      try await store.commit([
        .putInventory(record(number, memory: statMemory(number))), .addEvent(event(number)),
      ])
    }
    try await store.commit([.putUnit(UnitRecord(name: "web"))])
    try copyFiles(from: live, to: state)
    let inventory = try await store.load().inventory
    await store.close()
    // The copies of the inventory are written when it closes.
    for name in names(of: live) where name.hasPrefix("inventory-") {
      try write(bytes(of: live + "/" + name), to: state + "/" + name)
    }
    return inventory
  }

  @Test("T25 whatever its files hold, a store opens or says why, and owns nothing that it did not")
  func anything() async throws {
    let folder = try Folder(inMemory: ())
    let owned = try await Self.original(at: folder.state, in: folder.path)
    let damaged = folder.path + "/damaged"
    var chance = Mutator(seed: 25, pieces: ["web", "\0\0\0\0", "SQLite format 3", "{", "\"", "1"])
    for round in 0..<60 * Mutator.factor {
      for name in names(of: damaged) { unlink(damaged + "/" + name) }
      try copyFiles(from: folder.state, to: damaged)
      for _ in 0..<Int.random(in: 1...3, using: &chance) {
        let file = names(of: damaged).randomElement(using: &chance) ?? ""
        var content = try bytes(of: damaged + "/" + file)
        chance.mutate(&content)
        try write(content, to: damaged + "/" + file)
      }
      try await check(damaged, owned, "round \(round)")
    }
  }

  private func check(_ path: String, _ owned: [InventoryRecord], _ what: String) async throws {
    do throws(StoreError) {
      let store = try SQLiteStore(at: path)
      let found = try await store.load().inventory
      for record in found {
        #expect(owned.contains(record), "\(what): \(record.key) is not what was owned")
      }
      _ = try await store.events(EventQuery())
      try await store.commit([.putUnit(UnitRecord(name: "other"))])
      await store.close()
    } catch {
      #expect(!error.description.isEmpty, "\(what)")
    }
  }
}
