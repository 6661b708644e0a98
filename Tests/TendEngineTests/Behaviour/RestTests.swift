import Tend
import TendTesting
import Testing

@testable import TendEngine

@Suite("An engine with nothing to do", .oneThread, .timeLimit(.minutes(2)))
struct RestTests {
  @Test("it sleeps until something is due, and no longer")
  func rests() async throws {
    let bench = Bench()
    let feed = Feed(snapshot("r1", [item("a"), item("b")]))
    let engine = try bench.engine()
    try engine.follow(feed, as: bench.unit)
    try await engine.running { engine in
      _ = try await engine.converge(unit: "main")
      await eventually("nobody wakes within 10 seconds", on: bench.clock) {
        let now = bench.clock.now
        return bench.clock.nextDeadline.map { now.duration(to: $0) > .seconds(10) } ?? true
      }
      // What runs is watched over all the same.
      bench.shelf.failObserve("a", .hang)
      let before = observations(bench)
      try engine.reconcile()
      await eventually("a call that hangs is cancelled, and another is made", on: bench.clock) {
        observations(bench) >= before + 2
      }
    }
  }

  private func observations(_ bench: Bench) -> Int {
    bench.shelf.calls.count { $0.description == Shelf.Call.observe("a").description }
  }
}
