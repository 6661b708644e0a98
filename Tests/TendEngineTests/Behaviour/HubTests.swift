import Tend
import TendTesting
import Testing

@testable import TendEngine

@Suite("Many resources in one box", .timeLimit(.minutes(5)), .serialized)
struct HubTests {
  @Test("what a resource costs does not grow with their number", arguments: [1000, 10_000])
  func hub(count: Int) async throws {
    let bench = Bench { $0.unit.policy.allowsEmpty = true }
    let declared = [box("hub")] + (0..<count).map { item("hub/\($0)") }
    var times: [String] = []
    func timed(_ what: String, _ body: () async throws -> Void) async throws {
      let begun = ContinuousClock.now
      try await body()
      times.append("\(what) \(begun.duration(to: .now))")
    }
    try await timed("create") {
      let report = try await bench.apply("r1", declared)
      #expect(report.done.count == count + 1)
    }
    try await timed("plan") {
      let plan = try await bench.plan("r1", declared)
      #expect(plan.isEmpty && plan.unchanged == count + 1)
    }
    try await timed("status") {
      try await bench.running { engine in #expect(engine.resources().count == count + 1) }
    }
    bench.shelf.failApply("hub/0", .fail(.permanent("stuck")))
    try await timed("delete all but what is stuck") {
      let report = try await bench.running { engine in
        try await engine.apply(
          engine.prepare(snapshot("r2", []), for: bench.unit), by: "test")
      }
      #expect(report.problems.count == 2 && report.done.count == count - 1)
    }
    try await timed("delete the rest") {
      let report = try await bench.apply("r2", [])
      #expect(report.converged)
    }
    #expect(bench.shelf.paths == [])
    print("\(count) resources:", times.joined(separator: ", "))
  }

  @Test("ten thousand deletions that wait for one resource say so without a look at each other")
  func waiting() async throws {
    let bench = Bench { $0.unit.policy.allowedDeletions = 10_000 }
    let old = (0..<10_000).map { item("\($0)") }
    try await bench.apply("r1", old)
    bench.shelf.failApply("new", .fail(.permanent("no room")))
    try await bench.running { engine in
      let plan = try await engine.prepare(snapshot("r2", [item("new")]), for: bench.unit)
      let report = try await engine.apply(plan, by: "test")
      #expect(report.problems.count == 10_001)
      #expect(report.problems.last?.message == "waits for Item/new")
      #expect(engine.resources().count { $0.waitsFor == ["Item/new"] } == 10_000)
    }
    #expect(bench.shelf.paths.count == 10_000)
  }
}
