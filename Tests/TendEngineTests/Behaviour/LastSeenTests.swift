import Tend
import TendTesting
import Testing

@testable import TendEngine

@Suite("What is known when no engine runs", .oneThread, .timeLimit(.minutes(2)))
struct LastSeenTests {
  /// What an engine says that was only loaded.
  private func loaded(_ bench: Bench) async throws -> (UnitStatus?, [String: ResourceStatus]) {
    let engine = try bench.engine()
    try await engine.load()
    let resources = engine.resources().map { ($0.name, $0) }
    return (engine.units().first, Dictionary(uniqueKeysWithValues: resources))
  }

  @Test("after an apply: as declared, as of its end")
  func converged() async throws {
    let bench = Bench()
    try await bench.apply("r1", [item("a"), item("b")])
    let then = bench.wall.now
    bench.wall.advance(by: .seconds(3600))
    let (unit, resources) = try await loaded(bench)
    #expect(unit?.condition(.ready)?.status == .yes && unit?.asOf == then)
    #expect(unit?.ready == 2 && unit?.resources == 2)
    for resource in resources.values {
      #expect(resource.condition(.ready)?.status == .yes && resource.asOf == then)
      #expect(resource.condition(.inSync)?.reason == "AsDeclared")
      #expect(resource.condition(.ready)?.observedRevision == "r1")
    }
  }

  @Test("what stood in the way of a revision, and when it went, is said as it was when it died")
  func problems() async throws {
    let bench = Bench()
    let feed = Feed(snapshot("r1", [item("a")]))
    let engine = try bench.engine()
    try engine.follow(feed, as: bench.unit)
    func said() async throws -> Condition? {
      try await bench.store.load().lastSeen.first { $0.subject == .unit(bench.unit.name) }?
        .conditions.first { $0.type == .ready }
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await engine.run() }
      try await eventually("it has converged") { try await said()?.status == .yes }
      feed.fail(SourceError(.unreachable, "gone"))
      try engine.refresh()
      try await eventually("the source is gone") {
        try await said()?.reason == "SourceUnreachable"
      }
      feed.offer("r2", [item("a")])
      try engine.refresh()
      try await eventually("it is there again") {
        try await said()?.status == .yes && engine.units().first?.revision?.id == "r2"
      }
      group.cancelAll()
      do { try await group.waitForAll() } catch is CancellationError {}
    }
  }

  @Test("what failed, what waited for it, and what was suspended is said as it was")
  func failed() async throws {
    let bench = Bench()
    bench.shelf.failApply("a", .fail(.permanent("no room")))
    try await bench.apply(
      "r1",
      [
        item("a"), item("b", dependsOn: ["Item/a"]), item("c"),
        item("d") { $0.mode = .observe }, item("e") { $0.suspend = true },
      ])
    let (unit, resources) = try await loaded(bench)
    #expect(unit?.condition(.ready)?.status == .no && unit?.stalled == 1)
    #expect(resources["a"]?.condition(.stalled)?.reason == "Failed")
    #expect(resources["a"]?.condition(.stalled)?.message.contains("no room") == true)
    #expect(resources["b"]?.condition(.ready)?.reason == "Waiting")
    #expect(resources["c"]?.condition(.ready)?.status == .yes)
    #expect(resources["d"]?.condition(.inSync)?.reason == "Drift")
    try await bench.apply("r2", [item("a"), item("c")]) { $0.policy.allowedDeletions = 9 }
    let (_, healed) = try await loaded(bench)
    #expect(healed["a"]?.condition(.ready)?.status == .yes)
    #expect(try await bench.store.load().lastSeen.count == 1, "nothing is left but the unit's own")
  }

  @Test("where the process was killed before it converged, nothing is claimed")
  func killed() async throws {
    let counting = CountingStore()
    try await Bench(counting).apply("r1", [item("a"), item("b")])
    let survivor = InMemoryStore()
    let shelf = Shelf()
    try await Bench(survivor, shelf: shelf).apply("r1", [item("a")])
    let store = CrashingStore(survivor, after: 1)
    _ = try? await Bench(store, shelf: shelf).apply("r2", [item("a"), item("b")])
    let (unit, resources) = try await loaded(Bench(survivor, shelf: shelf))
    #expect(unit?.revision?.id == "r2" && unit?.asOf == nil)
    #expect(
      unit?.condition(.ready)?.message == "revision r2 had not converged when its engine died")
    #expect(resources["a"]?.condition(.ready)?.reason == "NotObserved")
  }

  @Test("a running engine says only what it has seen itself")
  func running() async throws {
    let bench = Bench()
    try await bench.apply("r1", [item("a")])
    try await bench.running { engine in
      #expect(engine.resources().first?.condition(.ready)?.reason == "NotObserved")
      #expect(engine.resources().first?.asOf == nil && engine.units().first?.asOf == nil)
    }
    let (unit, _) = try await loaded(bench)
    #expect(unit?.condition(.ready)?.status == .yes, "who looked at nothing has nothing to say")
  }
}
