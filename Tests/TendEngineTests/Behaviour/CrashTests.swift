import Tend
import TendTesting
import Testing

@testable import TendEngine

@Suite("T20: a crash at every commit", .oneThread, .timeLimit(.minutes(5)))
struct CrashTests {
  /// What is declared one after the other; each is in force before the next is offered.
  private static let history: [[Declaration]] = [
    [
      type("Queue", in: "queues"), object("Queue", "a", "1"), object("Queue", "b", "1"), box("d"),
      item("d/e"), item("found", content: "ours"), item("z"),
    ],
    [
      type("Queue", in: "queues"), object("Queue", "a", "2"), object("Queue", "c", "1"), box("d"),
      item("d/f", name: "d/e"), item("z", color: "blue"),
    ],
    [object("Queue", "a", "2"), type("Queue", in: "queues"), item("z", color: "blue")],
  ]

  private struct Scene {
    let remote = Remote()
    let survivor = InMemoryStore()
    let shelf = Shelf()

    init() { shelf.put("found") { $0.content = "theirs" } }

    func bench(_ store: any Store) -> Bench {
      Bench(store, shelf: shelf) {
        $0.others = [RemoteProvider(remote: remote)]
        $0.unit.policy.allowedDeletions = 100
      }
    }

    /// Goes through a part of the history as an agent would.
    func run(_ store: any Store, _ history: Range<Int>) async throws {
      let bench = bench(store)
      let feed = Feed()
      let engine = try bench.engine()
      try engine.follow(feed, as: bench.unit)
      _ = try? await engine.running { engine in
        for number in history {
          feed.offer("r\(number)", CrashTests.history[number])
          try await flowing(bench.clock) { _ = try await engine.converge(unit: "main") }
        }
      }
    }
  }

  /// As many commits as the whole history takes.
  private func commits() async throws -> Int {
    let scene = Scene()
    let store = CountingStore()
    try await scene.run(store, 0..<3)
    return store.commits
  }

  @Test("from any prefix of the commits it converges; nothing is made twice or forgotten")
  func prefixes() async throws {
    let count = try await commits()
    #expect(count > 5)
    for number in 0...count + 1 {
      let scene = Scene()
      let store = CrashingStore(scene.survivor, after: number)
      try await scene.run(store, 0..<3)
      try await scene.run(scene.survivor, 0..<3)
      #expect(scene.shelf.paths == ["found", "z"], "after \(number) commits")
      #expect(scene.shelf["z"]?.color == "blue", "after \(number) commits")
      #expect(
        scene.remote.things(in: "queues").map { "\($0.key)=\($0.value)" } == ["a=2"],
        "after \(number) commits")
      let owned = try await scene.survivor.load().inventory.map(\.key.identity)
      #expect(owned == ["Queue/a", "z"], "after \(number) commits")
      let posts = scene.remote.requests.count { $0 == "POST queues" }
      #expect(posts <= 5, "\(posts) POSTs after \(number) commits")
    }
  }

  @Test("T27 killed in the middle of a revision, no state is left that needs a person")
  func stuckInProgress() async throws {
    let count = try await commits()
    for number in 0...count + 1 {
      let scene = Scene()
      try await scene.run(CrashingStore(scene.survivor, after: number), 0..<3)
      let bench = scene.bench(scene.survivor)
      let engine = try bench.engine()
      let feed = Feed(snapshot("r2", Self.history[2]))
      try engine.follow(feed, as: bench.unit)
      let found = try await engine.running { engine in
        try await flowing(bench.clock) { _ = try await engine.converge(unit: "main") }
        return engine.units().first
      }
      let unit = try #require(found)
      #expect(unit.revision?.id == "r2", "after \(number) commits")
      #expect(unit.ready == unit.resources, "after \(number) commits: \(unit.conditions)")
      let revisions = try await scene.survivor.revisions(of: "main", limit: 10)
      #expect(revisions.first?.state == .converged, "after \(number) commits")
      #expect(!revisions.contains { $0.state == .applying }, "\(revisions), \(number) commits")
    }
  }

  @Test("after a crash in the middle of the last revision everything that was ours is still ours")
  func lastRevision() async throws {
    let count = try await commits()
    for number in 1...count {
      let scene = Scene()
      let store = CrashingStore(scene.survivor, after: number)
      try await scene.run(store, 0..<2)
      // Whatever stands there that was not there before is known to the inventory.
      let owned = Set(try await scene.survivor.load().inventory.map(\.key.identity))
      let made = scene.shelf.paths.filter { $0 != "found" }
      #expect(made.allSatisfy(owned.contains), "\(made) of \(owned) after \(number) commits")
    }
  }
}
