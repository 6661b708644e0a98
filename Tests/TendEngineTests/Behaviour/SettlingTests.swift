import Synchronization
import Tend
import TendTesting
import Testing

@testable import TendEngine

@Suite("Changes that become durable together", .oneThread, .timeLimit(.minutes(2)))
struct SettlingTests {
  private static let names = (0..<33).map { "item-\($0)" }

  /// What happened, in its order.
  private final class Chronicle: Sendable {
    private let entries = Mutex<[String]>([])
    var all: [String] { entries.withLock { $0 } }
    func note(_ entry: String) { entries.withLock { $0.append(entry) } }
  }

  @Test("sixteen at a time share a step, and none is said to be done before it")
  func shared() async throws {
    let chronicle = Chronicle()
    let place = SettlingPlace { chronicle.note("step") }
    let bench = Bench {
      $0.place = place
      $0.limit = 1
    }
    let report = try await bench.running { engine in
      let plan = try await engine.prepare(
        snapshot("r1", Self.names.map { item($0) }), for: bench.unit)
      return try await flowing(bench.clock) {
        try await engine.apply(plan, by: "test") { progress in
          switch progress {
          case .started(let change): chronicle.note("began \(change.identity)")
          case .finished(let change, _): chronicle.note("ended \(change.identity)")
          case .waiting, .failed: Issue.record("\(progress)")
          }
        }
      }
    }
    #expect(report.converged && report.done.count == 33)
    #expect(place.steps <= 5, "of one change, and of sixteen")
    let entries = chronicle.all
    for name in Self.names {
      let began = try #require(entries.firstIndex(of: "began \(name)"))
      let ended = try #require(entries.firstIndex(of: "ended \(name)"))
      #expect(entries[began..<ended].contains("step"), "\(name)")
    }
  }

  @Test("a step that fails is told of each change that waited for it, and none is made twice")
  func failing() async throws {
    let place = SettlingPlace()
    place.fail(.transient("the disk is full"))
    let bench = Bench {
      $0.place = place
      $0.limit = 1
    }
    let report = try await bench.apply("r1", Self.names.map { item($0) })
    #expect(report.converged)
    #expect(bench.shelf.writes.sorted() == Self.names.map { "create \($0)" }.sorted())
    let events = try await bench.events()
    let done = events.filter { $0.kind == .create && $0.result == "done" }
    #expect(Set(done.compactMap(\.resource)).count == 33 && done.count == 33)
    #expect(events.contains { $0.message.contains("the disk is full") })
  }

  @Test("a deletion is not told before it is durable, and what it depends on goes after it")
  func deletion() async throws {
    let place = SettlingPlace()
    let bench = Bench {
      $0.place = place
      $0.unit.policy.allowedDeletions = 10
      $0.unit.policy.allowsEmpty = true
    }
    try await bench.apply("r1", [box("a"), item("a/b"), item("c")])
    let steps = place.steps
    try await bench.apply("r2", [item("c")])
    #expect(Array(bench.shelf.writes.suffix(2)) == ["delete a/b", "delete a"])
    #expect(place.steps == steps + 2, "one for each, since the second waits for the first")
  }

  @Test("each place has one step, in the order in which the first change came")
  func gathering() {
    var gathering = Gathering()
    let (one, other) = (SettlingPlace(), SettlingPlace())
    func add(_ place: SettlingPlace) -> Bool {
      gathering.add(SettlingStep(place: place) {})
    }
    #expect(!add(one), "nobody gathers")
    gathering.begin(true)
    #expect(add(one) && add(other) && add(one))
    #expect(gathering.needed == [0, 1])
    gathering.begin(true)
    #expect(add(other))
    #expect(gathering.needed == [1])
    #expect(gathering.take().map { $0.place === one } == [true, false])
    #expect(gathering.take().isEmpty)
  }
}
