import Glibc
import Tend
import TendEngine
import TendSQLite
import Testing

@Suite("What is kept comes back")
struct StoreTests {
  let folder: Folder

  init() throws { folder = try Folder() }

  @Test("an inventory comes back as it was, in the order of keys")
  func inventory() async throws {
    var full = record(1, memory: statMemory(1))
    full.isAdopted = true
    full.lifecycle.preventDelete = true
    full.lifecycle.ignoreDifferences = ["mode", "limits.memory"]
    full.lifecycle.interval = .seconds(90)
    full.lifecycle.timeout = .milliseconds(1500)
    full.lifecycle.suspend = true
    full.lifecycle.mode = .observe
    full.lifecycle.deletionPolicy = .orphan
    full.dependencies.append(InventoryKey(provider: "api", identity: "a \"b\" ü/\n"))
    var bare = record(2, state: .intended)
    bare.dependencies = []
    try await withStore(at: folder.state) {
      try await $0.commit([.putInventory(bare), .putInventory(full)])
    }
    let contents = try await withStore(at: folder.state) { try await $0.load() }
    #expect(contents.inventory == [full, bare])
  }

  @Test("a record put again is replaced, a removed one is gone")
  func replace() async throws {
    let contents = try await withStore(at: folder.state) { store in
      try await store.commit([.putInventory(record(1, state: .intended)), .putInventory(record(2))])
      try await store.commit([.putInventory(record(1, memory: 7)), .removeInventory(record(2).key)])
      return try await store.load()
    }
    #expect(contents.inventory == [record(1, memory: 7)])
  }

  @Test("a record that moves to another key keeps its memory, unless that key is taken")
  func move() async throws {
    let contents = try await withStore(at: folder.state) { store in
      try await store.commit([.putInventory(record(1, memory: 7)), .putInventory(record(3))])
      var moved = record(1)
      moved.key = record(2).key
      try await store.commit([
        .moveInventory(from: record(1).key, to: record(2).key), .putInventory(moved),
        .moveInventory(from: record(3).key, to: record(2).key),
        .moveInventory(from: record(8).key, to: record(9).key),
      ])
      return try await store.load()
    }
    var moved = record(1, memory: 7)
    moved.key = record(2).key
    #expect(contents.inventory == [moved, record(3)])
  }

  @Test("a record without memory leaves the memory that is kept; a memory leaves the record")
  func memoryAlone() async throws {
    let contents = try await withStore(at: folder.state) { store in
      try await store.commit([.putInventory(record(1, state: .intended))])
      try await store.commit([.putMemory(record(1).key, 7), .putMemory(record(2).key, 8)])
      try await store.commit([.putInventory(record(1, unit: "base"))])
      try await store.commit([.putMemory(record(1).key, nil)])
      return try await store.load()
    }
    #expect(contents.inventory == [record(1, unit: "base", memory: 7)])
  }

  @Test("what is no longer declared stays so")
  func undeclared() async throws {
    var waiting = record(1)
    waiting.isDeclared = false
    let kept = waiting
    try await withStore(at: folder.state) { try await $0.commit([.putInventory(kept)]) }
    let contents = try await withStore(at: folder.state) { try await $0.load() }
    #expect(contents.inventory == [waiting])
  }

  @Test("what was last said comes back, is replaced, and goes with what it was said of")
  func lastSeen() async throws {
    func seen(_ subject: LastSeen.Subject, _ reason: String) -> LastSeen {
      LastSeen(
        subject, at: Timestamp(seconds: 7),
        conditions: [Condition(.ready, .no, reason: reason, message: "no room")], ready: 3)
    }
    let (first, second) = (record(1), record(2))
    let unit = seen(.unit("web"), "Progressing")
    try await withStore(at: folder.state) { store in
      try await store.commit([.putInventory(first), .putInventory(second)])
      try await store.commit([
        .putLastSeen(seen(.resource(first.key), "Failed")), .putLastSeen(unit),
        .putLastSeen(seen(.resource(second.key), "Failed")),
        .putLastSeen(seen(.resource(first.key), "Drift")),
      ])
    }
    let kept = try await withStore(at: folder.state) { store in
      let kept = try await store.load().lastSeen
      try await store.commit([.removeInventory(second.key), .removeLastSeen(.unit("web"))])
      return kept
    }
    #expect(
      Set(kept) == [
        unit, seen(.resource(first.key), "Drift"), seen(.resource(second.key), "Failed"),
      ])
    let left = try await withStore(at: folder.state) { try await $0.load().lastSeen }
    #expect(left == [seen(.resource(first.key), "Drift")])
  }

  @Test("a unit comes back with refusal, approval and deletions")
  func units() async throws {
    var unit = UnitRecord(name: "web")
    unit.accepted = Revision(id: "abc", author: "ä", time: Timestamp(seconds: 3), message: "m")
    // Times of a unit are kept as text, to the millisecond.
    unit.acceptedAt = Timestamp(nanoseconds: 1_234_567_890_123_000_000)
    unit.refused = UnitRecord.Refusal(
      revision: Revision(id: "def"), plan: "digest", deletions: ["File/a"], count: 9)
    unit.approvedPlan = "digest"
    unit.deletions = [UnitRecord.Deletions(at: Timestamp(seconds: 9), count: 4)]
    unit.inventoryBefore = 40
    unit.claims = [record(1).key, record(2).key]
    let kept = unit
    try await withStore(at: folder.state) {
      try await $0.commit([.putUnit(kept), .putUnit(UnitRecord(name: "gone"))])
      try await $0.commit([.removeUnit("gone")])
    }
    let contents = try await withStore(at: folder.state) { try await $0.load() }
    #expect(contents.units == [unit])
  }

  @Test("events come newest first, by unit, resource, number and limit")
  func events() async throws {
    try await withStore(at: folder.state) { store in
      try await store.commit((1...6).map { .addEvent(event($0, unit: $0 < 4 ? "a" : "b")) })
      let all = try await store.events(EventQuery())
      #expect(all.map(\.number) == [6, 5, 4, 3, 2, 1])
      var expected = event(6, unit: "b")
      expected.number = 6
      #expect(all.first == expected)
      #expect(try await store.events(EventQuery(unit: "a")).map(\.number) == [3, 2, 1])
      #expect(try await store.events(EventQuery(resource: "File/conf-5")).map(\.number) == [5])
      #expect(try await store.events(EventQuery(after: 4)).map(\.number) == [6, 5])
      #expect(try await store.events(EventQuery(limit: 2)).map(\.number) == [6, 5])
      #expect(try await store.events(EventQuery(limit: -1)).isEmpty)
    }
  }

  @Test("a revision that learns more keeps its place; one taken in again is the newest")
  func revisions() async throws {
    try await withStore(at: folder.state) { store in
      try await store.commit([.putRevision(revisionRecord("a", state: .applying, seen: 1))])
      try await store.commit([
        .putRevision(revisionRecord("b", state: .applying, seen: 2)),
        .putRevision(revisionRecord("a", state: .superseded, seen: 1)),
        .putRevision(revisionRecord("c", unit: "other")),
      ])
      let history = try await store.revisions(of: "web", limit: 10)
      #expect(
        history == [
          revisionRecord("b", state: .applying, seen: 2),
          revisionRecord("a", state: .superseded, seen: 1),
        ])
      try await store.commit([.putRevision(revisionRecord("a", seen: 3))])
      #expect(try await store.revisions(of: "web", limit: 10).map(\.revision.id) == ["a", "b"])
      #expect(try await store.revisions(of: "web", limit: 1).map(\.revision.id) == ["a"])
    }
  }

  @Test("memory that can't be read again is carried along, never taken for none")
  func unreadableMemory() async throws {
    // Deeper than what is read again.
    var deep: Value = 1
    for _ in 0..<200 { deep = .list([deep]) }
    let written = record(1, memory: deep)
    try await withStore(at: folder.state) { try await $0.commit([.putInventory(written)]) }
    var read = try #require(
      try await withStore(at: folder.state) { try await $0.load() }.inventory.first)
    #expect(read.memory == nil)
    #expect(read.unreadableMemory == deep.json)
    read.unit = "moved"
    let moved = read
    try await withStore(at: folder.state) { try await $0.commit([.putInventory(moved)]) }
    let again = try await withStore(at: folder.state) { try await $0.load() }
    #expect(again.inventory == [moved])
  }

  @Test(
    "what can't be kept as it is is refused, and nothing with it is kept",
    arguments: [
      (record(1, memory: .string(String(repeating: "a", count: 4096))), "4 KiB of memory"),
      (record(1, unit: "a\0b"), "a NUL in the unit"),
    ])
  func refused(_ bad: InventoryRecord, _ reason: String) async throws {
    try await withStore(at: folder.state) { store in
      let error = await #expect(throws: StoreError.self) {
        try await store.commit([.putInventory(record(2)), .putInventory(bad)])
      }
      #expect(error?.code == .refused)
      let kept = try await store.load()
      #expect(kept.inventory.isEmpty)
    }
  }

  @Test("the files are for their owner alone")
  func modes() async throws {
    let store = try SQLiteStore(at: folder.state)
    try await store.commit([.putInventory(record(1)), .putRevision(revisionRecord("a"))])
    #expect(mode(of: folder.state) == 0o700)
    for name in names(of: folder.state) where !name.hasSuffix("-shm") {
      #expect(mode(of: folder.state + "/" + name) == 0o600, "\(name)")
    }
    await store.close()
  }

  @Test("a state directory in which others may write is refused")
  func openDirectory() async throws {
    mkdir(folder.state, 0o700)
    chmod(folder.state, 0o777)
    let error = #expect(throws: StoreError.self) { try SQLiteStore(at: folder.state) }
    #expect(error?.code == .notPermitted)
    #expect(error?.remedy == "chmod 700 \(folder.state)")
  }

  @Test("digests are keyed: the same in one store, others in the next, and stable")
  func digests() async throws {
    let first = try await withStore(at: folder.state) { $0.digest(of: [1, 2, 3]) }
    let again = try SQLiteStore(at: folder.state, mode: .readOnly).digest(of: [1, 2, 3])
    let other = try await withStore(at: folder.path + "/other") { $0.digest(of: [1, 2, 3]) }
    #expect(first == again)
    #expect(first != other)
    #expect(first.utf8.count == 64)
  }

  @Test("a path with odd characters is a path", arguments: ["a?b#c%41 ü", "file:x"])
  func oddPath(_ name: String) async throws {
    let path = folder.path + "/" + name
    try await withStore(at: path) { try await $0.commit([.putInventory(record(1))]) }
    let reader = try SQLiteStore(at: path, mode: .readOnly)
    #expect(try await reader.load().inventory == [record(1)])
  }
}
