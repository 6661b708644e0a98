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

  /// What is done to its files, and what becomes of the store.
  struct Damage: Decodable, Sendable, CustomTestStringConvertible {
    enum Outcome: String, Decodable {
      /// All is owned as it was, and nothing is said.
      case read
      /// All is owned as it was, from the copies, and that is said.
      case restored
      /// What can't be proven is not owned, and that is said.
      case partly
      /// It does not open, and says why.
      case refused
    }

    struct Edit: Decodable {
      let file: String
      /// How many bytes are kept.
      let keep: Int?
      /// Where `hex` is written over what was there.
      let at: Int?
      let hex: String?
      let gone: Bool?

      func make(in folder: String) throws {
        let path = "\(folder)/\(file)"
        guard gone != true else {
          unlink(path)
          return
        }
        var content = try TendSQLiteTests.bytes(of: path)
        if let keep { content = Array(content.prefix(keep)) }
        if let at, let hex {
          let new = stride(from: 0, to: hex.count, by: 2).compactMap {
            UInt8(hex.dropFirst($0).prefix(2), radix: 16)
          }
          try #require(at + new.count <= content.count)
          content.replaceSubrange(at..<at + new.count, with: new)
        }
        try write(content, to: path)
      }
    }

    let id: String
    let edits: [Edit]
    let outcome: Outcome

    var testDescription: String { id }
  }

  @Test(
    "T25 a store damaged as in the corpus opens, is restored or says why, as it says",
    arguments: try Corpus.cases("damages.jsonl", of: Damage.self))
  func kept(damage: Damage) async throws {
    let folder = try Folder(inMemory: ())
    let owned = try await Self.original(at: folder.state, in: folder.path)
    for edit in damage.edits { try edit.make(in: folder.state) }
    do throws(StoreError) {
      let store = try SQLiteStore(at: folder.state)
      let found = try await store.load().inventory
      let outcome: Damage.Outcome =
        if found == owned { store.recovery == nil ? .read : .restored } else { .partly }
      #expect(outcome == damage.outcome, "\(store.recovery?.description ?? "")")
      #expect(outcome != .partly || store.recovery != nil)
      for record in found { #expect(owned.contains(record)) }
      await store.close()
    } catch {
      #expect(damage.outcome == .refused, "\(error)")
      #expect(!error.description.isEmpty)
    }
  }

  @Test("T25 whatever its files hold, a store opens or says why, and owns nothing that it did not")
  func anything() async throws {
    let folder = try Folder(inMemory: ())
    let owned = try await Self.original(at: folder.state, in: folder.path)
    let damaged = folder.path + "/damaged"
    let damages = try Corpus.cases("damages.jsonl", of: Damage.self)
    var chance = Mutator(seed: 25, pieces: ["web", "\0\0\0\0", "SQLite format 3", "{", "\"", "1"])
    for round in 0..<60 * Mutator.factor {
      for name in names(of: damaged) { unlink(damaged + "/" + name) }
      try copyFiles(from: folder.state, to: damaged)
      if Bool.random(using: &chance) {
        for edit in damages.randomElement(using: &chance)?.edits ?? [] {
          try edit.make(in: damaged)
        }
      }
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
