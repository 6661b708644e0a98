import Glibc
import Tend
import TendEngine
import TendSQLite
import Testing

/// A store with 80 records, two units and some history, to be damaged.
private struct Original {
  let folder: Folder
  let inventory: [InventoryRecord]
  let units: [UnitRecord]

  /// Closed: all is in the database.
  ///
  /// Else as a killed process leaves it: all is in the log.
  init(isClosed: Bool) async throws {
    folder = try Folder(inMemory: ())
    let live = folder.path + "/live"
    let store = try SQLiteStore(at: live)
    for number in 0..<40 {
      let writes = [number, number + 40].map {
        StoreWrite.putInventory(record($0, unit: $0 < 50 ? "web" : "base", memory: statMemory($0)))
      }
      try await store.commit(writes + [.addEvent(event(number))])
    }
    try await store.commit([.putUnit(UnitRecord(name: "web")), .putUnit(UnitRecord(name: "base"))])
    let contents = try await store.load()
    inventory = contents.inventory
    units = contents.units
    if isClosed {
      await store.close()
      try copyFiles(from: live, to: folder.state)
    } else {
      try copyFiles(from: live, to: folder.state)
      // The copies of the inventory, which a running store writes a second later.
      await store.close()
      for name in names(of: live) where name.hasPrefix("inventory-") {
        try write(bytes(of: live + "/" + name), to: folder.state + "/" + name)
      }
    }
  }

  /// Opens a damaged copy: it must be noticed, or change nothing of what is owned.
  func expectSafe(_ file: String, _ damaged: [UInt8], _ what: String) async throws {
    let path = folder.path + "/damaged"
    for name in names(of: path) { unlink(path + "/" + name) }
    try copyFiles(from: folder.state, to: path)
    try write(damaged, to: path + "/" + file)
    do throws(StoreError) {
      let store = try SQLiteStore(at: path)
      let contents = try await store.load()
      #expect(contents.inventory == inventory, "\(what): \(store.recovery?.cause ?? "not noticed")")
      #expect(contents.units == units, "\(what)")
      await store.close()
    } catch {
      // The number that says which version wrote it.
      #expect(error.code == .newer, "\(what): \(error)")
    }
  }
}

@Suite("Damage never changes what is owned", .serialized)
struct DamageTests {
  @Test("T25: a flipped byte anywhere in the database is noticed or means nothing")
  func flippedDatabase() async throws {
    let original = try await Original(isClosed: true)
    let whole = try bytes(of: original.folder.state + "/tend.db")
    let places = Array(0..<100) + stride(from: 100, to: whole.count, by: whole.count / 200 | 1)
    for (index, place) in places.enumerated() {
      var damaged = whole
      damaged[place] ^= [0x01, 0x80, 0xFF, 0x20][index % 4]
      try await original.expectSafe("tend.db", damaged, "byte \(place)")
    }
  }

  @Test("T25: a database that ends early is noticed")
  func truncatedDatabase() async throws {
    let original = try await Original(isClosed: true)
    let whole = try bytes(of: original.folder.state + "/tend.db")
    for size in stride(from: 0, to: whole.count, by: whole.count / 40 | 1) {
      try await original.expectSafe("tend.db", Array(whole.prefix(size)), "\(size) bytes left")
    }
  }

  @Test(
    "T25: a flipped byte in the log is noticed: what was acknowledged is never cut off silently")
  func flippedLog() async throws {
    let original = try await Original(isClosed: false)
    let whole = try bytes(of: original.folder.state + "/tend.db-wal")
    #expect(whole.count > 100_000)
    for place in Array(0..<32) + stride(from: 32, to: whole.count, by: whole.count / 100 | 1) {
      var damaged = whole
      damaged[place] ^= 0x10
      try await original.expectSafe("tend.db-wal", damaged, "byte \(place) of the log")
    }
  }

  @Test("T25: a log that ends early is noticed")
  func truncatedLog() async throws {
    let original = try await Original(isClosed: false)
    let whole = try bytes(of: original.folder.state + "/tend.db-wal")
    for size in stride(from: 0, to: whole.count, by: whole.count / 100 | 1) {
      try await original.expectSafe(
        "tend.db-wal", Array(whole.prefix(size)), "\(size) bytes of log")
    }
  }

  @Test("a page from another time is noticed, though each of its rows is whole")
  func oldPage() async throws {
    let folder = try Folder(inMemory: ())
    try await withStore(at: folder.state) { store in
      try await store.commit((0..<80).map { .putInventory(record($0, memory: statMemory($0))) })
    }
    let before = try bytes(of: folder.state + "/tend.db")
    try await withStore(at: folder.state) { store in
      try await store.commit([.removeInventory(record(40).key)])
      try await store.commit([.putInventory(record(41, memory: statMemory(99)))])
    }
    let now = try await withStore(at: folder.state) { try await $0.load() }
    let after = try bytes(of: folder.state + "/tend.db")
    var noticed = 0
    for page in 1..<min(before.count, after.count) / 4096 {
      let range = page * 4096..<(page + 1) * 4096
      if before[range] == after[range] { continue }
      var mixed = after
      mixed.replaceSubrange(range, with: before[range])
      try write(mixed, to: folder.state + "/tend.db")
      let store = try SQLiteStore(at: folder.state)
      #expect(try await store.load().inventory == now.inventory)
      if store.recovery != nil { noticed += 1 }
      await store.close()
    }
    #expect(noticed > 0)
  }

  @Test("a reader notices damage too, and changes nothing")
  func reader() async throws {
    let original = try await Original(isClosed: true)
    let path = original.folder.state
    var damaged = try bytes(of: path + "/tend.db")
    let text = Array("/etc/app/17.conf".utf8)
    let place = try #require(
      damaged.indices.first { damaged[$0...].starts(with: text) })
    damaged[place + 10] ^= 1
    try write(damaged, to: path + "/tend.db")
    let before = names(of: path)
    let store = try SQLiteStore(at: path, mode: .readOnly)
    let error = await #expect(throws: StoreError.self) { try await store.load() }
    #expect(error?.code == .corrupt)
    #expect(names(of: path) == before)
  }
}
