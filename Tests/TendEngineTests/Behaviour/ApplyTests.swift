import Synchronization
import Tend
import TendTesting
import Testing

@testable import TendEngine

@Suite("A plan that is carried out", .oneThread, .timeLimit(.minutes(2)))
struct ApplyTests {
  @Test("what is declared is made in order, and a second plan is empty")
  func create() async throws {
    let bench = Bench()
    let declared = [item("c", dependsOn: ["Item/a/b"]), item("a/b", content: "hello"), box("a")]
    let report = try await bench.apply("r1", declared)
    #expect(report.converged && report.done.count == 3)
    #expect(bench.shelf.writes == ["create a", "create a/b", "create c"])
    #expect(bench.shelf["a/b"]?.content == "hello")
    let second = try await bench.plan("r1", declared)
    #expect(second.isEmpty && second.unchanged == 3 && second.errors.isEmpty)
  }

  @Test("a plan changes nothing: not the world, not the store")
  func planIsPure() async throws {
    let bench = Bench(CountingStore())
    bench.shelf.put("b") { $0.content = "there" }
    let plan = try await bench.plan("r1", [item("a"), item("b"), item("c", mode: 1)])
    #expect(plan.count(.create) == 2 && plan.count(.update) == 1)
    #expect(bench.shelf.writes == [])
    #expect((bench.store as? CountingStore)?.commits == 0)
  }

  @Test(
    "what says when it can be seen is asked again for a plan, if that is soon",
    arguments: [
      // How often it can't be seen, and what it says each time.
      (1, Duration.seconds(1), true), (3, .seconds(5), true), (4, .seconds(5), false),
      (1, .seconds(6), false), (1, nil, false),
    ])
  func notYetSeen(_ times: Int, _ retryAfter: Duration?, _ isSeen: Bool) async throws {
    let bench = Bench()
    for _ in 0..<times {
      bench.shelf.failObserve("a", .fail(.transient("not yet", retryAfter: retryAfter)))
    }
    let plan = try await flowing(bench.clock) {
      try await bench.plan("r1", [item("a"), item("b")])
    }
    #expect(plan.changes.map(\.identity) == (isSeen ? ["a", "b"] : ["b"]))
    #expect(plan.errors.map(\.message) == (isSeen ? [] : ["not yet"]))
  }

  @Test("the same revision against the same world has the same digest, another world another one")
  func digest() async throws {
    let bench = Bench()
    let first = try await bench.plan("r1", [item("a")])
    let second = try await bench.plan("r1", [item("a")])
    #expect(first.digest == second.digest && !first.digest.isEmpty)
    bench.shelf.put("a") { $0.content = "other" }
    #expect(try await bench.plan("r1", [item("a")]).digest != first.digest)
    #expect(try await bench.plan("r2", [item("a")]).digest != first.digest)
  }

  @Test("an update writes only the fields that the plan names")
  func fields() async throws {
    let bench = Bench()
    let ignoring: (inout Lifecycle) -> Void = { $0.ignoreDifferences = ["mode"] }
    try await bench.apply("r1", [item("a", content: "1", mode: 1, ignoring)])
    bench.shelf.put("a") { $0.mode = 99 }
    let plan = try await bench.plan("r2", [item("a", content: "2", mode: 1, ignoring)])
    #expect(plan.changes.first?.differences.map(\.difference.path) == ["content"])
    bench.shelf.forgetCalls()
    try await bench.apply("r2", [item("a", content: "2", mode: 1, ignoring)])
    #expect(bench.shelf.writes == ["update a content"])
    #expect(bench.shelf["a"]?.mode == 99)
    #expect(try await bench.plan("r2", [item("a", content: "2", mode: 1, ignoring)]).isEmpty)
  }

  @Test("T32: a step whose resource moved after the plan is refused, and named")
  func moved() async throws {
    let bench = Bench()
    try await bench.apply("r1", [item("a", content: "1"), item("b")])
    let report = try await bench.running { engine in
      let plan = try await engine.prepare(
        snapshot("r2", [item("a", content: "2"), item("b", mode: 5)]), for: bench.unit)
      bench.shelf.remove("a")
      bench.shelf.forgetCalls()
      return try await flowing(bench.clock) { try await engine.apply(plan, by: "test") }
    }
    #expect(report.problems.map(\.code) == ["Moved"])
    #expect(
      report.problems.first?.message.contains("would update it, and now it would create") == true)
    #expect(bench.shelf.writes == ["update b mode"], "the others go on")
  }

  @Test("T32: what is there already when its turn comes is fine")
  func movedToDesired() async throws {
    let bench = Bench()
    let report = try await bench.running { engine in
      let plan = try await engine.prepare(snapshot("r1", [item("a")]), for: bench.unit)
      bench.shelf.put("a") { $0.content = "x" }
      return try await flowing(bench.clock) { try await engine.apply(plan, by: "test") }
    }
    #expect(report.converged)
    #expect(bench.shelf.writes == [])
  }

  @Test("a transient failure is tried three times, and the rest of a begun step is done")
  func retries() async throws {
    let bench = Bench()
    bench.shelf.failApply("a", .fail(.transient("busy")), .loseReply)
    bench.shelf.failApply(
      "b", .fail(.transient("one")), .fail(.transient("two")), .fail(.transient("three")),
      .fail(.transient("four")))
    let report = try await bench.apply("r1", [item("a"), item("b"), item("c")])
    #expect(report.done.map(\.identity).sorted() == ["a", "c"])
    #expect(report.problems.map(\.message) == ["three"])
    #expect(bench.shelf.writes.count { $0 == "create a" } == 2, "a lost reply makes no second one")
    #expect(bench.shelf.writes.count { $0 == "create b" } == 3)
  }

  @Test("a create that was half done is finished by the retry")
  func halfDone() async throws {
    let bench = Bench()
    let shelf = bench.shelf
    shelf.failApply("a", .half { $0.content = "x" })
    let report = try await bench.apply("r1", [item("a", content: "x", mode: 1)])
    #expect(report.converged)
    #expect(shelf.writes == ["create a", "update a mode"])
  }

  @Test("a failed resource holds back only what depends on it")
  func dependents() async throws {
    let bench = Bench()
    bench.shelf.failApply("a", .fail(.permanent("no room", remedy: "make some")))
    let report = try await bench.apply(
      "r1",
      [item("a"), item("b", dependsOn: ["Item/a"]), item("c", dependsOn: ["Item/b"]), item("d")])
    #expect(report.done.map(\.identity) == ["d"])
    let problems = Dictionary(
      uniqueKeysWithValues: report.problems.map { ($0.reference.name, $0) })
    #expect(problems["a"]?.code == "Failed" && problems["a"]?.message == "no room; make some")
    #expect(problems["b"]?.code == "Waiting" && problems["b"]?.message == "waits for Item/a")
    #expect(problems["c"]?.message == "waits for Item/b")
  }

  @Test("T34: a stale read after the write is tried again, without a second create")
  func staleRead() async throws {
    let bench = Bench()
    let shelf = bench.shelf
    shelf.failApply("a", .first { shelf.failObserve("a", .fail(.transient("not there yet"))) })
    let report = try await bench.apply("r1", [item("a")])
    #expect(report.converged)
    #expect(shelf.writes == ["create a"])
  }

  @Test("T39: what reads back different is reported, and not written again and again")
  func readBack() async throws {
    let bench = Bench()
    bench.shelf.normalise { thing in
      var thing = thing
      thing.content += "!"
      return thing
    }
    try await bench.running { engine in
      let plan = try await engine.prepare(snapshot("r1", [item("a"), item("b")]), for: bench.unit)
      let report = try await flowing(bench.clock) { try await engine.apply(plan, by: "test") }
      #expect(report.problems.map(\.code) == ["ReadsBackDifferent", "ReadsBackDifferent"])
      let status = engine.resources(Selection(resource: "Item/a")).first
      #expect(status?.condition(.stalled)?.reason == "ReadsBackDifferent")
      await pass(.seconds(3600), on: bench.clock)
    }
    #expect(bench.shelf.calls.count { $0 == .observe("a") } > 10, "it is still looked at")
    #expect(
      bench.shelf.writes.sorted()
        == ["create a", "create b", "update a content", "update b content"], "twice tells")
  }

  @Test("a resource that needs time is looked at again, and only then is it done")
  func underway() async throws {
    let bench = Bench()
    let shelf = bench.shelf
    shelf.failApply("a", .underway(.seconds(20)))
    let report = try await bench.apply("r1", [item("a"), item("b", dependsOn: ["Item/a"])])
    #expect(report.converged)
    #expect(report.duration >= .seconds(20))
    #expect(shelf.writes == ["create a", "create b"])
  }

  @Test("what can't be seen before its dependency is there is unknown, and is made in its turn")
  func unknown() async throws {
    let bench = Bench()
    bench.shelf.failObserve("b", .fail(.transient("the box is not there")))
    let report = try await bench.running { engine in
      let plan = try await engine.prepare(
        snapshot("r1", [item("a"), item("b", dependsOn: ["Item/a"])]), for: bench.unit)
      #expect(plan.plan.changes.map(\.action) == [.create, .unknown])
      #expect(plan.plan.errors.isEmpty)
      return try await flowing(bench.clock) { try await engine.apply(plan, by: "test") }
    }
    #expect(report.converged)
    #expect(report.done.map(\.action) == [.create, .create], "what was done, not what was unknown")
    #expect(try await bench.inventory().map(\.isAdopted) == [false, false])
  }

  @Test("a replacement that the plan could not see stops there")
  func unknownReplacement() async throws {
    let bench = Bench()
    bench.shelf.put("b") { $0.color = "red" }
    bench.shelf.failObserve("b", .fail(.transient("the box is not there")))
    let report = try await bench.running { engine in
      let plan = try await engine.prepare(
        snapshot("r1", [item("a"), item("b", color: "blue", dependsOn: ["Item/a"])]),
        for: bench.unit)
      return try await flowing(bench.clock) { try await engine.apply(plan, by: "test") }
    }
    #expect(report.problems.map(\.code) == ["NotPlanned"])
    #expect(bench.shelf["b"]?.color == "red")
  }

  @Test("any other failed observation is an error beside the rest of the plan")
  func observationFails() async throws {
    let bench = Bench()
    bench.shelf.failObserve("b", .fail(.notPermitted("may not look", field: "path")))
    let plan = try await bench.plan("r1", [item("a"), item("b")])
    #expect(plan.changes.map(\.identity) == ["a"])
    #expect(plan.errors.map(\.code) == ["notPermitted"])
  }

  @Test("a refused plan is not carried out, and leaves nothing behind")
  func leftOvers() async throws {
    let bench = Bench()
    try await bench.running { engine in
      for round in 0..<20 {
        let declared = (0..<50).map { item("r\(round)-\($0)") }
        _ = try await engine.prepare(snapshot("r\(round)", declared), for: bench.unit)
      }
      await eventually("all slots are free again") {
        engine.core.world.withLock { world in
          world.entries.allSatisfy { $0.allSatisfy { $0.phase == .free } }
        }
      }
      let slots = engine.core.world.withLock { $0.entries[0].count }
      #expect(slots < 1000, "slots are used again: \(slots)")
      #expect(engine.resources().isEmpty)
    }
  }

  @Test("two plans at once both get their answers")
  func twoPlans() async throws {
    let bench = Bench()
    try await bench.running { engine in
      let declared = (0..<200).map { item("\($0)") }
      try await withThrowingTaskGroup(of: Plan.self) { group in
        for _ in 0..<4 {
          group.addTask {
            try await engine.prepare(snapshot("r1", declared), for: bench.unit).plan
          }
        }
        for try await plan in group { #expect(plan.count(.create) == 200) }
      }
    }
    #expect(bench.shelf.overlaps == 0)
  }

  @Test("progress names each change when it begins and when it ends")
  func progress() async throws {
    let bench = Bench()
    let news = Mutex<[String]>([])
    try await bench.running { engine in
      let plan = try await engine.prepare(
        snapshot("r1", [item("a"), item("b", dependsOn: ["Item/a"])]), for: bench.unit)
      _ = try await engine.apply(plan, by: "test") { progress in
        news.withLock { news in
          switch progress {
          case .started(let change): news.append("+\(change.identity)")
          case .finished(let change, _): news.append("=\(change.identity)")
          case .waiting(let change, _): news.append("~\(change.identity)")
          case .failed(let change, _): news.append("!\(change.identity)")
          }
        }
      }
    }
    #expect(news.withLock { $0 } == ["+a", "=a", "+b", "=b"])
  }
}
