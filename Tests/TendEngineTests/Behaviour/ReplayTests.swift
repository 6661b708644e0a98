import Tend
import TendSimulation
import Testing

@testable import TendEngine

@Suite("Replaying from a seed", .timeLimit(.minutes(2)))
struct ReplayTests {
  /// What happened: every call of the provider and every event, in order.
  private func history(seed: UInt64) throws -> [String] {
    let bench = Bench()
    let simulation = Simulation(seed: seed, clock: bench.clock)
    return try simulation.run { try await self.scenario(bench, seed) }
  }

  private func scenario(_ bench: Bench, _ seed: UInt64) async throws -> [String] {
    let shelf = bench.shelf
    shelf.failApply("3", .fail(.transient("no")), .loseReply)
    shelf.failObserve("5", .hang)
    let feed = Feed(snapshot("r1", (0..<12).map { item("\($0)", dependsOn: chain($0)) }))
    let engine = try bench.engine(seed: seed)
    try engine.follow(feed, as: bench.unit)
    try await engine.running { engine in
      _ = try await engine.converge(unit: "main")
      shelf.remove("2")
      shelf.put("7") { $0.content = "other" }
      try engine.reconcile()
      try await bench.clock.sleep(for: .seconds(700))
      feed.offer("r2", (2..<14).map { item("\($0)", content: "y") })
      _ = try await engine.converge(unit: "main")
    }
    let events = try await bench.events(EventQuery(limit: 1000)).reversed()
    return shelf.calls.map(\.description)
      + events.map { "\($0.number) \($0.kind) \($0.resource ?? "") \($0.result) \($0.message)" }
  }

  private func chain(_ number: Int) -> [String] {
    number % 3 == 0 || number == 0 ? [] : ["Item/\(number - 1)"]
  }

  @Test("one seed gives one history, again and again", arguments: [1, 2, 3])
  func same(seed: UInt64) throws {
    let first = try history(seed: seed)
    #expect(first.count > 50)
    for _ in 0..<5 { #expect(try history(seed: seed) == first) }
  }

  @Test("other seeds give other histories, and all of them converge")
  func others() throws {
    let histories = try (0..<50).map { try history(seed: $0) }
    #expect(Set(histories).count > 10)
  }

  @Test("an engine that runs as a service starts no task that is nobody's child")
  func service() throws {
    let bench = Bench()
    let simulation = Simulation(seed: 1, clock: bench.clock)
    let feed = Feed(snapshot("r1", [item("a")]))
    let engine = try bench.engine()
    try engine.follow(feed, as: bench.unit)
    try simulation.run {
      try await withThrowingTaskGroup { group in
        group.addTask { try await engine.run() }
        try await simulation.clock.sleep(for: .seconds(1000))
        group.cancelAll()
        try await group.waitForAll()
      }
    }
    #expect(bench.shelf.paths == ["a"])
  }
}
