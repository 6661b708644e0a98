import Tend
import TendTesting
import Testing

@testable import TendEngine

@Suite("Leaving things alone for a while", .oneThread, .timeLimit(.minutes(2)))
struct SuspensionTests {
  /// Follows a feed until it has converged, then runs the body.
  private func following(
    _ bench: Bench, _ feed: Feed, _ body: @Sendable (Engine) async throws -> Void
  ) async throws {
    let engine = try bench.engine()
    try engine.follow(feed, as: bench.unit)
    try await engine.running { engine in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await engine.followAll() }
        defer { group.cancelAll() }
        try await body(engine)
      }
    }
  }

  private func isReady(_ engine: Engine) -> Bool {
    engine.units().first?.condition(.ready)?.status == .yes
  }

  private func ready(_ engine: Engine, _ name: String) -> Condition? {
    engine.resources(Selection(resource: "Item/\(name)")).first?.condition(.ready)
  }

  private func converge(_ bench: Bench, _ engine: Engine) async {
    await eventually("it has converged", on: bench.clock) { isReady(engine) }
  }

  @Test("a suspended resource is neither observed nor changed; the others go on")
  func resource() async throws {
    let bench = Bench()
    let feed = Feed(snapshot("r1", [item("a"), item("b"), item("c", dependsOn: ["Item/a"])]))
    try await following(bench, feed) { engine in
      await converge(bench, engine)
      let until = Timestamp(nanoseconds: bench.wall.now.nanoseconds + 3_600_000_000_000)
      try await engine.suspend(
        Selection(resource: "Item/a"), note: "incident 12", by: "ada", until: until)
      #expect(ready(engine, "a")?.reason == "Suspended")
      #expect(ready(engine, "a")?.status == .unknown)
      #expect(
        ready(engine, "a")?.message == "by ada since \(bench.wall.now), until \(until): incident 12"
      )
      bench.shelf.forgetCalls()
      bench.shelf.put("a") { $0.content = "mine" }
      bench.shelf.put("b") { $0.content = "mine" }
      feed.offer("r2", [item("a", mode: 2), item("b"), item("c", mode: 2, dependsOn: ["Item/a"])])
      await eventually("the others are changed", on: bench.clock) {
        bench.shelf["b"]?.content == "x" && bench.shelf["c"]?.mode == 2
      }
      await eventually("the revision converges", on: bench.clock) { isReady(engine) }
      try engine.reconcile()
      await pass(.seconds(700), on: bench.clock)
      #expect(!bench.shelf.calls.contains { $0.path == "a" })
      #expect(
        engine.units().first?.condition(.ready)?.message
          == "2 resources are as declared, 1 suspended")

      let ended = try await engine.resume(Selection(resource: "Item/a"), by: "bob")
      #expect(ended?.note == "incident 12")
      await eventually("it is as declared", on: bench.clock) {
        bench.shelf["a"]?.content == "x" && bench.shelf["a"]?.mode == 2
      }
      #expect(try await engine.resume(Selection(resource: "Item/a"), by: "bob") == nil)
      let events = try await engine.events(EventQuery(resource: "Item/a"))
      #expect(events.contains { $0.kind == .suspend && $0.message.hasSuffix(": incident 12") })
      #expect(events.contains { $0.kind == .resume && $0.message.hasPrefix("resumed by bob") })
    }
  }

  @Test(
    "a suspended unit takes in nothing and repairs nothing, also over a restart; then it goes on")
  func unit() async throws {
    let bench = Bench()
    let feed = Feed(snapshot("r1", [item("a"), item("b")]))
    try await following(bench, feed) { engine in
      await converge(bench, engine)
      try await engine.suspend(Selection(unit: "main"), by: "ada")
      #expect(engine.units().first?.condition(.ready)?.reason == "Suspended")
      #expect(engine.units().first?.suspended == 2)
      feed.offer("r2", [item("b", mode: 7)])
      bench.shelf.remove("b")
      bench.shelf.forgetCalls()
      await pass(.seconds(700), on: bench.clock)
      #expect(bench.shelf.calls == [])
      await #expect(throws: EngineError.self) { try await engine.converge(unit: "main") }
    }
    try await following(bench, feed) { engine in
      await pass(.seconds(700), on: bench.clock)
      #expect(bench.shelf.calls == [], "the restart keeps to it")
      #expect(engine.units().first?.revision?.id == "r1")
      #expect(ready(engine, "a")?.reason == "Suspended")
      try await engine.resume(Selection(unit: "main"), by: "ada")
      await eventually("it goes on", on: bench.clock) {
        bench.shelf.paths == ["b"] && bench.shelf["b"]?.mode == 7
      }
    }
  }

  @Test("it ends by itself when its time is up, while the engine runs and while none does")
  func expiry() async throws {
    let bench = Bench()
    let feed = Feed(snapshot("r1", [item("a"), item("b")]))
    @Sendable func until(_ time: Duration) -> Timestamp {
      Timestamp(nanoseconds: bench.wall.now.nanoseconds + time.nanoseconds)
    }
    try await following(bench, feed) { engine in
      await converge(bench, engine)
      try await engine.suspend(Selection(resource: "Item/a"), by: "ada", until: until(.seconds(90)))
      bench.shelf.put("a") { $0.content = "mine" }
      await pass(.seconds(600), on: bench.clock)
      #expect(bench.shelf["a"]?.content == "mine", "the wall clock decides")
      bench.wall.advance(by: .seconds(91))
      await eventually("it is repaired", on: bench.clock) { bench.shelf["a"]?.content == "x" }
      #expect(try await engine.events().contains { $0.message.contains("its time is up") })
      try await engine.suspend(Selection(unit: "main"), by: "ada", until: until(.seconds(60)))
    }
    bench.shelf.put("b") { $0.content = "mine" }
    bench.wall.advance(by: .seconds(61))
    try await following(bench, feed) { engine in
      await eventually("it is repaired", on: bench.clock) { bench.shelf["b"]?.content == "x" }
      #expect(engine.units().first?.suspension == nil)
    }
  }

  @Test("what has begun is finished before suspending returns, and nothing begins after it")
  func underWay() async throws {
    let bench = Bench()
    let gate = Gate()
    let feed = Feed(snapshot("r1", [item("a"), item("b", dependsOn: ["Item/a"])]))
    bench.shelf.failApply("a", .wait(gate))
    try await following(bench, feed) { engine in
      await eventually("it is under way") { gate.arrivals == 1 }
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await engine.suspend(Selection(unit: "main"), by: "ada") }
        await eventually("it is asked for") { engine.units().first?.suspension != nil }
        #expect(bench.shelf.paths == [])
        gate.open()
        try await group.waitForAll()
      }
      #expect(bench.shelf.paths == ["a"])
      bench.shelf.forgetCalls()
      await pass(.seconds(600), on: bench.clock)
      #expect(bench.shelf.writes == [])
      let converged = try await engine.events().contains { $0.message.contains("has converged") }
      #expect(!converged)
      try await engine.resume(Selection(unit: "main"), by: "ada")
      await eventually("it goes on", on: bench.clock) { bench.shelf.paths == ["a", "b"] }
    }
  }

  @Test("a suspended dependency counts as it was seen: what was absent is waited for")
  func dependency() async throws {
    let bench = Bench()
    bench.shelf.failApply("a", .fail(.permanent("no")), .fail(.permanent("no")))
    let feed = Feed(snapshot("r1", [item("a"), item("b", dependsOn: ["Item/a"])]))
    try await following(bench, feed) { engine in
      await eventually("it has failed", on: bench.clock) {
        engine.resources(Selection(resource: "Item/a")).first?.condition(.stalled)?.status == .yes
      }
      try await engine.suspend(Selection(resource: "Item/a"), by: "ada")
      await pass(.seconds(600), on: bench.clock)
      #expect(bench.shelf.paths == [])
      #expect(engine.resources(Selection(resource: "Item/b")).first?.waitsFor == ["Item/a"])
      bench.shelf.heal()
      try await engine.resume(Selection(resource: "Item/a"), by: "ada")
      await eventually("both are made", on: bench.clock) { bench.shelf.paths == ["a", "b"] }
    }
  }

  @Test("a suspended resource that is no longer declared stays until it is resumed")
  func withdrawn() async throws {
    let bench = Bench()
    let feed = Feed(snapshot("r1", [item("a"), item("b")]))
    try await following(bench, feed) { engine in
      await converge(bench, engine)
      try await engine.suspend(Selection(resource: "Item/a"), by: "ada")
      feed.offer("r2", [item("b")])
      await eventually("the revision is taken in", on: bench.clock) {
        engine.units().first?.revision?.id == "r2" && isReady(engine)
      }
      await pass(.seconds(600), on: bench.clock)
      #expect(bench.shelf.paths == ["a", "b"])
      try await engine.resume(Selection(resource: "Item/a"), by: "ada")
      await eventually("it goes", on: bench.clock) { bench.shelf.paths == ["b"] }
      let units = try await bench.store.load().units
      #expect(units.first?.suspensions == [])
    }
  }

  @Test("a suspension goes with the resource to its new name and its new unit, and ends with it")
  func moves() async throws {
    let bench = Bench()
    try await bench.apply("r1", [item("a"), item("b")])
    try await bench.running { engine in
      try await engine.suspend(Selection(resource: "Item/a"), by: "ada")
    }
    try await bench.apply("r2", [item("a", name: "c", mode: 2), item("b")])
    #expect(bench.shelf["a"]?.mode == 0, "a new name is the same resource")
    try await bench.apply("r3", [item("b")])
    try await bench.apply("r1", [item("a", mode: 2)]) { $0.name = "other" }
    #expect(bench.shelf["a"]?.mode == 0)
    let units = try await bench.store.load().units
    #expect(units.first { $0.name == "other" }?.suspensions.count == 1)
    #expect(units.first { $0.name == "main" }?.suspensions == [])
    try await bench.running { engine in
      _ = try await engine.forget(Selection(resource: "Item/a"))
      try await flowing(bench.clock) {
        try await eventually("it is kept") {
          try await bench.store.load().units.allSatisfy { $0.suspensions.isEmpty }
        }
      }
    }
  }

  @Test("the brake stops everything before the next change, and is noticed without being told")
  func brake() async throws {
    let bench = Bench()
    let feed = Feed(snapshot("r1", [item("a"), item("b")]))
    try await following(bench, feed) { engine in
      await converge(bench, engine)
      bench.shelf.put("a") { $0.content = "mine" }
      bench.brake.pull(Suspension(note: "fire", by: "ada", since: bench.wall.now))
      feed.offer("r2", [item("a"), item("b", mode: 2)])
      bench.shelf.forgetCalls()
      await pass(.seconds(700), on: bench.clock)
      #expect(bench.shelf.writes == [])
      #expect(engine.units().first?.condition(.ready)?.message.hasSuffix(": fire") == true)
      #expect(ready(engine, "b")?.reason == "Suspended")
      let plan = try await engine.prepare(snapshot("r2", [item("z")]), for: Unit("more"))
      await #expect(throws: EngineError.self) { try await engine.apply(plan, by: "test") }

      bench.brake.pull(nil)
      await eventually("it goes on", on: bench.clock) {
        bench.shelf["a"]?.content == "x" && bench.shelf["b"]?.mode == 2
      }
      let kinds = try await engine.events(EventQuery(unit: "main")).map(\.kind)
      #expect(kinds.count { $0 == .suspend } == 1 && kinds.count { $0 == .resume } == 1)
    }
  }

  @Test("an apply that is under way when the brake is pulled ends, and says why")
  func brakeDuringApply() async throws {
    let bench = Bench()
    bench.shelf.failApply(
      "a", .first { bench.brake.pull(Suspension(by: "ada", since: bench.wall.now)) })
    let report = try await bench.apply("r1", [item("a"), item("b", dependsOn: ["Item/a"])])
    #expect(!report.converged)
    #expect(report.problems.map(\.reference.name) == ["b"])
    #expect(report.problems.first?.message.contains("suspended by ada") == true)
    #expect(bench.shelf.paths == ["a"])
  }

  @Test("what is not there can't be suspended, and too long a reason is refused")
  func mistakes() async throws {
    let bench = Bench()
    try await bench.apply("r1", [item("a"), item("b")])
    try await bench.running { engine in
      for selection in [Selection(unit: "man"), Selection(resource: "Item/x"), Selection()] {
        await #expect(throws: EngineError.self) { try await engine.suspend(selection, by: "ada") }
      }
      await #expect(throws: EngineError.self) {
        try await engine.suspend(
          Selection(unit: "main"), note: String(repeating: "x", count: 1001), by: "ada")
      }
      #expect(engine.units().first?.suspension == nil)
    }
  }
}
