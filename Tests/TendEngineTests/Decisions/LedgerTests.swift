import Synchronization
import Tend
import TendTesting
import Testing

@testable import TendEngine

@Suite("The ledger of writes", .timeLimit(.minutes(1)))
struct LedgerTests {
  private func write(_ name: String) -> StoreWrite { .putUnit(UnitRecord(name: name)) }

  private func running(
    _ ledger: Ledger, _ clock: ManualClock, _ body: @Sendable () async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await ledger.run { try? await clock.sleep(for: .seconds(1)) } }
      try await body()
      ledger.close()
      try await group.waitForAll()
    }
  }

  @Test("a flush returns when all that was handed over before is durable, in its order")
  func order() async throws {
    let store = CountingStore()
    let ledger = Ledger(store)
    try await running(ledger, ManualClock()) {
      for number in 0..<1000 { ledger.append([self.write("\(number)")]) }
      try await ledger.flush()
      let names = store.writes.map { if case .putUnit(let unit) = $0 { unit.name } else { "" } }
      #expect(names == (0..<1000).map(String.init))
      try await ledger.flush()
    }
  }

  @Test("a failure is said by flush, and the same writes are tried again")
  func failure() async throws {
    let store = CountingStore()
    let clock = ManualClock()
    let ledger = Ledger(store)
    try await running(ledger, clock) {
      store.fail(with: StoreError(.full, "no space"))
      ledger.append([self.write("a")])
      await #expect(throws: StoreError.self) { try await ledger.flush() }
      ledger.append([self.write("b")])
      store.fail(with: nil)
      await eventually("it pauses") { clock.sleeperCount == 1 }
      clock.advance(by: .seconds(1))
      await eventually("both are written") { store.writes.count == 2 }
      try await ledger.flush()
    }
  }

  @Test("closing writes what is left, and does not wait for a store that fails")
  func close() async throws {
    let store = CountingStore()
    let ledger = Ledger(store)
    ledger.append([write("a")])
    try await running(ledger, ManualClock()) {}
    #expect(store.writes.count == 1)
    let failing = CountingStore()
    failing.fail(with: StoreError(.full, "no space"))
    let second = Ledger(failing)
    second.append([write("a")])
    try await running(second, ManualClock()) {}
    #expect(failing.writes.isEmpty)
  }
}
