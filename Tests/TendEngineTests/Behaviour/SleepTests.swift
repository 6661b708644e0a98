import Tend
import TendTesting
import Testing

@testable import TendEngine

@Suite("A machine that slept", .oneThread, .timeLimit(.minutes(2)))
struct SleepTests {
  @Test("T46 after two hours each resource is looked at once, and the source asked once")
  func twoHours() async throws {
    let bench = Bench()
    let names = (0..<20).map { "i\($0)" }
    let feed = Feed(snapshot("r1", names.map { item($0) }))
    let engine = try bench.engine()
    try engine.follow(feed, as: bench.unit)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await engine.run() }
      await eventually("it has converged") {
        engine.units().first?.condition(.ready)?.status == .yes
      }
      await pass(.seconds(700), on: bench.clock)
      bench.shelf.forgetCalls()
      let refreshes = feed.refreshes
      // The monotonic clock stands still in a suspended machine, or jumps: it makes no difference.
      bench.clock.advance(by: .seconds(7200))
      await eventually("all were looked at") {
        Set(bench.shelf.calls.map(\.path)).count == names.count
      }
      for _ in 0..<2000 { await Task.yield() }
      #expect(bench.shelf.calls.count == names.count, "each once: no tick is made up for")
      #expect(feed.refreshes <= refreshes + 1)
      #expect(bench.shelf.writes.allSatisfy { $0.hasPrefix("create") })
      group.cancelAll()
      do { try await group.waitForAll() } catch is CancellationError {}
    }
  }
}
