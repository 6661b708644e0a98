import Tend
import TendTesting
import Testing

@testable import TendEngine

@Suite("Following a source", .oneThread, .timeLimit(.minutes(2)))
struct FollowTests {
  /// Runs an engine that follows the feed while the body runs.
  private func following(
    _ bench: Bench, _ feed: Feed, _ body: @Sendable (Engine) async throws -> Void
  ) async throws {
    let engine = try bench.engine()
    try engine.follow(feed, as: bench.unit)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await engine.run() }
      try await body(engine)
      group.cancelAll()
      do { try await group.waitForAll() } catch is CancellationError {}
    }
  }

  private func condition(_ engine: Engine, _ type: Condition.Kind) -> Condition? {
    engine.units().first?.condition(type)
  }

  private func converged(_ engine: Engine, _ revision: String) async {
    await eventually("\(revision) has converged") {
      engine.units().first?.revision?.id == revision
        && condition(engine, .ready)?.status == .yes
    }
  }

  @Test("what is offered is taken in, and what is offered next on the interval")
  func follow() async throws {
    let bench = Bench()
    let feed = Feed(snapshot("r1", [item("a")]))
    try await following(bench, feed) { engine in
      await converged(engine, "r1")
      #expect(bench.shelf.paths == ["a"])
      feed.offer("r2", [item("a"), item("b")])
      await pass(.seconds(40), on: bench.clock)
      await converged(engine, "r2")
      #expect(bench.shelf.paths == ["a", "b"])
      let history = try await engine.revisions(of: "main")
      #expect(history.map(\.revision.id) == ["r2", "r1"])
    }
  }

  @Test("a refresh on request does not wait for the interval")
  func refresh() async throws {
    let bench = Bench()
    let feed = Feed(snapshot("r1", [item("a")]))
    try await following(bench, feed) { engine in
      await converged(engine, "r1")
      feed.offer("r2", [item("b"), item("a")])
      try engine.refresh(unit: "main")
      await converged(engine, "r2")
      #expect(throws: EngineError.self) { try engine.refresh(unit: "none") }
    }
  }

  @Test("an invalid revision is said once, and the last good one is kept up")
  func invalid() async throws {
    let bench = Bench()
    let feed = Feed(snapshot("r1", [item("a")]))
    try await following(bench, feed) { engine in
      await converged(engine, "r1")
      feed.offerInvalid(
        "r2", [Diagnostic(.syntax, at: Place(file: "a.yaml", line: 2, column: 1), "no")])
      try engine.refresh()
      await eventually("it is said") { condition(engine, .stalled)?.reason == "Invalid" }
      #expect(condition(engine, .stalled)?.message.contains("a.yaml:2:1") == true)
      bench.shelf.remove("a")
      await pass(.seconds(400), on: bench.clock)
      await eventually("drift is still repaired") { bench.shelf.paths == ["a"] }
      #expect(try await engine.events().count { $0.result == "Invalid" } == 1)
      feed.offer("r3", [item("a"), item("b")])
      try engine.refresh()
      await converged(engine, "r3")
      #expect(condition(engine, .stalled)?.status == .no)
    }
  }

  @Test("a revision whose specs are wrong is invalid, with all mistakes in its message")
  func wrongSpecs() async throws {
    let bench = Bench()
    let feed = Feed(snapshot("r1", [item("a")]))
    try await following(bench, feed) { engine in
      await converged(engine, "r1")
      feed.offer("r2", [item("a", dependsOn: ["Item/b"]), item("c", kind: "Itme")])
      try engine.refresh()
      await eventually("it is said") { condition(engine, .stalled)?.reason == "Invalid" }
      #expect(condition(engine, .stalled)?.message.contains("and 1 more") == true)
      #expect(engine.units().first?.revision?.id == "r1")
    }
  }

  @Test(
    "a source that is gone deletes nothing, and recovers by itself",
    arguments: [SourceError.Code.unreachable, .missing, .rewritten, .corrupt])
  func gone(code: SourceError.Code) async throws {
    let bench = Bench()
    let feed = Feed(snapshot("r1", [item("a"), item("b")]))
    try await following(bench, feed) { engine in
      await converged(engine, "r1")
      feed.fail(SourceError(code, "gone"))
      try engine.refresh()
      await eventually("it is said") {
        condition(engine, .stalled)?.reason == code.description
      }
      await pass(.seconds(600), on: bench.clock)
      #expect(bench.shelf.paths == ["a", "b"])
      #expect(try await engine.events().count { $0.result == code.description } == 1)
      feed.recover()
      try engine.refresh()
      await eventually("it is over") { condition(engine, .stalled)?.status == .no }
      #expect(condition(engine, .ready)?.status == .yes)
    }
    #expect(bench.shelf.writes == ["create a", "create b"])
  }

  @Test("after a restart the last revision is in force without the remote")
  func resume() async throws {
    let bench = Bench()
    let feed = Feed(snapshot("r1", [item("a")]))
    try await following(bench, feed) { engine in await converged(engine, "r1") }
    bench.shelf.remove("a")
    feed.fail(SourceError(.unreachable, "gone"))
    try await following(bench, feed) { engine in
      await eventually("it is made again") { bench.shelf.paths == ["a"] }
      #expect(feed.known.last == "r1")
    }
  }

  @Test("a source that lost even the accepted revision is said once, and deletes nothing")
  func lost() async throws {
    let bench = Bench()
    try await following(bench, Feed(snapshot("r1", [item("a")]))) { engine in
      await converged(engine, "r1")
    }
    let empty = Feed()
    try await following(bench, empty) { engine in
      await eventually("it was asked") { empty.refreshes > 0 }
      await pass(.seconds(300), on: bench.clock)
      #expect(condition(engine, .stalled)?.reason == "SourceMissing")
      let events = try await engine.events()
      #expect(events.count { $0.result == "SourceMissing" } == 1)
      #expect(engine.resources().map(\.name) == ["a"])
    }
    #expect(bench.shelf.paths == ["a"])
  }

  @Test("T02: a source that loses its inputs one way after the other deletes what is within budget")
  func partial() async throws {
    let bench = Bench()
    let all = (10..<50).map { item("\($0)") }
    let feed = Feed(snapshot("r1", all))
    try await following(bench, feed) { engine in
      await converged(engine, "r1")
      feed.offer("r2", Array(all.dropLast()))
      try engine.refresh()
      await converged(engine, "r2")
      #expect(bench.shelf.paths.count == 39, "one is within the budget")
      feed.offer("r3", [])
      try engine.refresh()
      await eventually("none at all is refused") {
        condition(engine, .stalled)?.reason == "DeletionBudget"
      }
      feed.fail(SourceError(.unreachable, "HTTP 500"))
      try engine.refresh()
      await eventually("a failure is said") {
        condition(engine, .stalled)?.reason == "SourceUnreachable"
      }
      let end = Place(file: "all.json", line: 1, column: 9)
      feed.offerInvalid("r4", [Diagnostic(.syntax, at: end, "it ends early")])
      try engine.refresh()
      await eventually("half a text is said") { condition(engine, .stalled)?.reason == "Invalid" }
      await pass(.seconds(600), on: bench.clock)
      #expect(bench.shelf.paths.count == 39, "an error deletes nothing")
      feed.offer("r5", Array(all.dropLast()))
      try engine.refresh()
      await converged(engine, "r5")
    }
    #expect(bench.shelf.writes.count { $0.hasPrefix("delete") } == 1)
  }

  @Test("T47: units ask their sources at moments of their own, whatever their names")
  func spread() async throws {
    let bench = Bench()
    let engine = try bench.engine()
    let names = ["aa", "ab", "ba", "bb", "cc", "dd", "ee", "ff"]
    for name in names { try engine.follow(Feed(snapshot("r1", [])), as: Unit(name)) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await engine.run() }
      await eventually("all wait") {
        engine.units().count { $0.nextRefresh != nil } == names.count
      }
      let due = engine.units().compactMap(\.nextRefresh)
      #expect(Set(due).count == names.count)
      #expect(due.allSatisfy { $0 >= .seconds(27) && $0 <= .seconds(33) })
      group.cancelAll()
      do { try await group.waitForAll() } catch is CancellationError {}
    }
  }

  @Test("T01: an emptied source is refused, stalls with the list, and the unit stays where it is")
  func refused() async throws {
    let bench = Bench()
    let all = (0..<10).map { item("\($0)") }
    let feed = Feed(snapshot("r1", all))
    try await following(bench, feed) { engine in
      await converged(engine, "r1")
      feed.offer("r2", [])
      try engine.refresh()
      await eventually("it is refused") {
        condition(engine, .stalled)?.reason == "DeletionBudget"
      }
      let unit = try #require(engine.units().first)
      #expect(unit.revision?.id == "r1" && unit.refused?.count == 10)
      #expect(unit.refused?.deletions.count == 10)
      #expect(try await engine.revisions(of: "main").first?.state == .refused)
      bench.shelf.remove("3")
      try engine.reconcile(Selection(resource: "Item/3"))
      await eventually("the unit is still kept up") { bench.shelf.paths.count == 10 }
    }
    try await following(bench, feed) { engine in
      await eventually("it is refused again after a restart") {
        condition(engine, .stalled)?.reason == "DeletionBudget"
      }
      #expect(bench.shelf.paths.count == 10)
      feed.offer("r3", all + [item("new")])
      try engine.refresh()
      await converged(engine, "r3")
      #expect(engine.units().first?.refused == nil)
    }
  }

  @Test("an approval lets exactly that plan pass, once")
  func approve() async throws {
    let bench = Bench()
    let all = (0..<10).map { item("\($0)") }
    let feed = Feed(snapshot("revision-1", all))
    try await following(bench, feed) { engine in
      await converged(engine, "revision-1")
      await #expect(throws: EngineError.self) {
        try await engine.approve(unit: "main", revision: "revision-1")
      }
      feed.offer("revision-2", [item("0")])
      try engine.refresh()
      await eventually("it is refused") { engine.units().first?.refused != nil }
      await #expect(throws: EngineError.self) {
        try await engine.approve(unit: "main", revision: "other")
      }
      let digest = try await engine.approve(unit: "main", revision: "revision-2")
      #expect(!digest.isEmpty)
      await converged(engine, "revision-2")
      await eventually("they are gone") { bench.shelf.paths == ["0"] }
      #expect(engine.units().first?.refused == nil)
      #expect(try await engine.events().contains { $0.kind == .approve })
    }
  }

  @Test("an approval does not let another plan of the same revision pass")
  func approveOther() async throws {
    let bench = Bench()
    let feed = Feed(snapshot("revision-1", (0..<10).map { item("\($0)") }))
    try await following(bench, feed) { engine in
      await converged(engine, "revision-1")
      feed.offer("revision-2", [item("0")])
      try engine.refresh()
      await eventually("it is refused") { engine.units().first?.refused != nil }
      let refused = engine.units().first?.refused?.plan
      // By the time of the approval one of them is gone: that is another plan.
      bench.shelf.remove("5")
      _ = try await engine.approve(unit: "main", revision: "revision-2")
      await eventually("the other plan is refused") {
        let now = engine.units().first?.refused?.plan
        return now != nil && now != refused
      }
      #expect(bench.shelf.paths.count == 9 || bench.shelf.paths.count == 10)
      #expect(engine.units().first?.revision?.id == "revision-1")
    }
  }

  @Test("a change is told of also where a newer revision cancels the look that was to confirm it")
  func unverified() async throws {
    let bench = Bench()
    // The looks of the plan and of the pass go well; that after the change hangs.
    bench.shelf.failObserve("a", .loseReply, .loseReply, .hang)
    let feed = Feed(snapshot("one", [item("a"), item("b")]))
    try await following(bench, feed) { engine in
      await eventually("it is made") { bench.shelf.writes.contains("create a") }
      feed.offer("two", [item("a", content: "other"), item("b")])
      try engine.refresh()
      await eventually("the newer one has converged", on: bench.clock) {
        engine.units().first?.revision?.id == "two"
          && engine.units().first?.condition(.ready)?.status == .yes
      }
    }
    let told = try await bench.events().filter { $0.resource == "Item/a" && $0.result == "done" }
    #expect(Set(told.map(\.kind)) == [.create, .update] && told.count == 2)
    #expect(bench.shelf.writes.count { $0 == "create a" } == 1)
  }

  @Test("T41: a revision that never converges does not block its fix, and is superseded")
  func superseded() async throws {
    let bench = Bench()
    for _ in 0..<100 { bench.shelf.failApply("a", .hang) }
    let feed = Feed(snapshot("bad", [item("a", content: "bad"), item("b")]))
    try await following(bench, feed) { engine in
      await eventually("it hangs") { bench.shelf.writes.contains("create a") }
      feed.offer("good", [item("a", content: "good"), item("b")])
      try engine.refresh()
      let begun = bench.clock.now
      await eventually("the fix is in force") {
        await pass(.seconds(1), on: bench.clock)
        return engine.units().first?.revision?.id == "good"
      }
      #expect(begun.duration(to: bench.clock.now) < .seconds(10), "it waits for no timeout")
      bench.shelf.heal()
      await eventually("the fix has converged") {
        await pass(.seconds(1), on: bench.clock)
        return engine.units().first?.condition(.ready)?.status == .yes
      }
      #expect(bench.shelf["a"]?.content == "good")
      let history = try await engine.revisions(of: "main")
      #expect(history.map(\.state) == [.converged, .superseded])
    }
  }

  @Test("moves to another unit: ownership moves once the old revision no longer declares it")
  func move() async throws {
    let bench = Bench()
    let (first, second) = (
      Feed(snapshot("f1", [item("a"), item("b")])), Feed(snapshot("s1", [item("c")]))
    )
    let engine = try bench.engine()
    try engine.follow(first, as: Unit("first"))
    try engine.follow(second, as: Unit("second"))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await engine.run() }
      await eventually("both are in force") { bench.shelf.paths == ["a", "b", "c"] }
      second.offer("s2", [item("c"), item("a")])
      try engine.refresh(unit: "second")
      await eventually("the second unit waits") {
        engine.units().last?.condition(.stalled)?.reason == "Invalid"
      }
      first.offer("f2", [item("b")])
      try engine.refresh(unit: "first")
      await eventually("the first unit let go") { engine.units().first?.revision?.id == "f2" }
      try engine.refresh(unit: "second")
      await eventually("the second unit has it") {
        engine.resources(Selection(unit: "second")).map(\.name) == ["a", "c"]
      }
      group.cancelAll()
      do { try await group.waitForAll() } catch is CancellationError {}
    }
    #expect(bench.shelf.writes.sorted() == ["create a", "create b", "create c"])
    let owners = try await bench.inventory().map { "\($0.unit) \($0.key.identity)" }
    #expect(owners == ["second a", "first b", "second c"])
    #expect(try await bench.inventory().allSatisfy { $0.isDeclared && !$0.isAdopted })
  }

  @Test("what could not be seen when it was accepted is adopted when it can be")
  func unseen() async throws {
    let bench = Bench()
    bench.shelf.put("a") { $0.content = "theirs" }
    bench.shelf.failObserve("a", .fail(.transient("1")), .fail(.transient("2")))
    let feed = Feed(snapshot("r1", [item("a"), item("b")]))
    try await following(bench, feed) { engine in
      await eventually("it has failed") { bench.shelf.calls.count { $0 == .observe("a") } == 2 }
      await pass(.seconds(5), on: bench.clock)
      await converged(engine, "r1")
      #expect(bench.shelf["a"]?.content == "x")
    }
    #expect(try await bench.inventory().map(\.isAdopted) == [true, false])
  }

  @Test("converge takes in what is new, waits for the end, and throws what stands in the way")
  func once() async throws {
    let bench = Bench()
    let feed = Feed(snapshot("r1", (0..<8).map { item("\($0)") }))
    let engine = try bench.engine()
    try engine.follow(feed, as: bench.unit)
    try await engine.running { engine in
      let report = try await engine.converge(unit: "main")
      #expect(report.converged && report.done.count == 8)
      #expect(try await engine.converge(unit: "main").done.isEmpty)
      feed.offer("r2", [])
      let error = await #expect(throws: EngineError.self) {
        try await engine.converge(unit: "main")
      }
      #expect(error?.code == .refused)
      feed.fail(SourceError(.unreachable, "gone"))
      let gone = await #expect(throws: EngineError.self) {
        try await engine.converge(unit: "main")
      }
      #expect(gone?.code == .source)
    }
    #expect(bench.shelf.paths.count == 8)
  }

  @Test("a forgotten resource that is still declared is taken up again as one that was there")
  func forget() async throws {
    let bench = Bench()
    let feed = Feed(snapshot("r1", [item("a"), item("b")]))
    try await following(bench, feed) { engine in
      await converged(engine, "r1")
      _ = try await engine.forget(Selection(resource: "Item/a"))
      #expect(engine.resources().map(\.name) == ["b"])
      try engine.refresh()
      await eventually("it is adopted") {
        engine.resources(Selection(resource: "Item/a")).first?.isAdopted == true
      }
    }
  }
}
