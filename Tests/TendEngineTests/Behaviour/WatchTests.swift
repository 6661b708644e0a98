import Tend
import TendTesting
import Testing

@testable import TendEngine

@Suite("Watching", .oneThread, .timeLimit(.minutes(2)))
struct WatchTests {
  private func events(_ store: InMemoryStore, _ numbers: ClosedRange<Int>) async throws {
    try await store.commit(
      numbers.map { number in
        .addEvent(
          Event(
            time: Timestamp(seconds: Int64(number)), unit: "main",
            resource: "Item/\(number % 2 == 0 ? "even" : "odd")", kind: .note,
            message: "\(number)"))
      })
  }

  @Test("events come in their order, each once, page by page, whatever happens between the pages")
  func pages() async throws {
    let store = InMemoryStore()
    let bench = Bench(store)
    try await events(store, 1...10)
    let engine = try bench.engine()
    var next: Int64 = 0
    var seen: [String] = []
    for round in 0..<8 {
      let page = try await engine.events(after: next, limit: 3)
      seen += page.events.map(\.message)
      next = page.next
      if round == 2 { try await events(store, 11...14) }
    }
    #expect(seen == (1...14).map { "\($0)" })
  }

  @Test("a page that leaves everything out goes on behind what it left out")
  func filtered() async throws {
    let store = InMemoryStore()
    let bench = Bench(store)
    try await events(store, 1...9)
    let engine = try bench.engine()
    let page = try await engine.events(after: 0, resource: "Item/nothing")
    #expect(page == EventPage(events: [], next: 9))
    let even = try await engine.events(after: 2, resource: "Item/even", limit: 2)
    #expect(even.events.map(\.number) == [4, 6] && even.next == 6)
  }

  @Test("T37: whose history is gone, or never was, is told to list anew")
  func gone() async throws {
    let store = InMemoryStore(eventLimit: 5)
    let bench = Bench(store)
    try await events(store, 1...30)
    let engine = try bench.engine()
    let oldest = try #require(try await engine.events(EventQuery(limit: 100)).last?.number)
    #expect(oldest > 1)
    for number in [0, oldest - 2, 31] {
      let error = await #expect(throws: EngineError.self) {
        try await engine.events(after: number)
      }
      #expect(error?.code == .gone, "\(number)")
    }
    #expect(try await engine.events(after: oldest - 1).events.first?.number == oldest)
    #expect(try await engine.events(after: 30).events.isEmpty)
  }

  @Test("who waits is told when something happens, and when the time is up")
  func pulse() async throws {
    let bench = Bench()
    try await bench.apply("r1", [item("a"), item("b")])
    try await bench.running { engine in
      let before = engine.version
      try await withThrowingTaskGroup(of: Int64.self) { group in
        for _ in 0..<3 {
          group.addTask { await engine.changed(since: before, within: .seconds(1000)) }
        }
        try await engine.suspend(Selection(unit: "main"), by: "ada")
        for try await version in group { #expect(version != before) }
      }
      let still = engine.version
      let after = try await flowing(bench.clock) {
        await engine.changed(since: still, within: .seconds(25))
      }
      #expect(after == still)
    }
  }
}
