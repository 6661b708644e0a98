import Dispatch
import Glibc
import Tend
import TendEngine
import TendSQLite
import Testing

@Suite("Acknowledged means kept")
struct KillTests {
  @Test("T23: what was acknowledged survives SIGKILL at any moment, 60 rounds on one directory")
  func rounds() async throws {
    let folder = try Folder()
    let state = folder.state
    let log = folder.path + "/acknowledged"
    for round in 0..<60 {
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [state = state as String, log = log as String, round = round as Int] in
        try await commitUntilKilled(at: state, log: log, round: round)
      }
      try await check(state, try acknowledged(log))
    }
    #expect(try acknowledged(log).count > 60)
  }

  private func acknowledged(_ log: String) throws -> [Int] {
    String(decoding: try bytes(of: log), as: UTF8.self).split(separator: "\n").compactMap {
      Int($0)
    }
  }

  private func check(_ state: String, _ acknowledged: [Int]) async throws {
    let store = try SQLiteStore(at: state)
    #expect(store.recovery == nil)
    let inventory = try await store.load().inventory
    let events = try await store.events(EventQuery(limit: 1_000_000))
    await store.close()
    let kept = Set(inventory.map(\.place.line))
    #expect(kept.isSuperset(of: acknowledged))
    // Record and event of one commit are there together or not at all.
    #expect(Set(events.compactMap(\.resource)) == Set(kept.map { "File/conf-\($0)" }))
    #expect(events.count == inventory.count)
    #expect(zip(events, events.dropFirst()).allSatisfy { $0.number > $1.number })
  }
}

/// Four callers commit and log what was acknowledged, until a random moment.
private func commitUntilKilled(at state: String, log: String, round: Int) async throws {
  let store = try SQLiteStore(at: state)
  let file = open(log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
  DispatchQueue.global().asyncAfter(deadline: .now() + .microseconds(500 + round * 613)) {
    kill(getpid(), SIGKILL)
  }
  try await withThrowingTaskGroup(of: Void.self) { group in
    for caller in 0..<4 {
      group.addTask {
        for step in 0..<100_000 {
          let number = round * 1_000_000 + caller * 100_000 + step
          try await store.commit([.putInventory(record(number)), .addEvent(event(number))])
          let line = Array("\(number)\n".utf8)
          Glibc.write(file, line, line.count)
        }
      }
    }
    try await group.waitForAll()
  }
}
