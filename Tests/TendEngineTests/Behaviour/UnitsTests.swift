import Tend
import TendTesting
import Testing

@testable import TendEngine

@Suite("Units that come, go and wait", .oneThread, .timeLimit(.minutes(2)))
struct UnitsTests {
  /// Runs an engine that follows whatever the body tells it to.
  private func running(
    _ bench: Bench, _ body: @Sendable (Engine) async throws -> Void
  ) async throws {
    let engine = try bench.engine()
    try await engine.load()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await engine.run() }
      try await body(engine)
      group.cancelAll()
      do { try await group.waitForAll() } catch is CancellationError {}
    }
  }

  private func status(_ engine: Engine, _ unit: String) -> UnitStatus? {
    engine.units().first { $0.name == unit }
  }

  private func isReady(_ engine: Engine, _ unit: String, at revision: String) -> Bool {
    let status = status(engine, unit)
    return status?.revision?.id == revision && status?.condition(.ready)?.status == .yes
  }

  @Test("a unit that comes while the engine runs is followed, and ends when it is told to")
  func live() async throws {
    let bench = Bench()
    let one = Feed(snapshot("r1", [item("a")]))
    let two = Feed(snapshot("r1", [item("b")]))
    try await running(bench) { engine in
      try engine.follow(one, as: Unit("one"))
      await eventually("one is followed") { isReady(engine, "one", at: "r1") }
      try engine.follow(two, as: Unit("two"))
      await eventually("two is followed") { isReady(engine, "two", at: "r1") }
      #expect(throws: EngineError.self) { try engine.follow(two, as: Unit("two")) }

      await engine.unfollow(unit: "one")
      one.offer("r2", [item("a"), item("c")])
      #expect(throws: EngineError.self) { try engine.refresh(unit: "one") }
      await pass(.seconds(60), on: bench.clock)
      #expect(bench.shelf.paths == ["a", "b"], "nobody asks its source any more")

      try engine.follow(one, as: Unit("one"))
      await eventually("one is followed again") { isReady(engine, "one", at: "r2") }
      #expect(bench.shelf.paths == ["a", "b", "c"])
    }
  }

  @Test("another policy takes effect at once, also for what is in force")
  func policy() async throws {
    let bench = Bench()
    let feed = Feed(snapshot("r1", [item("a")]))
    try await running(bench) { engine in
      var policy = Unit.Policy()
      policy.mode = .observe
      try engine.follow(feed, as: Unit("one", policy: policy))
      await eventually("it only looks") { feed.refreshes > 0 && status(engine, "one") != nil }
      await pass(.seconds(10), on: bench.clock)
      #expect(bench.shelf.paths == [])

      await engine.unfollow(unit: "one")
      try engine.follow(feed, as: Unit("one"))
      await eventually("it repairs", on: bench.clock) { bench.shelf.paths == ["a"] }
    }
  }

  @Test("T04: the resources of a unit that leaves stay, are no longer ours, and are listed")
  func leave() async throws {
    let bench = Bench()
    let feed = Feed(snapshot("r1", [item("a"), item("b")]))
    try await running(bench) { engine in
      try engine.follow(feed, as: Unit("one"))
      await eventually("it has converged") { isReady(engine, "one", at: "r1") }
      await engine.unfollow(unit: "one")
      #expect(try await engine.retain(units: []) == ["one"])
      #expect(try await engine.retain(units: []) == [], "only once")
      let status = try #require(self.status(engine, "one"))
      #expect(status.left?.resources == ["Item/a", "Item/b"])
      #expect(status.left?.count == 2)
      #expect(status.condition(.ready)?.reason == "Left")
      #expect(status.condition(.ready)?.status == .unknown)
      await eventually("nothing is ours") { engine.resources().isEmpty }
    }
    #expect(bench.shelf.paths == ["a", "b"])
    #expect(try await bench.inventory() == [])
    let orphaned = try await bench.events().filter { $0.kind == .orphan }.compactMap(\.resource)
    #expect(orphaned.sorted() == ["Item/a", "Item/b"])

    try await running(bench) { engine in
      #expect(status(engine, "one")?.left?.count == 2, "the next start knows it")
      try engine.follow(feed, as: Unit("one"))
      await eventually("it came back") { isReady(engine, "one", at: "r1") }
      #expect(status(engine, "one")?.left == nil)
      feed.offer("r2", [item("b")])
      try engine.refresh()
      await eventually("r2 is in force") { isReady(engine, "one", at: "r2") }
    }
    #expect(bench.shelf.paths == ["a", "b"], "what was there before is given back, not deleted")
  }

  @Test("T04: a unit that is gone from the configuration when the engine starts leaves as well")
  func leaveAtStart() async throws {
    let bench = Bench()
    let feed = Feed(snapshot("r1", [item("a")]))
    try await running(bench) { engine in
      try engine.follow(feed, as: Unit("one"))
      await eventually("it has converged") { isReady(engine, "one", at: "r1") }
    }
    try await bench.apply("r1", [item("hand")]) { $0 = Unit("byhand") }
    try await running(bench) { engine in
      let left = try await engine.retain(units: ["two"])
      #expect(left == ["one"])
      #expect(status(engine, "byhand")?.left == nil, "applied by hand, never followed")
    }
    #expect(bench.shelf.paths == ["a", "hand"])
    #expect(try await bench.inventory().map(\.key.identity) == ["hand"])
  }

  @Test("a unit with another name keeps what it owns, also over a start, and nothing is touched")
  func rename() async throws {
    let bench = Bench()
    let feed = Feed(snapshot("r1", [item("a"), item("b")]))
    try await running(bench) { engine in
      try engine.follow(feed, as: Unit("old"))
      await eventually("it has converged") { isReady(engine, "old", at: "r1") }
      await engine.unfollow(unit: "old")
      bench.shelf.forgetCalls()
      #expect(try await engine.retain(units: ["new"], renamed: ["old": "new"]) == [])
      #expect(status(engine, "old") == nil)
      #expect(status(engine, "new")?.resources == 2)
      try engine.follow(feed, as: Unit("new"))
      await eventually("it is followed") { isReady(engine, "new", at: "r1") }
    }
    #expect(bench.shelf.writes == [])
    #expect(try await bench.inventory().map(\.unit) == ["new", "new"])
    #expect(try await bench.store.load().units.map(\.name) == ["new"])

    try await running(bench) { engine in
      #expect(try await engine.retain(units: ["newer"], renamed: ["new": "newer"]) == [])
      try engine.follow(feed, as: Unit("newer"))
      await eventually("it is followed") { isReady(engine, "newer", at: "r1") }
      #expect(try await engine.retain(units: ["newer"], renamed: ["new": "newer"]) == [])
      feed.offer("r2", [item("a")])
      try engine.refresh()
      await eventually("r2 is in force") { isReady(engine, "newer", at: "r2") }
    }
    #expect(bench.shelf.paths == ["a"], "it was still ours")
  }

  @Test("a new name that has resources of its own takes over nothing: the old unit leaves")
  func renameOntoAnother() async throws {
    let bench = Bench()
    try await running(bench) { engine in
      try engine.follow(Feed(snapshot("r1", [item("a")])), as: Unit("old"))
      try engine.follow(Feed(snapshot("r1", [item("b")])), as: Unit("new"))
      await eventually("both have converged") {
        isReady(engine, "old", at: "r1") && isReady(engine, "new", at: "r1")
      }
      await engine.unfollow(unit: "old")
      #expect(try await engine.retain(units: ["new"], renamed: ["old": "new"]) == ["old"])
    }
    #expect(bench.shelf.paths == ["a", "b"])
    #expect(try await bench.inventory().map(\.key.identity) == ["b"])
  }

  @Test("a unit begins a revision once those on which it depends are Ready, and says so meanwhile")
  func dependencies() async throws {
    let bench = Bench()
    let base = Feed(snapshot("r1", [item("a")]))
    let web = Feed(snapshot("r1", [item("b")]))
    let gate = Gate()
    bench.shelf.failApply("a", .wait(gate))
    try await running(bench) { engine in
      try engine.follow(web, as: Unit("web", dependsOn: ["base"]))
      try engine.follow(base, as: Unit("base"))
      await eventually("web waits") { status(engine, "web")?.waitsFor == ["base"] }
      let waiting = try #require(status(engine, "web"))
      #expect(waiting.condition(.ready)?.reason == "Waiting")
      #expect(waiting.condition(.ready)?.message == "a new revision waits until base is Ready")
      #expect(waiting.condition(.stalled)?.status == .no)
      #expect(waiting.dependsOn == ["base"])
      await pass(.seconds(20), on: bench.clock)
      #expect(bench.shelf.paths == [])

      gate.open()
      await eventually("both are Ready") {
        isReady(engine, "base", at: "r1") && isReady(engine, "web", at: "r1")
      }
      #expect(bench.shelf.writes.last == "create b")
    }
  }

  @Test("what one commit changes in two units begins with the one on which the other depends")
  func order() async throws {
    let bench = Bench()
    let base = Feed(snapshot("r1", [item("a")]))
    let web = Feed(snapshot("r1", [item("b")]))
    try await running(bench) { engine in
      try engine.follow(base, as: Unit("base"))
      try engine.follow(web, as: Unit("web", dependsOn: ["base"]))
      await eventually("both are Ready") {
        isReady(engine, "base", at: "r1") && isReady(engine, "web", at: "r1")
      }
      bench.shelf.forgetCalls()
      base.offer("r2", [item("a"), item("a2")])
      web.offer("r2", [item("b"), item("b2")])
      try engine.refresh(unit: "web")
      await eventually("both are Ready again") {
        isReady(engine, "base", at: "r2") && isReady(engine, "web", at: "r2")
      }
      #expect(bench.shelf.writes == ["create a2", "create b2"])
    }
  }

  @Test("T01: what is read from another place after a start is no revision that was accepted")
  func otherPlace() async throws {
    let bench = Bench()
    let items = (0..<20).map { item("i\($0)") }
    try await running(bench) { engine in
      try engine.follow(Feed(snapshot("r1", items)), as: Unit("one"))
      await eventually("it has converged") { isReady(engine, "one", at: "r1") }
    }
    try await running(bench) { engine in
      try engine.follow(Feed(snapshot("r1", [item("other")])), as: Unit("one"))
      await eventually("it is refused") {
        status(engine, "one")?.condition(.stalled)?.reason == "DeletionBudget"
      }
    }
    #expect(bench.shelf.paths.count == 20)
  }
}
