import Synchronization
import Tend
import TendTesting
import Testing

@testable import TendEngine

@Suite("Keeping resources as declared", .oneThread, .timeLimit(.minutes(2)))
struct ReconcileTests {
  /// Applies, then keeps the engine running for the body.
  private func kept(
    _ bench: Bench, _ declared: [Declaration],
    _ body: @Sendable (Engine) async throws -> Void
  ) async throws {
    try await bench.running { engine in
      let plan = try await engine.prepare(snapshot("r1", declared), for: bench.unit)
      _ = try await flowing(bench.clock) { try await engine.apply(plan, by: "test") }
      bench.shelf.forgetCalls()
      try await body(engine)
    }
  }

  private func status(_ engine: Engine, _ name: String) -> ResourceStatus? {
    engine.resources(Selection(resource: "Item/\(name)")).first
  }

  private func reason(_ engine: Engine, _ name: String, _ type: Condition.Kind) -> String? {
    status(engine, name)?.condition(type)?.reason
  }

  @Test("drift is repaired by the resync, with its cause, its fields and its duration")
  func drift() async throws {
    let bench = Bench()
    try await kept(bench, [item("a", content: "x", mode: 1), item("b")]) { engine in
      bench.shelf.put("a") { $0.mode = 9 }
      let time = await eventually("it is repaired", on: bench.clock) { bench.shelf["a"]?.mode == 1 }
      #expect(time >= .seconds(260))
      try await eventually("it is told") {
        try await engine.events(EventQuery(resource: "Item/a")).first?.kind == .update
      }
      #expect(bench.shelf.writes == ["update a mode"])
      let event = try await engine.events(EventQuery(resource: "Item/a")).first
      #expect(event?.kind == .update && event?.cause == .drift && event?.fields == ["mode"])
      #expect(event?.result == "done" && event?.duration != nil && event?.revision == "r1")
      #expect(reason(engine, "a", .inSync) == "AsDeclared")
    }
  }

  @Test("what reports drift is repaired without waiting for the resync")
  func reported() async throws {
    let bell = DriftBell()
    let bench = Bench { $0.bell = bell }
    try await kept(bench, [item("a"), item("b")]) { _ in
      await eventually("it is watched") { bell.isWatching }
      bench.shelf.remove("a")
      bell.ring("a")
      await eventually("it is repaired") { bench.shelf.paths == ["a", "b"] }
      #expect(!bench.shelf.calls.contains(.observe("b")), "the others are left alone")
      bench.shelf.put("b") { $0.content = "other" }
      bell.loseTrack()
      await eventually("all are looked at") { bench.shelf["b"]?.content == "x" }
      bell.ring("unknown")
    }
    try await bench.apply("r2", [item("a")])
    #expect(bell.forgotten == ["b"])
  }

  @Test("T38: who fights is contested, slowed down, said with evidence, and forgiven when quiet")
  func contested() async throws {
    let bell = DriftBell()
    let bench = Bench { $0.bell = bell }
    try await kept(bench, [item("a", mode: 1), item("b")]) { engine in
      await eventually("it is watched") { bell.isWatching }
      for _ in 0..<600 {
        bench.shelf.put("a") { $0.mode = 9 }
        bell.ring("a")
        await pass(.milliseconds(100), on: bench.clock)
      }
      let writes = bench.shelf.writes.count
      #expect(writes >= 5 && writes <= 8, "\(writes) writes in a minute of 600 disturbances")
      #expect(reason(engine, "a", .inSync) == "Contested")
      let message = status(engine, "a")?.condition(.inSync)?.message ?? ""
      #expect(message.contains("mode was changed back") && message.contains("ignoreDifferences"))
      let events = try await engine.events(EventQuery(resource: "Item/a"))
      #expect(events.count { $0.message.hasPrefix("Contested") } == 1, "it is said once")
      #expect(reason(engine, "b", .inSync) == "AsDeclared")
      await pass(.seconds(3600), on: bench.clock)
      await eventually("it is normal again") { reason(engine, "a", .ready) == "Ready" }
      bench.shelf.forgetCalls()
      bench.shelf.put("a") { $0.mode = 9 }
      bell.ring("a")
      await eventually("and repaired at once") { bench.shelf["a"]?.mode == 1 }
    }
  }

  @Test("T38: who writes back before a repair is confirmed is contested too, and it is said")
  func contestedAtOnce() async throws {
    let bell = DriftBell()
    let bench = Bench { $0.bell = bell }
    try await kept(bench, [item("a", mode: 1)]) { engine in
      await eventually("it is watched") { bell.isWatching }
      for round in 1...5 {
        if round == 5 {
          bench.shelf.normalise { thing in
            var thing = thing
            thing.mode = 9
            return thing
          }
        }
        bench.shelf.put("a") { $0.mode = 9 }
        bell.ring("a")
        await eventually("it is written") { bench.shelf.writes.count == round }
      }
      await eventually("it is seen") { reason(engine, "a", .inSync) == "Contested" }
      let events = try await engine.events(EventQuery(resource: "Item/a"))
      #expect(events.count { $0.message.hasPrefix("Contested") } == 1, "it is said once")
      await pass(.seconds(600), on: bench.clock)
      #expect(bench.shelf.writes.count > 6, "and goes on, slowly")
      bench.shelf.normalise { $0 }
      await eventually("it gives up", on: bench.clock) { bench.shelf["a"]?.mode == 1 }
      await pass(.seconds(3600), on: bench.clock)
      await eventually("it is normal again") { reason(engine, "a", .ready) == "Ready" }
    }
  }

  @Test("where contests are not detected every drift is repaired")
  func uncontested() async throws {
    let bell = DriftBell()
    let bench = Bench {
      $0.bell = bell
      $0.unit.policy.detectsContest = false
    }
    try await kept(bench, [item("a", mode: 1)]) { _ in
      await eventually("it is watched") { bell.isWatching }
      for _ in 0..<50 {
        bench.shelf.put("a") { $0.mode = 9 }
        bell.ring("a")
        await eventually("it is repaired") {
          await pass(.milliseconds(100), on: bench.clock)
          return bench.shelf["a"]?.mode == 1
        }
      }
    }
    #expect(bench.shelf.writes.count >= 50)
  }

  @Test("who changes it between our write and our look is somebody else, not the provider")
  func quicker() async throws {
    let bench = Bench()
    try await kept(bench, [item("a", mode: 1)]) { engine in
      let shelf = bench.shelf
      shelf.failObserve("a", .first {}, .first { shelf.put("a") { $0.mode = 9 } })
      shelf.put("a") { $0.mode = 9 }
      try engine.reconcile()
      await eventually("it is repaired", on: bench.clock) {
        shelf.writes.count == 2 && reason(engine, "a", .ready) == "Ready"
      }
      #expect(shelf["a"]?.mode == 1)
      #expect(shelf.writes.count == 2)
    }
  }

  @Test("suspended: neither observed nor changed")
  func suspended() async throws {
    let bench = Bench()
    bench.shelf.put("a") { $0.content = "theirs" }
    try await kept(bench, [item("a") { $0.suspend = true }, item("b", dependsOn: ["Item/a"])]) {
      engine in
      #expect(reason(engine, "a", .ready) == "Suspended")
      #expect(bench.shelf.paths == ["a", "b"], "what depends on it goes on")
      try engine.reconcile()
      await pass(.seconds(1000), on: bench.clock)
      #expect(!bench.shelf.calls.contains { $0.path == "a" })
    }
    try await bench.apply("r2", [item("a"), item("b")])
    #expect(bench.shelf["a"]?.content == "x", "resumed")
  }

  @Test("mode observe: drift is said once and nothing is changed")
  func observed() async throws {
    let bench = Bench()
    bench.shelf.put("a") { $0.content = "theirs" }
    try await kept(bench, [item("a") { $0.mode = .observe }, item("b")]) { engine in
      await pass(.seconds(2000), on: bench.clock)
      #expect(reason(engine, "a", .inSync) == "Drift")
      #expect(status(engine, "a")?.differences.map(\.difference.path) == ["content"])
      let events = try await engine.events(EventQuery(resource: "Item/a"))
      #expect(events.count { $0.kind == .drift } == 1)
      bench.shelf.put("a") { $0.content = "x" }
      await eventually("it is seen", on: bench.clock) {
        reason(engine, "a", .inSync) == "AsDeclared"
      }
    }
    #expect(bench.shelf.writes == [])
  }

  @Test("the interval of a resource is its own")
  func interval() async throws {
    let bench = Bench()
    try await kept(bench, [item("a") { $0.interval = .seconds(10) }, item("b")]) { _ in
      await pass(.seconds(200), on: bench.clock)
      let looks = bench.shelf.calls.count { $0 == .observe("a") }
      #expect((17...23).contains(looks), "\(looks) looks in 200 seconds at 10 seconds each")
      #expect(bench.shelf.calls.count { $0 == .observe("b") } == 0)
    }
  }

  @Test("the resync of many is spread, so that what began together does not stay together")
  func spread() async throws {
    let bench = Bench()
    try await kept(bench, (0..<4096).map { item("\($0)") }) { engine in
      let due = Set(engine.resources().compactMap(\.nextReconcile))
      #expect(due.count > Cadence.moments / 2)
      #expect(due.allSatisfy { $0 >= .seconds(269) && $0 <= .seconds(331) })
    }
  }

  @Test("T45: a wall clock that jumps does not touch intervals, and no age is negative")
  func clockJumps() async throws {
    let bench = Bench()
    try await kept(bench, [item("a") { $0.interval = .seconds(10) }]) { engine in
      for jump in [-3600, 86_400, -1_790_000_000] {
        bench.wall.advance(by: .seconds(jump))
        bench.shelf.forgetCalls()
        await pass(.seconds(100), on: bench.clock)
        let looks = bench.shelf.calls.count { $0 == .observe("a") }
        #expect((8...12).contains(looks), "after a jump by \(jump)")
      }
      #expect(engine.resources().allSatisfy { ($0.nextReconcile ?? .zero) >= .zero })
    }
  }

  @Test("a call that hangs is cancelled at its timeout, and the others go on")
  func timeout() async throws {
    let bench = Bench { $0.limit = 2 }
    bench.shelf.failApply("a", .hang, .hang)
    let report = try await bench.apply(
      "r1", [item("a") { $0.timeout = .seconds(5) }] + (0..<20).map { item("\($0)") })
    #expect(report.converged)
    #expect(report.duration >= .seconds(10) && report.duration < .seconds(30))
    let event = try await bench.events(EventQuery(resource: "Item/a")).first { $0.result != "done" }
    #expect(event?.message.contains("did not finish within 5s") == true)
  }

  @Test("an observation that hangs in the resync is cancelled, said, and tried again")
  func hangingObservation() async throws {
    let bench = Bench()
    try await kept(bench, [item("a"), item("b")]) { engine in
      bench.shelf.failObserve("a", .hang, .hang)
      bench.shelf.put("b") { $0.content = "other" }
      await eventually("it is given up", on: bench.clock) {
        reason(engine, "a", .ready) == "Retrying"
      }
      #expect(status(engine, "a")?.condition(.ready)?.message.contains("within 30s") == true)
      await eventually("the other is repaired", on: bench.clock) {
        bench.shelf["b"]?.content == "x"
      }
      await eventually("it is fine", on: bench.clock) { reason(engine, "a", .ready) == "Ready" }
    }
  }

  @Test("a provider that gives up by itself is retried with backoff, not at once for ever")
  func spuriousCancel() async throws {
    let bench = Bench()
    try await kept(bench, [item("a")]) { engine in
      for _ in 0..<5 { bench.shelf.failObserve("a", .fail(.cancelled)) }
      try engine.reconcile()
      await eventually("it has failed") { reason(engine, "a", .ready) == "Retrying" }
      #expect(bench.shelf.calls.count < 5)
      await eventually("it is fine", on: bench.clock) { reason(engine, "a", .ready) == "Ready" }
    }
  }

  @Test("T40: the backoff grows, and is forgotten with the first success")
  func backoff() async throws {
    let bench = Bench()
    try await kept(bench, [item("a") { $0.interval = .seconds(600) }]) { engine in
      for _ in 0..<6 { bench.shelf.failObserve("a", .fail(.transient("no"))) }
      try engine.reconcile()
      await eventually("it has failed") { status(engine, "a")?.failures == 1 }
      let slow = await eventually("it is fine", on: bench.clock) {
        reason(engine, "a", .ready) == "Ready"
      }
      #expect(slow >= .seconds(1 + 2 + 4 + 8 + 16 + 32))
      bench.shelf.failObserve("a", .fail(.transient("again")))
      try engine.reconcile()
      await eventually("it has failed once") { status(engine, "a")?.failures == 1 }
      let fast = await eventually("it is fine again", on: bench.clock) {
        status(engine, "a")?.failures == 0
      }
      #expect(fast < .seconds(32), "the first retry is fast again")
    }
  }

  @Test("a retry waits at least as long as the other side asked for")
  func retryAfter() async throws {
    let bench = Bench()
    bench.shelf.failApply("a", .fail(.transient("busy", retryAfter: .seconds(100))))
    let report = try await bench.apply("r1", [item("a")])
    #expect(report.converged && report.duration >= .seconds(100))
  }

  @Test("a conflict is looked at again at once, a few times")
  func conflict() async throws {
    let bench = Bench()
    bench.shelf.failApply("a", .fail(.conflict("it moved")), .fail(.conflict("it moved")))
    let report = try await bench.apply("r1", [item("a")])
    #expect(report.converged && report.duration < .seconds(1))
    #expect(bench.shelf.writes.count == 3)
  }

  @Test("a repair waits only while its dependency does not exist")
  func repairWaits() async throws {
    let bench = Bench()
    try await kept(bench, [item("a"), item("b", dependsOn: ["Item/a"])]) { engine in
      bench.shelf.remove("a")
      bench.shelf.remove("b")
      for _ in 0..<3 { bench.shelf.failApply("a", .fail(.transient("no room"))) }
      try engine.reconcile(Selection(resource: "Item/a"))
      await eventually("a has failed") { status(engine, "a")?.failures == 1 }
      try engine.reconcile(Selection(resource: "Item/b"))
      await eventually("b waits") { status(engine, "b")?.waitsFor == ["Item/a"] }
      #expect(!bench.shelf.writes.contains("create b"))
      await eventually("both are there", on: bench.clock) { bench.shelf.paths == ["a", "b"] }
    }
    let bad = Bench()
    try await kept(bad, [item("a"), item("b", dependsOn: ["Item/a"])]) { engine in
      bad.shelf.put("a") { $0.content = "other" }
      bad.shelf.remove("b")
      bad.shelf.failApply("a", .fail(.permanent("stuck")))
      try engine.reconcile()
      await eventually("b is repaired though a is stuck") { bad.shelf.paths == ["a", "b"] }
    }
  }

  @Test("diff shows what differs now, and changes nothing")
  func diff() async throws {
    let bench = Bench()
    try await kept(bench, [item("a", mode: 1), item("b"), item("c")]) { engine in
      bench.shelf.put("a") { $0.mode = 9 }
      bench.shelf.remove("b")
      bench.shelf.failObserve("c", .fail(.transient("no")))
      let plans = try await engine.diff()
      #expect(plans.count == 1)
      #expect(plans.first?.changes.map(\.action) == [.update, .create])
      #expect(plans.first?.changes.allSatisfy { $0.cause == .drift } == true)
      #expect(plans.first?.errors.map(\.reference.name) == ["c"])
      let one = try await engine.diff(Selection(resource: "Item/c"))
      #expect(one.first?.isEmpty == true && one.first?.unchanged == 1)
      #expect(bench.shelf.writes == [])
    }
  }

  @Test("conditions of a resource that waits, of one that fails, and of their unit")
  func conditions() async throws {
    let bench = Bench()
    bench.shelf.failApply("a", .fail(.permanent("no room")))
    try await kept(bench, [item("a"), item("b", dependsOn: ["Item/a"]), item("c")]) { engine in
      #expect(reason(engine, "a", .stalled) == "Failed")
      #expect(status(engine, "a")?.condition(.ready)?.status == .no)
      #expect(status(engine, "a")?.condition(.ready)?.lastTransitionTime != nil)
      #expect(reason(engine, "b", .ready) == "Waiting")
      #expect(status(engine, "b")?.waitsFor == ["Item/a"])
      #expect(status(engine, "b")?.condition(.reconciling)?.status == .yes)
      #expect(status(engine, "c")?.condition(.ready)?.status == .yes)
      let unit = try #require(engine.units().first)
      #expect(unit.resources == 3 && unit.ready == 1 && unit.stalled == 1)
      #expect(unit.condition(.ready)?.status == .no)
      #expect(unit.condition(.stalled)?.reason == "ResourcesStalled")
    }
  }

  @Test("graceful end: what runs is finished, nothing new is begun, the next start goes on")
  func drain() async throws {
    let bench = Bench { $0.limit = 1 }
    let gate = Gate()
    bench.shelf.failApply("a", .wait(gate))
    let feed = Feed(snapshot("r1", [item("a"), item("b", dependsOn: ["Item/a"])]))
    let engine = try bench.engine()
    try engine.follow(feed, as: bench.unit)
    let ended = Mutex(false)
    try await engine.running { engine in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await engine.followAll() }
        await eventually("a is being made") { gate.arrivals == 1 }
        group.cancelAll()
        try await group.waitForAll()
      }
      gate.open()
      ended.withLock { $0 = true }
    }
    #expect(bench.shelf["a"] != nil)
    try await bench.running { _ in }
    let again = try bench.engine()
    try again.follow(feed, as: bench.unit)
    let report = try await again.running { try await $0.converge(unit: "main") }
    #expect(report.converged)
    #expect(bench.shelf.writes.count { $0 == "create a" } == 1)
    #expect(bench.shelf.paths == ["a", "b"])
  }

  @Test("the engine ends with its body: it waits for no time to pass, and leaves no sleeper")
  func prompt() async throws {
    let bench = Bench()
    for _ in 0..<20 { try await bench.running { _ in } }
    #expect(bench.clock.now.offset == .zero && bench.clock.sleeperCount == 0)
  }

  @Test("what the body throws comes out, after the drain")
  func bodyThrows() async throws {
    struct Mistake: Error {}
    let bench = Bench()
    await #expect(throws: Mistake.self) { try await bench.running { _ in throw Mistake() } }
    #expect(bench.clock.sleeperCount == 0)
  }
}
