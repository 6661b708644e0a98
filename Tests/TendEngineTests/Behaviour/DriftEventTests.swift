import Tend
import TendTesting
import Testing

@testable import TendEngine

@Suite("What is told of drift", .oneThread, .timeLimit(.minutes(2)))
struct DriftEventTests {
  @Test("a repair says which fields drifted, and for how long since it was first seen")
  func duration() async throws {
    let bench = Bench()
    try await bench.running { engine in
      let plan = try await engine.prepare(
        snapshot("r1", [item("a", mode: 1), item("b")]), for: bench.unit)
      _ = try await flowing(bench.clock) { try await engine.apply(plan, by: "test") }
      bench.wall.advance(by: .seconds(10))
      bench.shelf.failApply("a", .fail(.transient("no")))
      bench.shelf.put("a") { $0.mode = 9 }
      let gate = Gate()
      bench.shelf.failApply("a", .wait(gate))
      await eventually("it is tried again", on: bench.clock) { gate.arrivals == 1 }
      bench.wall.advance(by: .seconds(90))
      gate.open()
      await eventually("it is repaired", on: bench.clock) { bench.shelf["a"]?.mode == 1 }
      try await eventually("it is told") {
        try await engine.events(EventQuery(resource: "Item/a")).first?.message
          == "updated mode; it differed for 1m30s"
      }
    }
  }

  @Test("what a revision changes is no drift, and nobody says how long it differed")
  func revision() async throws {
    let bench = Bench()
    try await bench.apply("r1", [item("a"), item("b")])
    bench.wall.advance(by: .seconds(10))
    try await bench.apply("r2", [item("a", mode: 2), item("b")])
    let event = try await bench.events(EventQuery(resource: "Item/a")).first
    #expect(event?.message == "updated mode")
  }
}
