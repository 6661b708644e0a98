import Glibc
import Tend
import TendEngine
import TestSupport
import Testing

@testable import TendSQLite

@Suite("A copy of the inventory that is written in parts", .timeLimit(.minutes(2)))
struct CopyTests {
  let folder: Folder

  init() throws { folder = try Folder(inMemory: ()) }

  private var path: String { folder.state + "/inventory-web.json" }

  /// The copy, once there is one that says this.
  private func copy(saying truth: [InventoryRecord]) async throws -> [UInt8] {
    var found: [UInt8] = []
    try await eventually("a copy says it") {
      guard let key = try StateKey(in: StateDirectory(folder.state)), access(path, F_OK) == 0,
        let text = try? bytes(of: path), let copy = try? InventoryCopy(bytes: text, key: key),
        copy.rows.compactMap(\.record).sorted(by: { $0.key < $1.key }) == truth
      else { return false }
      found = text
      return true
    }
    return found
  }

  @Test("says what the database says, after any changes", arguments: 0..<4)
  func random(seed: UInt64) async throws {
    var random = Dice(state: seed)
    let store = try SQLiteStore(at: folder.state)
    try await store.commit((0..<1500).map { .putInventory(record($0)) })
    try await store.commit([.putRevision(revisionRecord("first"))])
    for round in 0..<30 {
      let writes = (0...random.next() % 4).flatMap { _ in change(&random) }
      try await store.commit(writes)
      try await store.commit([.putRevision(revisionRecord("r\(round)"))])
      let truth = try await store.load().inventory.filter { $0.unit == "web" }
      _ = try await copy(saying: truth.sorted { $0.key < $1.key })
    }
    await store.close()
  }

  /// A few records that stand together, or one anywhere.
  private func change(_ random: inout Dice) -> [StoreWrite] {
    let number = Int(random.next() % 1600)
    switch random.next() % 6 {
    case 0: return [.removeInventory(record(number).key)]
    case 1: return [.putInventory(record(number, unit: "base"))]
    case 2: return (number..<number + 300).map { .putInventory(record($0, memory: 7)) }
    case 3: return (number..<number + 200).map { .removeInventory(record($0).key) }
    case 4: return [.putUnit(unit("u\(number)"))]
    default: return [.putMemory(record(number).key, .integer(Int64(number)))]
    }
  }

  private func unit(_ revision: String) -> UnitRecord {
    var unit = UnitRecord(name: "web")
    unit.accepted = Revision(id: revision)
    return unit
  }

  @Test("writes what changed, and not the rest again")
  func little() async throws {
    let store = try SQLiteStore(at: folder.state)
    var truth = (0..<3000).map { record($0) }.sorted { $0.key < $1.key }
    try await store.commit(truth.map { .putInventory($0) })
    try await store.commit([.putUnit(unit("r1")), .putRevision(revisionRecord("first"))])
    // A copy that is being written when its content changes is written whole.
    await store.flushCopies()
    let before = try await copy(saying: truth)
    truth[1000].memory = "new"
    try await store.commit([.putInventory(truth[1000]), .putUnit(unit("r2"))])
    try await store.commit([.putRevision(revisionRecord("second"))])
    let after = try await copy(saying: truth)
    let begin = try #require(Self.manifest(before))
    let isKept = after.prefix(begin) == before.prefix(begin)
    #expect(isKept, "what was there still is")
    let more = try #require(Self.manifest(after)) - begin
    #expect(more > 0 && more < 300 * 256, "one segment of 128 records: \(more) bytes")
    await store.close()
  }

  @Test("proves nothing, or what it did, where it is torn at any place")
  func torn() async throws {
    let store = try SQLiteStore(at: folder.state)
    var truth = (0..<300).map { record($0) }.sorted { $0.key < $1.key }
    try await store.commit(truth.map { .putInventory($0) })
    try await store.commit([.putUnit(unit("r1")), .putRevision(revisionRecord("first"))])
    let first = try await copy(saying: truth)
    truth[7].memory = "new"
    try await store.commit([.putInventory(truth[7]), .putUnit(unit("r2"))])
    try await store.commit([.putRevision(revisionRecord("second"))])
    let text = try await copy(saying: truth)
    await store.close()
    let key = try #require(try StateKey(in: StateDirectory(folder.state)))
    #expect(throws: InventoryCopy.Unproven.self) { try InventoryCopy(bytes: [], key: key) }
    for length in stride(from: 1, to: text.count, by: 97) {
      #expect(throws: InventoryCopy.Unproven.self, "cut at \(length)") {
        try InventoryCopy(bytes: Array(text.prefix(length)), key: key)
      }
    }
    for length in stride(from: 0, to: text.count - 1, by: 97) {
      // The old end of the file, as if the new one had never been written.
      let mixed = Array(text.prefix(length)) + first.dropFirst(length)
      if mixed != text, mixed != first { expectSafe(mixed, key, truth, "mixed at \(length)") }
      var flipped = text
      flipped[length] ^= 0x15
      expectSafe(flipped, key, truth, "flipped at \(length)")
    }
  }

  private func expectSafe(
    _ bytes: [UInt8], _ key: StateKey, _ truth: [InventoryRecord], _ what: String
  ) {
    guard let copy = try? InventoryCopy(bytes: bytes, key: key) else { return }
    let records = copy.rows.compactMap(\.record).sorted { $0.key < $1.key }
    #expect(records == truth, "\(what)")
  }

  @Test("gives up what it no longer uses once that is more than what it uses")
  func compacted() async throws {
    let store = try SQLiteStore(at: folder.state)
    var truth = (0..<400).map { record($0) }.sorted { $0.key < $1.key }
    try await store.commit(truth.map { .putInventory($0) })
    var largest = 0
    for round in 0..<20 {
      for index in stride(from: 0, to: 100, by: 1) { truth[index].memory = .integer(Int64(round)) }
      try await store.commit(truth.prefix(100).map { .putInventory($0) })
      try await store.commit([.putRevision(revisionRecord("r\(round)"))])
      largest = max(largest, try await copy(saying: truth).count)
    }
    #expect(largest < 500_000)
    await store.close()
  }

  /// Where the manifest of a copy begins.
  private static func manifest(_ text: [UInt8]) -> Int? {
    let last = text.dropLast().split(separator: UInt8(ascii: "\n")).last
    let value = last.flatMap { try? Value(json: String(decoding: $0, as: UTF8.self)) }
    if case .integer(let begin)? = value?.value(at: "manifest") { return Int(begin) }
    return nil
  }
}

/// Draws the same numbers each time; the constants are Knuth's.
private struct Dice {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }
}
