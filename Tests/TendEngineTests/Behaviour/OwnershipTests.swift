import Tend
import Testing

@testable import TendEngine

@Suite("Identity, names and ownership", .oneThread, .timeLimit(.minutes(2)))
struct OwnershipTests {
  @Test("same identity, new name: a rename, nothing is written")
  func rename() async throws {
    let bench = Bench()
    try await bench.apply("r1", [item("a", name: "old")])
    bench.shelf.forgetCalls()
    let plan = try await bench.plan("r2", [item("a", name: "new")])
    #expect(plan.isEmpty)
    try await bench.apply("r2", [item("a", name: "new")])
    #expect(bench.shelf.writes == [])
    #expect(try await bench.inventory().map(\.reference.name) == ["new"])
    #expect(try await bench.events().contains { $0.kind == .move && $0.resource == "Item/new" })
    #expect(try await bench.plan("r3", []).changes.map(\.action) == [.delete], "it is still ours")
  }

  @Test("same name, new identity: the new is made and verified, then the old is deleted")
  func newIdentity() async throws {
    let bench = Bench()
    try await bench.apply("r1", [item("a", name: "x"), item("other")])
    bench.shelf.forgetCalls()
    let report = try await bench.apply("r2", [item("b", name: "x"), item("other")])
    #expect(report.converged)
    let order = bench.shelf.calls.map(\.description)
    let verified = order.lastIndex(of: "observe b")
    let deleted = order.firstIndex(of: "delete a")
    #expect(bench.shelf.writes == ["create b", "delete a"])
    #expect(verified.map { $0 < deleted ?? 0 } == true)
    #expect(try await bench.inventory().map(\.key.identity) == ["b", "other"])
  }

  @Test("same identity, other kind: a replacement")
  func otherKind() async throws {
    let bench = Bench()
    try await bench.apply("r1", [item("a")])
    bench.shelf.forgetCalls()
    let report = try await bench.apply("r2", [box("a")])
    #expect(report.converged)
    #expect(bench.shelf.writes == ["replace a"])
    #expect(bench.shelf["a"]?.kind == "Box")
  }

  @Test("T06: two units that claim one identity are refused with both places")
  func twoUnits() async throws {
    let bench = Bench()
    try await bench.apply("r1", [item("a", line: 3)])
    let error = await #expect(throws: EngineError.self) {
      try await bench.apply("r1", [item("a", name: "mine", line: 7)]) { $0 = Unit("second") }
    }
    #expect(error?.code == .invalid)
    let text = error?.diagnostics.description ?? ""
    #expect(text.contains("shelf.yaml:7:1") && text.contains("shelf.yaml:3:1"))
    #expect(text.contains("unit main"))
  }

  @Test("adopting what differs is an update that says so; withdrawn, it is given back")
  func adopt() async throws {
    let bench = Bench()
    bench.shelf.put("a") { $0.content = "theirs" }
    bench.shelf.put("b") { $0.content = "x" }
    let plan = try await bench.plan("r1", [item("a"), item("b")])
    #expect(plan.changes.map(\.adopts) == [true] && plan.unchanged == 1)
    try await bench.apply("r1", [item("a"), item("b")])
    #expect(bench.shelf.writes == ["update a content"])
    #expect(try await bench.inventory().map(\.isAdopted) == [true, true])
    #expect(try await bench.events().count { $0.kind == .adopt } == 2)
    let report = try await bench.apply("r2", [])
    #expect(report.done.map(\.action) == [.orphan, .orphan])
    #expect(bench.shelf.paths == ["a", "b"], "nothing that was there before us is deleted")
    #expect(try await bench.inventory().isEmpty)
  }

  @Test("an adopted resource is deleted where its declaration said so in so many words")
  func adoptAndDelete() async throws {
    let bench = Bench()
    bench.shelf.put("a") { $0.content = "theirs" }
    try await bench.apply("r1", [item("a") { $0.deletionPolicy = .delete }])
    try await bench.apply("r2", [])
    #expect(bench.shelf.paths == [])
  }

  @Test("what could not be seen when it was accepted is not taken for ours")
  func unseen() async throws {
    let bench = Bench()
    bench.shelf.put("a") { $0.content = "theirs" }
    bench.shelf.failObserve("a", .fail(.transient("1")), .fail(.transient("2")))
    let report = try await bench.apply("r1", [item("a"), item("b")])
    #expect(report.problems.map(\.reference.name) == ["a"], "the plan did not show it")
    #expect(try await bench.inventory().map(\.key.identity) == ["b"])
    try await bench.apply("r1", [item("a"), item("b")])
    #expect(try await bench.inventory().map(\.isAdopted) == [true, false])
    try await bench.apply("r2", [item("b")])
    #expect(bench.shelf.paths == ["a", "b"])
  }

  @Test("what never could be seen, and is withdrawn again, is left alone and forgotten")
  func neverSeen() async throws {
    let bench = Bench()
    bench.shelf.put("a") { $0.content = "theirs" }
    for _ in 0..<50 { bench.shelf.failObserve("a", .fail(.transient("no way"))) }
    try await bench.apply("r1", [item("a"), item("b")])
    try await bench.running { engine in
      _ = try await flowing(bench.clock) {
        try await engine.apply(
          engine.prepare(snapshot("r1", [item("a"), item("b")]), for: bench.unit), by: "test")
      }
      let plan = try await engine.prepare(snapshot("r2", [item("b")]), for: bench.unit)
      #expect(plan.plan.isEmpty && plan.plan.errors.isEmpty)
      let report = try await flowing(bench.clock) { try await engine.apply(plan, by: "test") }
      #expect(report.converged)
      await eventually("it is forgotten") { engine.resources().map(\.name) == ["b"] }
    }
    #expect(try await bench.inventory().map(\.key.identity) == ["b"])
    #expect(bench.shelf["a"]?.content == "theirs")
  }

  @Test("deletionPolicy: orphan leaves it, with an event")
  func orphan() async throws {
    let bench = Bench()
    try await bench.apply("r1", [item("a") { $0.deletionPolicy = .orphan }])
    let report = try await bench.apply("r2", [])
    #expect(report.done.map(\.note) == ["deletionPolicy: orphan"])
    #expect(bench.shelf.paths == ["a"])
    #expect(try await bench.events().contains { $0.kind == .orphan && $0.resource == "Item/a" })
  }

  @Test("preventDelete outlives the declaration, also over a restart")
  func prevented() async throws {
    let bench = Bench()
    try await bench.apply("r1", [item("a") { $0.preventDelete = true }, item("b")])
    for revision in ["r2", "r3"] {
      let report = try await bench.apply(revision, [item("b")])
      #expect(report.converged)
    }
    #expect(bench.shelf.paths == ["a", "b"])
    let record = try await bench.inventory().first
    #expect(record?.isDeclared == false && record?.lifecycle.preventDelete == true)
    try await bench.running { engine in
      _ = try await engine.apply(
        engine.prepare(snapshot("r3", [item("b")]), for: bench.unit), by: "test")
      let status = engine.resources(Selection(resource: "Item/a")).first
      #expect(status?.condition(.inSync)?.reason == "Protected")
    }
  }

  @Test("a protected resource that would have to be replaced is an error of the plan")
  func preventReplace() async throws {
    let bench = Bench()
    try await bench.apply("r1", [item("a", color: "red") { $0.preventDelete = true }])
    let plan = try await bench.plan("r2", [item("a", color: "blue") { $0.preventDelete = true }])
    #expect(plan.errors.map(\.code) == ["PreventDelete"])
    let report = try await bench.apply(
      "r2", [item("a", color: "blue") { $0.preventDelete = true }])
    #expect(report.problems.map(\.code) == ["PreventDelete"])
    #expect(bench.shelf["a"]?.color == "red")
  }

  @Test("forget ends ownership, touches nothing, and works over a restart")
  func forget() async throws {
    let bench = Bench()
    try await bench.apply("r1", [item("a"), item("b")])
    bench.shelf.forgetCalls()
    try await bench.running { engine in
      let status = try await engine.forget(Selection(resource: "Item/a"))
      #expect(status.identity == "a")
      #expect(engine.resources().map(\.name) == ["b"])
      await #expect(throws: EngineError.self) {
        try await engine.forget(Selection(resource: "Item/a"))
      }
    }
    #expect(bench.shelf.calls == [])
    #expect(try await bench.events().contains { $0.kind == .forget })
    try await bench.apply("r2", [item("b")])
    #expect(bench.shelf.paths == ["a", "b"])
  }

  @Test("memory that can't be read is Stalled, never absent; forget starts anew")
  func unreadable() async throws {
    let bench = Bench()
    try await bench.apply("r1", [item("a"), item("b")])
    var record = try #require(try await bench.inventory().first)
    record.memory = .string("nonsense")
    try await bench.store.commit([.putInventory(record)])
    bench.shelf.forgetCalls()
    try await bench.running { engine in
      let plan = try await engine.prepare(
        snapshot("r2", [item("a", mode: 1), item("b")]), for: bench.unit)
      #expect(plan.plan.errors.map(\.code) == ["Unreadable"])
      _ = try await flowing(bench.clock) { try await engine.apply(plan, by: "test") }
      let status = engine.resources(Selection(resource: "Item/a")).first
      #expect(status?.condition(.stalled)?.status == .yes)
      #expect(engine.units().first?.stalled == 1)
    }
    #expect(!bench.shelf.calls.contains { $0.path == "a" }, "it is neither observed nor changed")
    let kept = try await bench.inventory().first { $0.key.identity == "a" }
    #expect(kept?.memory == .string("nonsense"), "and what was kept is kept")
    try await bench.running { engine in
      _ = try await engine.forget(Selection(resource: "Item/a"))
    }
    let report = try await bench.apply("r3", [item("a", mode: 1), item("b")])
    #expect(report.converged)
    #expect(bench.shelf["a"]?.mode == 1)
  }

  @Test("T35: a thing that was removed and made anew between two looks is noticed by its memory")
  func madeAnew() async throws {
    let bench = Bench()
    try await bench.apply("r1", [item("a")])
    let before = try await bench.inventory().first?.memory
    bench.shelf.remove("a")
    bench.shelf.put("a") { $0.content = "x" }
    try await bench.apply("r2", [item("a")])
    #expect(try await bench.inventory().first?.memory != before)
  }
}
