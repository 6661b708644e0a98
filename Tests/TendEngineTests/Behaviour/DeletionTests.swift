import Tend
import Testing

@testable import TendEngine

@Suite("Deletions", .oneThread, .timeLimit(.minutes(2)))
struct DeletionTests {
  @Test("what depends on something goes before it, in written and in implied order")
  func order() async throws {
    let bench = Bench()
    let keep = (0..<40).map { item("keep\($0)") }
    try await bench.apply(
      "r1", keep + [box("a"), item("a/b"), item("a/c", dependsOn: ["Item/a/b"])])
    bench.shelf.forgetCalls()
    let plan = try await bench.plan("r2", keep)
    #expect(plan.changes.map(\.identity) == ["a/c", "a/b", "a"])
    try await bench.apply("r2", keep)
    #expect(bench.shelf.writes == ["delete a/c", "delete a/b", "delete a"])
  }

  @Test("deletions wait until every create and update of the unit has succeeded")
  func wait() async throws {
    let bench = Bench()
    try await bench.apply("r1", [item("old"), item("other")])
    bench.shelf.failApply("new", .fail(.permanent("no room")))
    bench.shelf.forgetCalls()
    let report = try await bench.apply("r2", [item("new"), item("other")])
    #expect(report.problems.map(\.reference.name) == ["new", "old"])
    #expect(report.problems.last?.message == "waits for Item/new")
    #expect(bench.shelf.paths == ["old", "other"])
    let again = try await bench.apply("r2", [item("new"), item("other")])
    #expect(again.converged)
    #expect(bench.shelf.writes == ["create new", "create new", "delete old"])
  }

  @Test("T08b: a failed delete stays owned, is listed, and is retried")
  func failed() async throws {
    let bench = Bench()
    try await bench.apply("r1", [box("a"), item("a/b"), item("c"), item("d"), item("e")])
    bench.shelf.failApply(
      "a/b", .fail(.transient("busy")), .fail(.transient("busy")), .fail(.transient("busy")))
    let kept = [item("c"), item("d"), item("e")]
    try await bench.running { engine in
      let plan = try await engine.prepare(snapshot("r2", kept), for: bench.unit)
      let report = try await flowing(bench.clock) { try await engine.apply(plan, by: "test") }
      #expect(report.problems.map(\.reference.name).sorted() == ["a", "a/b"])
      let status = engine.resources(Selection(resource: "Item/a/b")).first
      #expect(status?.failures == 3 && status?.isDeclared == false)
      #expect(try await bench.inventory().contains { $0.key.identity == "a/b" && !$0.isDeclared })
      await eventually("it is retried") {
        await pass(.seconds(10), on: bench.clock)
        return bench.shelf.paths == ["c", "d", "e"]
      }
      await eventually("nothing is owned of it") { engine.resources().count == 3 }
    }
    #expect(try await bench.inventory().count == 3)
  }

  @Test("a delete after which it is there is told each time, also the second one")
  func remains() async throws {
    let bench = Bench()
    try await bench.apply("r1", [item("a"), item("b"), item("c"), item("d")])
    bench.shelf.failApply("a", .ignore, .ignore)
    try await bench.running { engine in
      let plan = try await engine.prepare(
        snapshot("r2", [item("b"), item("c"), item("d")]), for: bench.unit)
      _ = try await flowing(bench.clock) { try await engine.apply(plan, by: "test") }
      await eventually("it is gone") {
        await pass(.seconds(10), on: bench.clock)
        return bench.shelf.paths == ["b", "c", "d"]
      }
      try await eventually("all three are told") {
        let events = try await engine.events(EventQuery(resource: "Item/a"))
        let deletes = events.filter { $0.kind == .delete && $0.result == "done" }
        let again = "deleted, and it is still there, or there again"
        return deletes.map(\.message) == ["deleted", again, again]
      }
    }
  }

  @Test("a failed delete is still owned after a restart, also in a later revision")
  func failedOverRestart() async throws {
    let bench = Bench()
    try await bench.apply("r1", [item("a"), item("b"), item("c")])
    bench.shelf.failApply("a", .fail(.permanent("immutable")))
    try await bench.apply("r2", [item("b"), item("c")])
    #expect(bench.shelf.paths == ["a", "b", "c"])
    let plan = try await bench.plan("r3", [item("b"), item("c", mode: 1)])
    #expect(plan.changes.map(\.action) == [.update, .delete])
    try await bench.apply("r3", [item("b"), item("c", mode: 1)])
    #expect(bench.shelf.paths == ["b", "c"])
  }

  @Test("a box that holds what is not ours stays, orphaned")
  func kept() async throws {
    let bench = Bench()
    try await bench.apply("r1", [box("a"), item("b"), item("c")])
    bench.shelf.put("a/stranger")
    let report = try await bench.apply("r2", [item("b"), item("c")])
    #expect(report.converged)
    #expect(bench.shelf.paths == ["a", "a/stranger", "b", "c"])
    #expect(try await bench.inventory().map(\.key.identity) == ["b", "c"])
    #expect(try await bench.events().contains { $0.message.contains("it is not empty") })
  }

  @Test("an orphaned or protected dependent does not hold what it depends on")
  func released() async throws {
    let bench = Bench()
    try await bench.apply(
      "r1",
      [
        item("a"), item("b", dependsOn: ["Item/a"]) { $0.deletionPolicy = .orphan },
        item("c", dependsOn: ["Item/a"]) { $0.preventDelete = true }, item("d"),
      ])
    let report = try await bench.apply("r2", [item("d")])
    #expect(report.converged)
    #expect(bench.shelf.paths == ["b", "c", "d"])
  }

  @Test("a resource that is declared again while its deletion waits is kept")
  func declaredAgain() async throws {
    let bench = Bench()
    try await bench.apply("r1", [item("a"), item("b")])
    let gate = Gate()
    bench.shelf.failApply("a", .wait(gate))
    try await bench.running { engine in
      let plan = try await engine.prepare(snapshot("r2", [item("b")]), for: bench.unit)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { _ = try await engine.apply(plan, by: "test") }
        await eventually("the delete has begun") { gate.arrivals == 1 }
        group.addTask {
          // Its own look at the item waits for the delete, which the gate holds.
          let again = try await engine.prepare(
            snapshot("r3", [item("a"), item("b")]), for: bench.unit)
          _ = try await flowing(bench.clock) { try await engine.apply(again, by: "test") }
        }
        for _ in 0..<1000 { await Task.yield() }
        gate.open()
        try await group.waitForAll()
      }
      #expect(engine.resources().map(\.name) == ["a", "b"])
      #expect(engine.resources().allSatisfy { $0.condition(.ready)?.status == .yes })
    }
    #expect(bench.shelf.paths == ["a", "b"])
    #expect(try await bench.inventory().count == 2)
  }

  // MARK: The budget

  @Test(
    "T01: an empty revision deletes nothing", arguments: [2, 5, 10, 50])
  func empty(count: Int) async throws {
    let bench = Bench()
    try await bench.apply("r1", (0..<count).map { item("\($0)") })
    bench.shelf.forgetCalls()
    let plan = try await bench.plan("r2", [])
    #expect(plan.refused.map(\.reason) == ["DeletionBudget"])
    #expect(plan.refused.first?.message.contains("all \(count)") == true)
    await #expect(throws: EngineError.self) { try await bench.apply("r2", []) }
    #expect(bench.shelf.writes == [])
    #expect(try await bench.inventory().count { $0.isDeclared } == count)
  }

  @Test("T01b: a brand-new or a foreign resource does not make an empty revision pass")
  func bypass() async throws {
    let bench = Bench()
    try await bench.apply("r1", (0..<50).map { item("\($0)") })
    bench.shelf.put("stranger")
    #expect(try await bench.plan("r2", [item("new")]).refused.count == 1)
    #expect(try await bench.plan("r2", [item("stranger")]).refused.count == 1)
    #expect(try await bench.plan("r2", [item("0")]).refused.count == 1)
  }

  @Test("what is allowed passes: a number, or emptying")
  func allowed() async throws {
    let bench = Bench()
    try await bench.apply("r1", (0..<20).map { item("\($0)") })
    let half = (0..<10).map { item("\($0)") }
    await #expect(throws: EngineError.self) {
      try await bench.apply("r2", half) { $0.policy.allowedDeletions = 9 }
    }
    try await bench.apply("r2", half) { $0.policy.allowedDeletions = 10 }
    #expect(bench.shelf.paths.count == 10)
    try await bench.apply("r3", []) { $0.policy.allowsEmpty = true }
    #expect(bench.shelf.paths == [])
  }

  @Test("a quarter a day: what was deleted within 24 hours counts, by the wall clock")
  func daily() async throws {
    let bench = Bench()
    func declared(_ count: Int) -> [Declaration] { (0..<count).map { item("\($0)") } }
    try await bench.apply("r1", declared(40))
    try await bench.apply("r2", declared(35))
    try await bench.apply("r3", declared(30))
    let refused = try await bench.plan("r4", declared(29))
    #expect(refused.refused.first?.message.contains("within 24 hours") == true)
    bench.wall.advance(by: .seconds(86_401))
    #expect(try await bench.plan("r4", declared(25)).refused.isEmpty)
  }

  @Test("orphans, moves and protected ones are not counted; replacements that lose data are")
  func counted() async throws {
    let bench = Bench()
    try await bench.apply(
      "r1",
      (0..<20).map { number in item("\(number)", color: "red") { $0.deletionPolicy = .orphan } })
    let replaced = (0..<20).map { item("\($0)", color: "blue") }
    #expect(try await bench.plan("r2", replaced).refused.count == 1)
    let report = try await bench.apply("r3", [])
    #expect(report.done.count == 20)
  }

  @Test("with pruning off nothing is deleted, and what is not declared stays ours")
  func noPrune() async throws {
    let bench = Bench()
    try await bench.apply("r1", [item("a"), item("b")])
    let plan = try await bench.plan("r2", [item("c")]) { $0.policy.prunes = false }
    #expect(plan.changes.map(\.action) == [.create])
    try await bench.apply("r2", [item("c")]) { $0.policy.prunes = false }
    #expect(bench.shelf.paths == ["a", "b", "c"])
    #expect(try await bench.inventory().count == 3)
  }
}
