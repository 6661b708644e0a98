import Tend
import TendTesting
import Testing

@testable import TendEngine

@Suite("Moving between units", .oneThread, .timeLimit(.minutes(2)))
struct MoveTests {
  private static let second = Unit("second")

  private func owners(_ bench: Bench) async throws -> [String] {
    try await bench.inventory().map { "\($0.unit) \($0.key.identity)" }
  }

  @Test("claimed, handed over and taken over by three processes, it is never touched")
  func processes() async throws {
    let bench = Bench()
    try await bench.apply("r1", [item("a", line: 3), item("b")])
    bench.shelf.forgetCalls()
    let error = await #expect(throws: EngineError.self) {
      try await bench.apply("s1", [item("c"), item("a", line: 7)]) { $0 = Self.second }
    }
    let text = error?.diagnostics.description ?? ""
    #expect(text.contains("shelf.yaml:7:1") && text.contains("shelf.yaml:3:1"))
    #expect(text.contains("take it out of unit main, which then hands it over"))
    #expect(try await bench.plan("r2", [item("b")]).isEmpty, "the plan deletes nothing")
    try await bench.apply("r2", [item("b")])
    #expect(try await owners(bench) == ["main a", "main b"])
    try await bench.running { engine in
      let condition = engine.resources(Selection(resource: "Item/a")).first?.condition(.ready)
      #expect(condition?.reason == "HandedOver")
      #expect(condition?.message.contains("unit second") == true)
    }
    let report = try await bench.apply("s1", [item("c"), item("a")]) { $0 = Self.second }
    #expect(report.converged)
    #expect(bench.shelf.writes == ["create c"])
    #expect(try await owners(bench) == ["second a", "main b", "second c"])
    #expect(try await bench.store.load().units.allSatisfy { $0.claims.isEmpty })
    let moves = try await bench.events().filter { $0.kind == .move }.map(\.message)
    #expect(
      moves == [
        "moved here from unit main; nothing was touched",
        "no longer declared here; handed over to unit second",
      ])
  }

  @Test("a plan claims nothing: it has no side effect")
  func planned() async throws {
    let bench = Bench()
    try await bench.apply("r1", [item("a"), item("b")])
    await #expect(throws: EngineError.self) {
      try await bench.plan("s1", [item("a")]) { $0 = Self.second }
    }
    try await bench.apply("r2", [item("b")])
    #expect(bench.shelf.paths == ["b"])
  }

  @Test("a claim outlives a revision that is refused after the hand-over")
  func refused() async throws {
    let bench = Bench()
    let before = (0..<8).map { item("s\($0)") }
    try await bench.apply("r1", [item("a"), item("b")])
    try await bench.apply("s1", before) { $0 = Self.second }
    await #expect(throws: EngineError.self) {
      try await bench.apply("s2", [item("a")]) { $0 = Self.second }
    }
    try await bench.apply("r2", [item("b")])
    let refusal = await #expect(throws: EngineError.self) {
      try await bench.apply("s2", [item("a")]) { $0 = Self.second }
    }
    #expect(refusal?.code == .refused)
    try await bench.apply("r2", [item("b")])
    try await bench.apply("s3", before + [item("a")]) { $0 = Self.second }
    #expect(bench.shelf.writes.filter { $0.hasSuffix(" a") } == ["create a"])
  }

  @Test("what is claimed no longer is deleted by the unit that handed it over")
  func abandoned() async throws {
    let bench = Bench()
    let first = Feed(snapshot("f1", [item("a"), item("b")]))
    let second = Feed(snapshot("s1", [item("c")]))
    try await following(bench, first, second) { engine in
      await eventually("both are in force") { bench.shelf.paths == ["a", "b", "c"] }
      second.offer("s2", [item("c"), item("a")])
      try engine.refresh(unit: "second")
      await eventually("the second unit waits") {
        engine.units().last?.condition(.stalled)?.reason == "Invalid"
      }
      first.offer("f2", [item("b")])
      try engine.refresh(unit: "first")
      await eventually("the first unit let go") { engine.units().first?.revision?.id == "f2" }
      #expect(bench.shelf.paths == ["a", "b", "c"])
      second.offer("s3", [item("c"), item("d")])
      try engine.refresh(unit: "second")
      await eventually("nobody wants it") { bench.shelf.paths == ["b", "c", "d"] }
      try await eventually("nobody owns it") { try await !owners(bench).contains("first a") }
    }
  }

  @Test("T20 a crash at any commit of a move deletes nothing and makes nothing twice")
  func crashes() async throws {
    let counting = CountingStore()
    await move(Bench(counting))
    for number in 0...counting.commits + 1 {
      let survivor = InMemoryStore()
      let shelf = Shelf()
      await move(Bench(CrashingStore(survivor, after: number), shelf: shelf))
      await finish(Bench(survivor, shelf: shelf))
      #expect(shelf.writes.filter { $0.hasSuffix(" a") } == ["create a"], "after \(number) commits")
      let owners = try await owners(Bench(survivor, shelf: shelf))
      #expect(owners == ["second a", "first b", "second c"], "after \(number) commits")
    }
  }

  /// Goes through a move as an agent would that is started anew for each step.
  private func move(_ bench: Bench) async {
    let first = Feed(snapshot("f1", [item("a"), item("b")]))
    let second = Feed(snapshot("s1", [item("c")]))
    await converge(bench, first, second)
    second.offer("s2", [item("c"), item("a")])
    await converge(bench, first, second)
    first.offer("f2", [item("b")])
    await converge(bench, first, second)
  }

  /// Starts anew on what is left, where both sources have come to their end.
  private func finish(_ bench: Bench) async {
    let first = Feed(snapshot("f2", [item("b")]))
    await converge(bench, first, Feed(snapshot("s2", [item("c"), item("a")])))
  }

  /// A new process, which asks both sources once: the second unit first, as who claims does.
  private func converge(
    _ bench: Bench, _ first: Feed, _ second: Feed,
    _ order: [String] = ["second", "first", "second"]
  ) async {
    guard let engine = try? bench.engine() else { return }
    try? engine.follow(second, as: Unit("second"))
    try? engine.follow(first, as: Unit("first"))
    _ = try? await engine.running { engine in
      for unit in order {
        _ = try? await flowing(bench.clock) { try await engine.converge(unit: unit) }
      }
    }
  }

  @Test("a restart between the hand-over and the take-over touches nothing")
  func restart() async throws {
    let bench = Bench()
    let first = Feed(snapshot("f1", [item("a"), item("b")]))
    let second = Feed(snapshot("s1", [item("c")]))
    try await following(bench, first, second) { engine in
      await eventually("both are in force") { bench.shelf.paths == ["a", "b", "c"] }
      second.offer("s2", [item("c"), item("a")])
      try engine.refresh(unit: "second")
      await eventually("the second unit waits") {
        engine.units().last?.condition(.stalled)?.reason == "Invalid"
      }
      second.fail(SourceError(.unreachable, "gone"))
      first.offer("f2", [item("b")])
      try engine.refresh(unit: "first")
      await eventually("the first unit let go") { engine.units().first?.revision?.id == "f2" }
    }
    try await following(bench, first, second) { engine in
      await eventually("both are in force again") {
        engine.units().map { $0.revision?.id } == ["f2", "s1"]
          && engine.units().last?.condition(.stalled)?.reason == "SourceUnreachable"
      }
      await pass(.seconds(100), on: bench.clock)
      second.recover()
      try engine.refresh(unit: "second")
      await eventually("the second unit has it") {
        engine.resources(Selection(unit: "second")).map(\.name) == ["a", "c"]
      }
    }
    #expect(bench.shelf.writes.sorted() == ["create a", "create b", "create c"])
  }

  // MARK: By one commit

  @Test(
    "one commit moves it, whichever unit sees it first",
    arguments: [["first"], ["second"], ["first", "second"], ["second", "first"]])
  func oneCommit(order: [String]) async throws {
    let bench = Bench()
    let first = Feed(snapshot("1", [item("a"), item("b")]))
    let second = Feed(snapshot("1", [item("c")]))
    try await following(bench, first, second) { engine in
      await eventually("both are in force") { bench.shelf.paths == ["a", "b", "c"] }
      first.offer("2", [item("b")])
      second.offer("2", [item("c"), item("a")])
      for unit in order { try engine.refresh(unit: unit) }
      await eventually("the second unit has it") {
        engine.resources(Selection(unit: "second")).map(\.name) == ["a", "c"]
      }
    }
    #expect(bench.shelf.writes.sorted() == ["create a", "create b", "create c"])
    #expect(try await owners(bench) == ["second a", "first b", "second c"])
  }

  @Test("what one commit moves does not count against the budget, however much it is")
  func beyondTheBudget() async throws {
    let bench = Bench()
    let all = (0..<20).map { item("x\($0)") }
    let first = Feed(snapshot("1", all))
    let second = Feed(snapshot("1", [item("y")]))
    try await following(bench, first, second) { engine in
      await eventually("both are in force") { bench.shelf.paths.count == 21 }
      first.offer("2", Array(all.prefix(1)))
      second.offer("2", [item("y")] + all.dropFirst())
      try engine.refresh(unit: "first")
      await eventually("the second unit has nearly all") {
        engine.resources(Selection(unit: "second")).count == 20
      }
      #expect(engine.units().first?.revision?.id == "2")
    }
    #expect(bench.shelf.writes.allSatisfy { $0.hasPrefix("create") })
  }

  @Test("a unit that waits for the other to be Ready claims all the same")
  func dependent() async throws {
    let bench = Bench()
    let first = Feed(snapshot("1", [item("a"), item("b")]))
    let second = Feed(snapshot("1", [item("c")]))
    try await following(bench, first, second, secondDependsOn: ["first"]) { engine in
      await eventually("both are in force") { bench.shelf.paths == ["a", "b", "c"] }
      first.offer("2", [item("b")])
      second.offer("2", [item("c"), item("a")])
      try engine.refresh(unit: "first")
      await eventually("the second unit has it") {
        engine.resources(Selection(unit: "second")).map(\.name) == ["a", "c"]
      }
    }
    #expect(bench.shelf.writes.sorted() == ["create a", "create b", "create c"])
  }

  @Test("what moves to a unit whose revision is wrong elsewhere is kept until that is mended")
  func invalidHeir() async throws {
    let bench = Bench()
    let first = Feed(snapshot("1", [item("a"), item("b")]))
    let second = Feed(snapshot("1", [item("c")]))
    try await following(bench, first, second) { engine in
      await eventually("both are in force") { bench.shelf.paths == ["a", "b", "c"] }
      first.offer("2", [item("b")])
      second.offer("2", [item("c", dependsOn: ["Item/nowhere"]), item("a")])
      try engine.refresh(unit: "first")
      await eventually("the first unit let go") { engine.units().first?.revision?.id == "2" }
      await eventually("the second is wrong") {
        engine.units().last?.condition(.stalled)?.reason == "Invalid"
      }
      second.offerInvalid("3", [Diagnostic(.syntax, at: nil, "no YAML")])
      try engine.refresh(unit: "second")
      await eventually("it is wrong as a whole") {
        engine.units().last?.condition(.stalled)?.message.contains("no YAML") == true
      }
      #expect(bench.shelf.paths == ["a", "b", "c"])
      second.offer("4", [item("c"), item("a")])
      try engine.refresh(unit: "second")
      await eventually("the second unit has it") {
        engine.resources(Selection(unit: "second")).map(\.name) == ["a", "c"]
      }
    }
    #expect(bench.shelf.writes.sorted() == ["create a", "create b", "create c"])
  }

  @Test("a source that does not answer holds deletions up for a while, and not for good")
  func bounded() async throws {
    let bench = Bench()
    let first = Feed(snapshot("1", [item("a"), item("b")]))
    let second = Feed(snapshot("1", [item("c")]))
    try await following(bench, first, second) { engine in
      await eventually("both are in force") { bench.shelf.paths == ["a", "b", "c"] }
      second.fail(SourceError(.unreachable, "gone"))
      first.offer("2", [item("b")])
      let asked = second.refreshes
      try engine.refresh(unit: "first")
      await eventually("the other source was asked") { second.refreshes > asked }
      #expect(bench.shelf.paths == ["a", "b", "c"])
      await eventually("it is deleted in the end", on: bench.clock) {
        bench.shelf.paths == ["b", "c"]
      }
    }
  }

  @Test(
    "T20 a crash at any commit of a move by one commit deletes nothing and makes nothing twice",
    arguments: [["first", "second"], ["second", "first", "second"]])
  func crashesInOneCommit(order: [String]) async throws {
    let counting = CountingStore()
    await moveAtOnce(Bench(counting), order)
    for number in 0...counting.commits + 1 {
      let survivor = InMemoryStore()
      let shelf = Shelf()
      await moveAtOnce(Bench(CrashingStore(survivor, after: number), shelf: shelf), order)
      await moveAtOnce(Bench(survivor, shelf: shelf), order)
      await moveAtOnce(Bench(survivor, shelf: shelf), order)
      #expect(shelf.writes.filter { $0.hasSuffix(" a") } == ["create a"], "after \(number) commits")
      let owners = try await owners(Bench(survivor, shelf: shelf))
      #expect(owners == ["second a", "first b", "second c"], "after \(number) commits")
    }
  }

  /// An agent that converges once before the commit, unless it was there, and once after it.
  private func moveAtOnce(_ bench: Bench, _ order: [String]) async {
    let first = Feed(snapshot("1", [item("a"), item("b")]))
    let second = Feed(snapshot("1", [item("c")]))
    if bench.shelf.paths.isEmpty { await converge(bench, first, second, order) }
    first.offer("2", [item("b")])
    second.offer("2", [item("c"), item("a")])
    await converge(bench, first, second, order)
  }

  // MARK: In exchange

  @Test(
    "one commit swaps what two units have, whichever unit sees it first",
    arguments: [["first"], ["second"], ["first", "second"], ["second", "first"]])
  func swap(order: [String]) async throws {
    let bench = Bench()
    let first = Feed(snapshot("1", [item("a"), item("b")]))
    let second = Feed(snapshot("1", [item("c"), item("d")]))
    try await following(bench, first, second) { engine in
      await eventually("both are in force") { bench.shelf.paths == ["a", "b", "c", "d"] }
      first.offer("2", [item("c"), item("b")])
      second.offer("2", [item("a"), item("d")])
      for unit in order { try engine.refresh(unit: unit) }
      await eventually("each has what the other had") {
        engine.units().map { $0.revision?.id } == ["2", "2"]
          && engine.units().allSatisfy { $0.condition(.ready)?.status == .yes }
      }
    }
    #expect(bench.shelf.writes.sorted() == ["create a", "create b", "create c", "create d"])
    #expect(try await owners(bench) == ["second a", "first b", "first c", "second d"])
  }

  @Test("one commit hands something on in a ring of three units")
  func ring() async throws {
    let bench = Bench()
    let feeds = ["a", "b", "c"].map { Feed(snapshot("1", [item($0), item("own-\($0)")])) }
    let engine = try bench.engine()
    for (feed, name) in zip(feeds, ["x", "y", "z"]) { try engine.follow(feed, as: Unit(name)) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await engine.run() }
      await eventually("all are in force") { bench.shelf.paths.count == 6 }
      for (feed, names) in zip(feeds, [("b", "a"), ("c", "b"), ("a", "c")]) {
        feed.offer("2", [item(names.0), item("own-\(names.1)")])
      }
      try engine.refresh()
      await eventually("each has what the next one had") {
        engine.units().map { $0.revision?.id } == ["2", "2", "2"]
      }
      group.cancelAll()
      do { try await group.waitForAll() } catch is CancellationError {}
    }
    #expect(
      bench.shelf.writes.count == 6 && bench.shelf.writes.allSatisfy { $0.hasPrefix("create") })
    #expect(
      try await owners(bench).filter { !$0.contains("own-") } == ["z a", "x b", "y c"])
  }

  @Test("two processes swap too, each asked twice")
  func swapByHand() async throws {
    let bench = Bench()
    try await bench.apply("1", [item("a"), item("b")])
    try await bench.apply("1", [item("c"), item("d")]) { $0 = Self.second }
    for _ in 0..<2 {
      _ = try? await bench.apply("2", [item("c"), item("b")])
      _ = try? await bench.apply("2", [item("a"), item("d")]) { $0 = Self.second }
    }
    #expect(try await owners(bench) == ["second a", "main b", "main c", "second d"])
    #expect(bench.shelf.writes.sorted() == ["create a", "create b", "create c", "create d"])
  }

  @Test("a swap that is taken back before both could follow leaves each with what it had")
  func swapTakenBack() async throws {
    let bench = Bench()
    let first = Feed(snapshot("1", [item("a"), item("b")]))
    let second = Feed(snapshot("1", [item("c"), item("d")]))
    try await following(bench, first, second) { engine in
      await eventually("both are in force") { bench.shelf.paths == ["a", "b", "c", "d"] }
      second.offer("2", [item("a"), item("d", dependsOn: ["Item/nowhere"])])
      try engine.refresh(unit: "second")
      await eventually("the second is wrong") {
        engine.units().last?.condition(.stalled)?.message.contains("nowhere") == true
      }
      first.offer("2", [item("c"), item("b")])
      try engine.refresh(unit: "first")
      await eventually("the first waits for it") {
        engine.units().first?.condition(.stalled)?.message.contains("claims c") == true
      }
      first.offer("1", [item("a"), item("b")])
      second.offer("1", [item("c"), item("d")])
      try engine.refresh()
      await eventually("all is as it was") {
        engine.units().allSatisfy { $0.condition(.ready)?.status == .yes }
          && engine.resources(Selection(unit: "first")).map(\.name) == ["a", "b"]
      }
      bench.shelf.put("a") { $0.content = "theirs" }
      try engine.reconcile(Selection(resource: "Item/a"))
      await eventually("what was handed over is kept up again") {
        bench.shelf.writes.contains("update a content")
      }
    }
    #expect(try await owners(bench) == ["first a", "first b", "second c", "second d"])
    #expect(bench.shelf.writes.allSatisfy { !$0.hasPrefix("delete") })
  }

  @Test("T20 a crash at any commit of a swap deletes nothing and makes nothing twice")
  func crashesInSwap() async throws {
    let counting = CountingStore()
    await swapAtOnce(Bench(counting))
    for number in 0...counting.commits + 1 {
      let survivor = InMemoryStore()
      let shelf = Shelf()
      await swapAtOnce(Bench(CrashingStore(survivor, after: number), shelf: shelf))
      await swapAtOnce(Bench(survivor, shelf: shelf))
      await swapAtOnce(Bench(survivor, shelf: shelf))
      let creations = ["create a", "create b", "create c", "create d"]
      #expect(shelf.writes.sorted() == creations, "after \(number) commits")
      let owners = try await owners(Bench(survivor, shelf: shelf))
      #expect(
        owners == ["second a", "first b", "first c", "second d"], "after \(number) commits")
    }
  }

  /// An agent that converges once before the commit, unless it was there, and once after it.
  private func swapAtOnce(_ bench: Bench) async {
    let first = Feed(snapshot("1", [item("a"), item("b")]))
    let second = Feed(snapshot("1", [item("c"), item("d")]))
    let order = ["first", "second", "first", "second"]
    if bench.shelf.paths.count < 4 { await converge(bench, first, second, order) }
    first.offer("2", [item("c"), item("b")])
    second.offer("2", [item("a"), item("d")])
    await converge(bench, first, second, order)
  }

  private func following(
    _ bench: Bench, _ first: Feed, _ second: Feed, secondDependsOn: [String] = [],
    _ body: @Sendable (Engine) async throws -> Void
  ) async throws {
    let engine = try bench.engine()
    try engine.follow(first, as: Unit("first"))
    var unit = Unit("second")
    unit.dependencies = secondDependsOn
    try engine.follow(second, as: unit)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await engine.run() }
      try await body(engine)
      group.cancelAll()
      do { try await group.waitForAll() } catch is CancellationError {}
    }
  }
}
