import Tend
import TendTesting
import Testing

@testable import TendEngine

@Suite("Going on under another name", .oneThread, .timeLimit(.minutes(2)))
struct RenameTests {
  private let counters = Counters()

  private func bench(_ store: any Store = InMemoryStore()) -> Bench {
    Bench(store) { [counters] in $0.others = [CounterProvider(counters: counters)] }
  }

  private func names(_ bench: Bench) async throws -> [String] {
    try await bench.inventory().map(\.key.identity)
  }

  @Test("it moves the resource: nothing is stopped, nothing made, and the plan says so")
  func moves() async throws {
    let bench = bench()
    try await counting(bench, "r1", [counter("a"), counter("b")])
    let pids = counters.runs.keys.sorted()
    let renamed = [counter("c", formerly: ["a"], line: 4), counter("b")]
    let plan = try await bench.plan("r2", renamed)
    #expect(plan.isEmpty && plan.refused.isEmpty && plan.errors.isEmpty)
    #expect(
      plan.renamed.map { "\($0.reference) \($0.from) \($0.place)" } == [
        "Counter/c Counter/a counters.yaml:4:1"
      ])
    #expect(counters.renames.isEmpty, "a plan has no side effect")
    try await counting(bench, "r2", renamed)
    #expect(counters.starts == 2 && counters.stops == 0)
    #expect(counters.runs.keys.sorted() == pids)
    #expect(counters.runs.values.map(\.name).sorted() == ["b", "c"])
    #expect(try await names(bench) == ["b", "c"])
    let moves = try await bench.events().filter { $0.kind == .move }.map(\.message)
    #expect(moves == ["was Counter/a before; nothing was touched"])
  }

  @Test("a name that nothing has any more may stay in the repository, and one that never was")
  func lingers() async throws {
    let bench = bench()
    let declared = [counter("c", formerly: ["b", "a"])]
    try await counting(bench, "r1", [counter("a")])
    try await counting(bench, "r2", declared)
    let plan = try await bench.plan("r3", declared)
    #expect(plan.isEmpty && plan.renamed.isEmpty)
    try await counting(bench, "r3", declared)
    #expect(counters.starts == 1 && counters.stops == 0)
    #expect(counters.renames == ["a to c"], "the provider is told once")
    #expect(try await bench.store.load().units.allSatisfy { $0.moves.isEmpty })
  }

  @Test("what changes with the name is an update")
  func changes() async throws {
    let bench = bench()
    try await counting(bench, "r1", [counter("a")])
    let declared = [counter("c", step: 5, formerly: ["a"])]
    let plan = try await bench.plan("r2", declared)
    #expect(plan.changes.map { "\($0.action) \($0.identity)" } == ["update c"])
    #expect(plan.changes.first?.adopts == false)
    try await counting(bench, "r2", declared)
    #expect(counters.runs.values.map { "\($0.name) \($0.step)" } == ["c 5"])
    #expect(try await bench.inventory().first?.isAdopted == false)
  }

  @Test("of several former names the first that is ours goes on, the others are deleted")
  func several() async throws {
    let bench = bench()
    try await counting(bench, "r1", [counter("a"), counter("b"), counter("k")])
    try await counting(bench, "r2", [counter("c", formerly: ["x", "b", "a"]), counter("k")])
    #expect(counters.starts == 3 && counters.stops == 1)
    #expect(counters.renames == ["b to c"])
    #expect(try await names(bench) == ["c", "k"])
  }

  @Test("where both names are ours already there is nothing to move: the old one is deleted")
  func both() async throws {
    let bench = bench()
    try await counting(bench, "r1", [counter("a"), counter("c")])
    let plan = try await bench.plan("r2", [counter("c", formerly: ["a"])])
    #expect(plan.renamed.isEmpty)
    #expect(plan.changes.map { "\($0.action) \($0.identity)" } == ["delete a"])
  }

  @Test("a new declaration of the old name is another resource")
  func reused() async throws {
    let bench = bench()
    try await counting(bench, "r1", [counter("a")])
    try await counting(bench, "r2", [counter("c", formerly: ["a"])])
    try await counting(bench, "r3", [counter("c"), counter("a")])
    #expect(counters.starts == 2 && counters.stops == 0)
    try await counting(bench, "r4", [counter("c"), counter("d", formerly: ["a"])])
    #expect(counters.runs.values.map(\.name).sorted() == ["c", "d"])
    #expect(counters.starts == 2 && counters.stops == 0)
  }

  @Test("a single manifest, which deletes nothing, renames all the same")
  func single() async throws {
    let bench = bench()
    try await counting(bench, "r1", [counter("a"), counter("b")])
    try await counting(bench, "r2", [counter("c", formerly: ["a"])]) { $0.policy.prunes = false }
    #expect(try await names(bench) == ["b", "c"])
    #expect(counters.starts == 2 && counters.stops == 0)
  }

  // MARK: Refused

  @Test(
    "what can't be told apart is refused with its place and what to do",
    arguments: [
      (
        [counter("c", formerly: ["a"], line: 2), counter("a", line: 9)],
        "counters.yaml:2:1: error: Counter/c was formerly Counter/a, which Counter/a at "
          + "counters.yaml:9:1 still is; take that one out, or leave this name out of formerly"
      ),
      (
        [counter("c", formerly: ["a"], line: 2), counter("d", formerly: ["a"], line: 7)],
        "counters.yaml:7:1: error: Counter/d and Counter/c both were formerly Counter/a; the "
          + "other stands at counters.yaml:2:1; only one of them can go on with it"
      ),
      (
        [counter("c", formerly: ["c"], line: 2)],
        "counters.yaml:2:1: error: Counter/c is the same whatever its name is, so formerly says "
          + "nothing; leave it out: the name of a Counter may change, and nothing is written"
      ),
      (
        [formerItem("motd", formerly: "issue")],
        "shelf.yaml:3:1: error: Item/motd is the same whatever its name is, so formerly says "
          + "nothing; leave it out: the name of a Item may change, and nothing is written"
      ),
    ])
  func refused(declared: [Declaration], message: String) throws {
    let found = try bench().engine().validate(snapshot("r", declared), unit: "main")
    #expect(found.description.contains(message), "\(found)")
  }

  @Test("a provider that can't move what it made says so")
  func unable() throws {
    let bench = Bench { $0.others = [PlainProvider()] }
    let plain = Declaration(
      Reference(kind: "plain/v1 Plain", name: "new"), formerNames: ["old"], spec: .null,
      at: Place(file: "plain.yaml", line: 5, column: 1))
    let found = try bench.engine().validate(snapshot("r", [plain]), unit: "main")
    #expect(found.description.contains("plain.yaml:5:1: error: a Plain can't go on under another"))
  }

  // MARK: In between

  @Test("a provider that is not told at first is told again before anything is looked at")
  func toldAgain() async throws {
    let bench = bench()
    try await counting(bench, "r1", [counter("a")])
    counters.failRenames(2)
    try await counting(bench, "r2", [counter("c", formerly: ["a"])])
    #expect(counters.renames.count == 3)
    #expect(counters.starts == 1 && counters.stops == 0)
  }

  @Test("who was left alone stays so under the new name")
  func suspended() async throws {
    let bench = bench()
    try await counting(bench, "r1", [counter("a"), counter("b")])
    try await bench.running { engine in
      _ = try await engine.suspend(Selection(resource: "Counter/a"), by: "test")
      let plan = try await engine.prepare(
        snapshot("r2", [counter("c", formerly: ["a"]), counter("b")]), for: bench.unit)
      _ = try await ticking(bench) { try await engine.apply(plan, by: "test") }
      let status = engine.resources(Selection(resource: "Counter/c")).first
      #expect(status?.condition(.ready)?.reason == "Suspended", "\(String(describing: status))")
    }
    #expect(try await names(bench) == ["b", "c"])
    #expect(counters.renames.isEmpty && counters.runs.count == 2, "nothing is touched meanwhile")
    let kept = try await bench.store.load().units.first?.suspensions.compactMap(
      \.resource?.identity)
    #expect(kept == ["c"])
  }

  @Test("T20 a crash at any commit of a rename stops nothing and starts nothing twice")
  func crashes() async throws {
    let counting = CountingStore()
    await converge(counters, counting, "r1", Self.before)
    let commits = counting.commits
    await converge(counters, counting, "r2", Self.after)
    #expect(counters.starts == 2 && counters.stops == 0)
    for number in 0...counting.commits - commits + 1 {
      let survivor = InMemoryStore()
      let counters = Counters()
      await converge(counters, survivor, "r1", Self.before)
      await converge(counters, CrashingStore(survivor, after: number), "r2", Self.after)
      await converge(counters, survivor, "r2", Self.after)
      #expect(counters.starts == 2 && counters.stops == 0, "after \(number) commits")
      #expect(counters.runs.values.map(\.name).sorted() == ["b", "c"], "after \(number) commits")
      let identities = try await survivor.load().inventory.map(\.key.identity)
      #expect(identities == ["b", "c"], "after \(number) commits")
    }
  }

  @Test("one name after the other, with no time between, ends at the last")
  func chain() async throws {
    let bench = bench()
    let feed = Feed(snapshot("r1", [counter("a")]))
    let engine = try bench.engine()
    try engine.follow(feed, as: bench.unit)
    try await engine.running { [counters] engine in
      _ = try await ticking(bench) { try await engine.converge(unit: "main") }
      counters.failRenames(4)
      for (revision, name, formerly) in [("r2", "c", "a"), ("r3", "d", "c"), ("r4", "a", "d")] {
        feed.offer(revision, [counter(name, formerly: [formerly])])
        if name != "a" {
          let prepared = try await engine.prepare(
            snapshot(revision, [counter(name, formerly: [formerly])]), for: bench.unit,
            onlyChanged: false, isStrict: false, claiming: false)
          try await engine.accept(
            prepared.plan, prepared.prepared, by: "test", application: nil)
        }
      }
      _ = try await ticking(bench) { try await engine.converge(unit: "main") }
    }
    #expect(counters.starts == 1 && counters.stops == 0)
    #expect(counters.runs.values.map(\.name) == ["a"])
    #expect(try await names(bench) == ["a"])
  }

  private static let before = [counter("a"), counter("b")]
  private static let after = [counter("c", formerly: ["a"]), counter("b")]

  private func converge(
    _ counters: Counters, _ store: any Store, _ revision: String, _ declared: [Declaration]
  ) async {
    let bench = Bench(store) { $0.others = [CounterProvider(counters: counters)] }
    guard let engine = try? bench.engine() else { return }
    // After a crash the revision before may have to be put in force first.
    let feed = Feed(snapshot("r1", Self.before))
    feed.offer(snapshot(revision, declared))
    try? engine.follow(feed, as: bench.unit)
    _ = try? await engine.running { engine in
      _ = try? await ticking(bench, counters) { try await engine.converge(unit: "main") }
    }
  }

  private func counting(
    _ bench: Bench, _ revision: String, _ declared: [Declaration],
    _ change: (inout Unit) -> Void = { _ in }
  ) async throws {
    var unit = bench.unit
    change(&unit)
    let report = try await bench.running { [unit] engine in
      let plan = try await engine.prepare(snapshot(revision, declared), for: unit)
      return try await ticking(bench) { try await engine.apply(plan, by: "test") }
    }
    #expect(report.converged, "\(report.problems)")
  }

  private func ticking(
    _ bench: Bench, _ counters: Counters? = nil,
    _ body: @Sendable () async throws -> ApplyReport
  ) async throws -> ApplyReport {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { [counters = counters ?? self.counters] in
        while !Task.isCancelled {
          counters.tick()
          await Task.yield()
        }
      }
      defer { group.cancelAll() }
      return try await flowing(bench.clock, body)
    }
  }
}

private func formerItem(_ path: String, formerly: String) -> Declaration {
  Declaration(
    Reference(kind: "shelf/v1 Item", name: path), formerNames: [formerly],
    spec: ["path": .string(path), "content": "x"], at: Place(file: "shelf.yaml", line: 3, column: 1)
  )
}

/// Identified by its name, and unable to move.
private struct PlainProvider: Provider {
  struct Thing: Resource { let id: String }

  struct Plain: DesiredState {
    let id: String
    func differences(from current: Thing?) -> [Difference] { [] }
  }

  let kinds = [
    Kind<Plain>("plain/v1 Plain", Schema("A thing.", [])) {
      (declaration: Declaration) throws(Diagnostics) in Plain(id: declaration.reference.name)
    }
  ]

  func observe(
    _ target: Target<Plain>, _ context: Context
  ) async throws(ProviderError) -> Thing? { Thing(id: target.id) }

  func apply(
    _ change: Change<Plain>, _ journal: Tend.Journal<Plain>, _ context: Context
  ) async throws(ProviderError) -> Outcome { .done }
}
