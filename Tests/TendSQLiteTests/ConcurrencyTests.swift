import GRDB
import Tend
import TendEngine
import TendSQLite
import Testing

@Suite("Many callers at once")
struct ConcurrencyTests {
  let folder: Folder

  init() throws { folder = try Folder(inMemory: ()) }

  @Test("nothing is lost, and each caller's commits keep their order", arguments: 0..<10)
  func order(_ round: Int) async throws {
    let store = try SQLiteStore(at: folder.state)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for caller in 0..<16 {
        group.addTask {
          for step in 0..<60 {
            try await store.commit([
              .addEvent(event(step, unit: "u\(caller)")),
              .putInventory(record(caller, unit: "u\(caller)", memory: .integer(Int64(step)))),
            ])
          }
        }
      }
      try await group.waitForAll()
    }
    for caller in 0..<16 {
      let events = try await store.events(EventQuery(unit: "u\(caller)"))
      #expect(events.reversed().map(\.resource) == (0..<60).map { "File/conf-\($0)" })
    }
    let inventory = try await store.load().inventory
    #expect(inventory.count == 16)
    #expect(inventory.allSatisfy { $0.memory == 59 })
    await store.close()
    let reopened = try SQLiteStore(at: folder.state)
    #expect(reopened.recovery == nil)
    await reopened.close()
  }

  @Test("a write that fails harms its caller alone, and nothing of that caller is kept")
  func badWrite() async throws {
    let store = try SQLiteStore(at: folder.state)
    // A write that passes all checks and that the database refuses.
    let other = try DatabaseQueue(path: folder.state + "/tend.db")
    try await other.write { db in
      try db.execute(
        sql: """
          CREATE TRIGGER refuse BEFORE INSERT ON inventory WHEN new.name = 'conf-13'
          BEGIN SELECT RAISE(ABORT, 'refused'); END
          """)
    }
    try other.close()
    let failed: [Int] = await withTaskGroup(of: Int?.self) { group in
      for number in 0..<40 {
        group.addTask {
          do throws(StoreError) {
            try await store.commit([
              .putInventory(record(number + 100)), .putInventory(record(number)),
            ])
            return nil
          } catch {
            return number
          }
        }
      }
      return await group.reduce(into: []) { if let number = $1 { $0.append(number) } }
    }
    #expect(failed == [13])
    let lines = try await store.load().inventory.map(\.place.line)
    let good = (0..<40).filter { $0 != 13 }
    #expect(lines.sorted() == good + good.map { $0 + 100 })
    await store.close()
  }

  @Test("a cancelled caller's commit is kept or reported, never half done")
  func cancelled() async throws {
    let store = try SQLiteStore(at: folder.state)
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<50 {
        group.addTask {
          try? await store.commit([.putInventory(record(number)), .addEvent(event(number))])
        }
      }
      group.cancelAll()
    }
    let inventory = try await store.load().inventory.count
    #expect(inventory == 50)
    #expect(try await store.events(EventQuery(limit: 1000)).count == inventory)
    await store.close()
  }

  @Test("after close, writes are refused with an error")
  func closed() async throws {
    let store = try SQLiteStore(at: folder.state)
    await store.close()
    let error = await #expect(throws: StoreError.self) {
      try await store.commit([.putInventory(record(1))])
    }
    #expect(error != nil)
    await #expect(throws: StoreError.self) { try await store.events(EventQuery()) }
    await store.close()
  }

  @Test("nothing to write is written at once")
  func nothing() async throws {
    let store = try SQLiteStore(at: folder.state)
    try await store.commit([])
    await store.close()
  }
}
