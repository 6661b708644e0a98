import Synchronization
import Tend
import TendTesting
import Testing

@testable import TendEngine

@Suite("Three unlike worlds", .oneThread, .timeLimit(.minutes(2)))
struct WorldsTests {
  // MARK: Alive and local

  @Test("a counter that keeps running is adopted after a restart, and not started twice")
  func alive() async throws {
    let counters = Counters()
    let bench = Bench { $0.others = [CounterProvider(counters: counters)] }
    try await counting(bench, counters, "r1", [counter("a"), counter("b", step: 2)])
    let pids = counters.runs.keys.sorted()
    counters.tick()
    try await counting(bench, counters, "r1", [counter("a"), counter("b", step: 2)])
    #expect(counters.runs.keys.sorted() == pids && counters.starts == 2 && counters.stops == 0)
    try await counting(bench, counters, "r2", [counter("a"), counter("b", step: 3)])
    #expect(counters.starts == 3 && counters.stops == 1)
    #expect(counters.runs.values.map(\.step).sorted() == [1, 3])
    try await counting(bench, counters, "r3", [counter("b", step: 3)])
    #expect(counters.runs.values.map(\.name) == ["b"])
  }

  @Test("it restarts when what it watches has another version, and the plan shows it")
  func watched() async throws {
    let counters = Counters()
    let bench = Bench { $0.others = [CounterProvider(counters: counters)] }
    func declared(_ content: String) -> [Declaration] {
      [counter("a", watch: "Item/conf"), item("conf", content: content), counter("b")]
    }
    try await counting(bench, counters, "r1", declared("1"))
    #expect(bench.shelf.writes == ["create conf"])
    let plan = try await bench.plan("r2", declared("2"))
    #expect(plan.changes.map(\.reference.name) == ["conf", "a"], "linking is a dependency")
    #expect(plan.changes.last?.differences.map(\.difference.path) == ["version"])
    try await counting(bench, counters, "r2", declared("2"))
    #expect(counters.starts == 3)
    #expect(counters.runs.values.contains { $0.version == "content-2" })
    #expect(try await bench.plan("r2", declared("2")).isEmpty)
  }

  @Test("a version that changed in one revision after another takes effect without a restart")
  func watchedWhileRunning() async throws {
    let counters = Counters()
    let bench = Bench { $0.others = [CounterProvider(counters: counters)] }
    func declared(_ content: String) -> [Declaration] {
      [counter("a", watch: "Item/conf"), item("conf", content: content), counter("b")]
    }
    let watching = counter("a", watch: "Item/conf")
    let feed = Feed(snapshot("r1", [watching, item("conf", content: "1")]))
    let engine = try bench.engine()
    try engine.follow(feed, as: bench.unit)
    try await engine.running { engine in
      for (revision, content) in [("r1", "1"), ("r2", "2"), ("r3", "2"), ("r4", "3")] {
        feed.offer(revision, [watching, item("conf", content: content)])
        let report = try await ticking(bench, counters) { try await engine.converge(unit: "main") }
        #expect(report.converged)
        #expect(counters.runs.values.map(\.version) == ["content-\(content)"])
      }
    }
    #expect(counters.starts == 3, "a revision that changes nothing restarts nothing")
  }

  @Test("what can't be watched is an error with its place")
  func missing() async throws {
    let bench = Bench { $0.others = [CounterProvider(counters: Counters())] }
    let engine = try bench.engine()
    let diagnostics = engine.validate(
      snapshot("r1", [counter("a", watch: "Item/none")]), unit: "main")
    #expect(diagnostics.all.map(\.message) == ["there is no Item/none to watch"])
  }

  @Test("health decides what is Ready: progress is waited for, degraded gives up")
  func health() async throws {
    let counters = Counters()
    let bench = Bench { $0.others = [CounterProvider(counters: counters)] }
    let report = try await bench.apply("r1", [counter("bad", step: -1), item("a")])
    #expect(report.problems.map(\.message) == ["it counts backwards"])
    let news = Mutex<[String]>([])
    let note: @Sendable (Progress) -> Void = { step in
      guard case .waiting(let change, let message) = step else { return }
      news.withLock { $0.append("\(change.reference): \(message)") }
    }
    try await bench.running { engine in
      let plan = try await engine.prepare(
        snapshot("r2", [counter("a"), item("a")]), for: bench.unit)
      try await withThrowingTaskGroup(of: ApplyReport.self) { group in
        group.addTask {
          try await flowing(bench.clock) { try await engine.apply(plan, by: "t", progress: note) }
        }
        await eventually("it waits for the first count") {
          engine.resources(Selection(resource: "Counter/a")).first?
            .condition(.ready)?.message == "it has not counted yet"
        }
        counters.tick()
        let report = try await group.next()
        #expect(report?.converged == true)
      }
    }
    #expect(news.withLock { $0 } == ["Counter/a: it has not counted yet"], "once, not each look")
  }

  private func counting(
    _ bench: Bench, _ counters: Counters, _ revision: String, _ declared: [Declaration]
  ) async throws {
    let report = try await bench.running { engine in
      let plan = try await engine.prepare(snapshot(revision, declared), for: bench.unit)
      return try await ticking(bench, counters) { try await engine.apply(plan, by: "test") }
    }
    #expect(report.converged)
  }

  private func ticking(
    _ bench: Bench, _ counters: Counters, _ body: @Sendable () async throws -> ApplyReport
  ) async throws -> ApplyReport {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        while !Task.isCancelled {
          counters.tick()
          await Task.yield()
        }
      }
      defer { group.cancelAll() }
      return try await flowing(bench.clock, body)
    }
  }

  // MARK: Remote

  @Test("T21, T80: a lost reply to a POST leaves no duplicate, also over a restart")
  func lostReply() async throws {
    let remote = Remote()
    let bench = Bench { $0.others = [RemoteProvider(remote: remote)] }
    remote.loseReplies(1)
    let declared = [type("Queue", in: "queues"), object("Queue", "a", "1")]
    let report = try await bench.apply("r1", declared)
    #expect(report.converged)
    #expect(remote.things(in: "queues").count == 1)
    remote.loseReplies(100)
    let more = declared + [object("Queue", "b", "2")]
    try await bench.running { engine in
      let plan = try await engine.prepare(snapshot("r2", more), for: bench.unit)
      await withTaskGroup(of: Void.self) { group in
        group.addTask { _ = try? await engine.apply(plan, by: "test") }
        await eventually("the reply was lost") {
          remote.requests.contains { $0 == "POST queues" } && remote.things(in: "queues").count == 2
        }
        group.cancelAll()
      }
    }
    remote.loseReplies(0)
    #expect(try await bench.apply("r2", more).converged)
    #expect(remote.things(in: "queues").map(\.key) == ["a", "b"])
  }

  @Test("many of one collection are observed with one request")
  func listing() async throws {
    let remote = Remote()
    let bench = Bench {
      $0.others = [RemoteProvider(remote: remote)]
      $0.limit = 1
    }
    let declared =
      [type("Queue", in: "queues"), type("Topic", in: "topics")]
      + (0..<100).flatMap { [object("Queue", "\($0)", "x"), object("Topic", "\($0)", "y")] }
    #expect(try await bench.apply("r1", declared).converged)
    remote.forgetRequests()
    let plan = try await bench.plan("r1", declared)
    #expect(plan.isEmpty && plan.unchanged == 200)
    #expect(remote.requests.count <= 60, "\(remote.requests.count) requests for 200 objects")
  }

  @Test("a batch that one request served is followed by one that is as large as may be")
  func servedTogether() async {
    let scheduler = Scheduler()
    let lane = scheduler.addLane(limit: 1)
    scheduler.add(all: (0..<200).map { scheduler.register(lane, payload: $0) })
    var batch = Scheduler.Batch(lane)
    var counts: [Int] = []
    while scheduler.exchange(&batch) {
      counts.append(batch.count)
      batch.isServedTogether = true
      for position in 0..<batch.count { batch.finish(position, .done) }
    }
    #expect(counts == [1, 64, 64, 64, 7])
  }

  @Test("a list that fails is no absence")
  func listFails() async throws {
    let remote = Remote()
    let bench = Bench { $0.others = [RemoteProvider(remote: remote)] }
    let declared = [type("Queue", in: "queues")] + (0..<10).map { object("Queue", "\($0)", "x") }
    try await bench.apply("r1", declared)
    remote.setDown(true)
    let plan = try await bench.plan("r1", declared)
    #expect(plan.isEmpty && plan.errors.count == 10)
    remote.setDown(false)
    #expect(try await bench.plan("r1", declared).isEmpty)
    #expect(remote.things(in: "queues").count == 10)
  }

  @Test("an object is deleted when its declaration and its type are both gone")
  func withdrawn() async throws {
    let remote = Remote()
    let bench = Bench { $0.others = [RemoteProvider(remote: remote)] }
    try await bench.apply(
      "r1", [type("Queue", in: "queues"), object("Queue", "a", "1"), item("b")])
    #expect(try await bench.apply("r2", [item("b")]).converged)
    #expect(remote.things(in: "queues") == [])
  }

  @Test("a changed type changes its objects, though their declarations are the same")
  func changedType() async throws {
    let remote = Remote()
    let bench = Bench { $0.others = [RemoteProvider(remote: remote)] }
    let kept = object("Queue", "a", "1")
    let feed = Feed(snapshot("r1", [type("Queue", in: "queues"), kept]))
    let engine = try bench.engine()
    try engine.follow(feed, as: bench.unit)
    try await engine.running { engine in
      let first = try await engine.converge(unit: "main")
      feed.offer("r2", [type("Queue", in: "topics"), kept])
      let second = try await engine.converge(unit: "main")
      #expect(first.converged && second.converged)
    }
    #expect(remote.things(in: "queues") == [] && remote.things(in: "topics").map(\.key) == ["a"])
  }

  @Test("what was removed on the server is made again, under another number")
  func madeAgain() async throws {
    let remote = Remote()
    let bench = Bench { $0.others = [RemoteProvider(remote: remote)] }
    let declared = [type("Queue", in: "queues"), object("Queue", "a", "1")]
    try await bench.apply("r1", declared)
    remote.remove(1, in: "queues")
    #expect(try await bench.apply("r1", declared).converged)
    #expect(remote.things(in: "queues").map(\.number) == [2])
    #expect(try await bench.plan("r1", declared).isEmpty)
  }

  @Test("an object of a kind that no type defines is an error that names the kinds there are")
  func undefined() throws {
    let bench = Bench { $0.others = [RemoteProvider(remote: Remote())] }
    let diagnostics = try bench.engine().validate(
      snapshot("r1", [type("Queue", in: "queues"), object("Queu", "a", "1")]), unit: "main")
    #expect(diagnostics.all.map(\.code) == [.unknownKind])
    #expect(diagnostics.description.contains("remote/v1 Queue"))
  }
}
