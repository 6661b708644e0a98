import Glibc
import Tend
import TendEngine
import TendSQLite
import TestSupport
import Testing

@Suite("A damaged store is set aside, and what is proven is owned again")
struct RecoveryTests {
  let folder: Folder

  init() throws { folder = try Folder() }

  private func damage() throws {
    var bytes = try bytes(of: folder.state + "/tend.db")
    for index in bytes.indices.prefix(4096) { bytes[index] ^= 0x5A }
    try write(bytes, to: folder.state + "/tend.db")
    unlink(folder.state + "/tend.db-wal")
    unlink(folder.state + "/tend.db-shm")
  }

  /// As a killed process leaves the directory.
  private func leave(_ writes: [[StoreWrite]]) async throws {
    let path = folder.path + "/live"
    try await withStore(at: path) { store in
      for group in writes { try await store.commit(group) }
      try copyFiles(from: path, to: folder.state)
    }
  }

  @Test("the damaged file is kept under another name, and the store says what happened")
  func setAside() async throws {
    try await withStore(at: folder.state) { store in
      try await store.commit([.putInventory(record(1)), .putUnit(UnitRecord(name: "web"))])
    }
    try damage()
    let damaged = try bytes(of: folder.state + "/tend.db")
    let store = try SQLiteStore(at: folder.state, now: { Timestamp(seconds: 1_800_000_000) })
    let recovery = try #require(store.recovery)
    let aside = folder.state + "/tend.db.corrupt-20270115T080000Z"
    #expect(recovery.setAside == [aside])
    #expect(try bytes(of: aside) == damaged)
    #expect(recovery.restored == 1)
    #expect(recovery.units == ["web"])
    #expect(recovery.unproven.isEmpty)
    #expect(recovery.description.contains(aside))
    let contents = try await store.load()
    #expect(contents.inventory == [record(1)])
    #expect(contents.units == [UnitRecord(name: "web")])
    await store.close()
    #expect(try await withStore(at: folder.state) { $0.recovery } == nil)
  }

  @Test("a database that is gone is restored from the copies")
  func gone() async throws {
    try await withStore(at: folder.state) { try await $0.commit([.putInventory(record(1))]) }
    unlink(folder.state + "/tend.db")
    let store = try SQLiteStore(at: folder.state)
    #expect(store.recovery?.restored == 1)
    #expect(store.recovery?.setAside == [])
    #expect(try await store.load().inventory == [record(1)])
    await store.close()
  }

  @Test("a copy is there as soon as a revision has converged")
  func converged() async throws {
    let path = folder.path + "/live"
    let store = try SQLiteStore(at: path)
    try await store.commit([.putInventory(record(1))])
    try await store.commit([.putRevision(revisionRecord("a"))])
    let copy = path + "/inventory-web.json"
    try await eventually("a copy is there") { access(copy, F_OK) == 0 }
    try copyFiles(from: path, to: folder.state)
    await store.close()
    try damage()
    #expect(try await withStore(at: folder.state) { $0.recovery?.restored } == 1)
  }

  @Test(
    "what was given up after the last copy is not owned again",
    arguments: [
      ([.removeInventory(record(2).key)], "removed or forgotten"),
      ([.putInventory(record(2, unit: "base"))], "moved to another unit"),
      ([.putInventory(record(2, memory: "another id"))], "made anew"),
    ] as [([StoreWrite], String)])
  func outdated(_ change: [StoreWrite], _ what: String) async throws {
    let path = folder.path + "/live"
    try await withStore(at: path) {
      try await $0.commit([.putInventory(record(1)), .putInventory(record(2))])
    }
    #expect(names(of: path).contains("inventory-web.json"))
    try await leave([change])
    let truth = try await withStore(at: path) { try await $0.load() }
    try damage()
    let contents = try await withStore(at: folder.state) { try await $0.load() }
    // On a slow machine a new copy may be there already: it says what is true.
    for owned in contents.inventory { #expect(truth.inventory.contains(owned), "\(what)") }
    #expect(!contents.inventory.contains(record(2)), "\(what)")
  }

  @Test("what was added after the last copy leaves the copy true")
  func added() async throws {
    try await withStore(at: folder.path + "/live") {
      try await $0.commit([.putInventory(record(1))])
    }
    try await leave([[.putInventory(record(2))]])
    try damage()
    let contents = try await withStore(at: folder.state) { try await $0.load() }
    #expect(contents.inventory.first == record(1))
  }

  @Test(
    "a copy that was changed, cut or made with another key proves nothing",
    arguments: ["changed", "cut", "key", "renamed"])
  func unproven(_ what: String) async throws {
    try await withStore(at: folder.state) { store in
      try await store.commit((0..<9).map { .putInventory(record($0)) })
    }
    let copy = folder.state + "/inventory-web.json"
    var text = try bytes(of: copy)
    switch what {
    case "changed":
      let place = try #require(text.indices.first { text[$0...].starts(with: "conf-3".utf8) })
      text[place + 5] = UInt8(ascii: "7")
      try write(text, to: copy)
    case "cut": try write(Array(text.dropLast(text.count / 2)), to: copy)
    case "key": try write([UInt8](repeating: 7, count: 32), to: folder.state + "/key")
    default: try write(text, to: folder.state + "/inventory-other.json")
    }
    try damage()
    let store = try SQLiteStore(at: folder.state)
    let recovery = try #require(store.recovery)
    let isRenamed = what == "renamed"
    #expect(recovery.unproven == [isRenamed ? folder.state + "/inventory-other.json" : copy])
    #expect(recovery.restored == (isRenamed ? 9 : 0))
    #expect(try await store.load().inventory.count == (isRenamed ? 9 : 0))
    await store.close()
  }

  @Test("T33: numbers of events only grow, also in a new database")
  func numbers() async throws {
    let last = try await withStore(at: folder.state) { store in
      try await store.commit((0..<50).map { .addEvent(event($0)) })
      return try await store.events(EventQuery(limit: 1)).first?.number ?? 0
    }
    #expect(last == 50)
    var highest = last
    for _ in 0..<3 {
      try damage()
      let number = try await withStore(at: folder.state) { store in
        try await store.commit([.addEvent(event(1))])
        return try await store.events(EventQuery(limit: 1)).first?.number ?? 0
      }
      #expect(number > highest)
      highest = number
    }
  }

  @Test("T33: a database put back from yesterday does not pass for today's")
  func backInTime() async throws {
    try await withStore(at: folder.state) { try await $0.commit([.putInventory(record(1))]) }
    let yesterday = try bytes(of: folder.state + "/tend.db")
    try await withStore(at: folder.state) { try await $0.commit([.putInventory(record(2))]) }
    try write(yesterday, to: folder.state + "/tend.db")
    let store = try SQLiteStore(at: folder.state)
    #expect(store.recovery?.cause.contains("was acknowledged") == true)
    #expect(try await store.load().inventory == [record(1), record(2)])
    await store.close()
  }

  @Test("at most three damaged databases are kept")
  func bounded() async throws {
    try await withStore(at: folder.state) { _ in }
    for _ in 0..<6 {
      try damage()
      try await withStore(at: folder.state) { #expect($0.recovery != nil) }
    }
    let kept = names(of: folder.state).filter { $0.contains("corrupt") }
    #expect(kept.count == 3)
  }

  @Test("a damaged key is set aside, and the store opens")
  func key() async throws {
    try await withStore(at: folder.state) { try await $0.commit([.putInventory(record(1))]) }
    try write([1, 2, 3], to: folder.state + "/key")
    let contents = try await withStore(at: folder.state) { try await $0.load() }
    #expect(contents.inventory == [record(1)])
    #expect(names(of: folder.state).contains { $0.hasPrefix("key.corrupt-") })
  }

  @Test(
    "a unit's name never leads its copy out of the directory",
    arguments: ["../../x", "a/b", "é", String(repeating: "x", count: 400)])
  func oddUnit(_ unit: String) async throws {
    try await withStore(at: folder.state) {
      try await $0.commit([.putInventory(record(1, unit: unit))])
      try await $0.commit([.putInventory(record(1, unit: unit, memory: 1))])
    }
    let files = names(of: folder.state)
    #expect(files.filter { $0.hasPrefix("inventory-") }.count == 1)
    unlink(folder.state + "/tend.db")
    let contents = try await withStore(at: folder.state) { try await $0.load() }
    #expect(contents.inventory == [record(1, unit: unit, memory: 1)])
  }
}
