import MetricsTestKit
import Tend
import TendTesting
import Testing

@testable import TendEngine

@Suite("Metrics of the engine", .oneThread, .timeLimit(.minutes(2)))
struct MetricsTests {
  private let counted = TestMetrics()

  private func bench() -> Bench {
    Bench { $0.metrics = counted }
  }

  private func count(_ name: String, _ labels: [(String, String)]) -> Int64? {
    try? counted.expectCounter(name, labels).totalValue
  }

  @Test("changes are counted by action and cause, failures by code")
  func changes() async throws {
    let bench = bench()
    let no = Shelf.Fault.fail(.permanent("no"))
    bench.shelf.failApply("bad", no, no, no, no)
    try await bench.apply("r1", [item("a"), item("b"), item("bad")])
    try await bench.apply("r2", [item("a", content: "y"), item("bad")])
    let provider = ("provider", "shelf")
    func changes(_ action: String) -> Int64? {
      count("tend_changes_total", [provider, ("action", action), ("cause", "revision")])
    }
    #expect(changes("create") == 2)
    #expect(changes("update") == 1)
    #expect(count("tend_failures_total", [provider, ("code", "permanent")]) ?? 0 >= 1)
    #expect(count("tend_revisions_total", [("unit", "main"), ("state", "accepted")]) == 2)
    #expect(try counted.expectTimer("tend_change_seconds", [provider]).values.count >= 3)
    #expect(count("tend_reconciles_total", [provider]) ?? 0 >= 4)
  }

  @Test("a repair of drift says how long the drift lasted since it was noticed")
  func drift() async throws {
    let bench = bench()
    try await bench.running { engine in
      let plan = try await engine.prepare(snapshot("r1", [item("a")]), for: bench.unit)
      _ = try await flowing(bench.clock) { try await engine.apply(plan, by: "test") }
      bench.shelf.put("a") { $0.content = "changed" }
      await eventually("it is repaired", on: bench.clock) { bench.shelf["a"]?.content == "x" }
      await eventually("it is counted") {
        (try? counted.expectTimer("tend_drift_seconds", [("provider", "shelf")]).values.count) == 1
      }
    }
    let provider = ("provider", "shelf")
    #expect(
      count("tend_changes_total", [provider, ("action", "update"), ("cause", "drift")]) == 1)
  }

  @Test("each question to a source is counted by how it was answered, and timed")
  func refreshes() async throws {
    let bench = bench()
    let engine = try bench.engine()
    let feed = Feed(snapshot("r1", [item("a")]))
    try engine.follow(feed, as: bench.unit)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await engine.run() }
      await eventually("it has converged") {
        engine.units().first?.condition(.ready)?.status == .yes
      }
      feed.fail(SourceError(.unreachable, "nobody answers"))
      try engine.refresh()
      await eventually("the failure is counted") {
        count("tend_refreshes_total", [("unit", "main"), ("result", "failed")]) == 1
      }
      #expect(count("tend_refreshes_total", [("unit", "main"), ("result", "changed")]) == 1)
      #expect(
        try counted.expectTimer("tend_refresh_seconds", [("unit", "main")]).values.count == 2)
      #expect(number("tend_unit_stalled", engine) == 1)
      #expect(number("tend_unit_ready", engine) == 0)
      group.cancelAll()
      do { try await group.waitForAll() } catch is CancellationError {}
    }
  }

  private func number(_ name: String, _ engine: Engine, _ label: String? = nil) -> Double? {
    let found = engine.metricSamples().first { sample in
      sample.name == name && (label == nil || sample.labels.contains { $0.value == label })
    }
    guard case .number(let number) = found?.value else { return nil }
    return number
  }

  @Test("units are measured: what is ready, stalled, drifting, and which deletions are held")
  func units() async throws {
    var unit = Unit("main")
    unit.policy.mode = .observe
    let bench = bench()
    let no = Shelf.Fault.fail(.permanent("no"))
    bench.shelf.failApply("bad", no, no, no, no)
    try await bench.running { engine in
      let declared = [item("a"), item("bad"), item("gone")]
      let plan = try await engine.prepare(snapshot("r1", declared), for: bench.unit)
      _ = try await flowing(bench.clock) { try await engine.apply(plan, by: "test") }
      #expect(number("tend_resources", engine, "ready") == 2)
      #expect(number("tend_resources", engine, "stalled") == 1)
      #expect(number("tend_unit_ready", engine) == 0)
      #expect(number("tend_unit_info", engine, "r1") == 1)
      let next = try await engine.prepare(
        snapshot("r2", [item("a"), item("bad")]), for: bench.unit)
      _ = try await flowing(bench.clock) { try await engine.apply(next, by: "test") }
      #expect(number("tend_deletions_held", engine) == 1)
      #expect(number("tend_resources", engine, "leaving") == 1)
      #expect(number("tend_queue_waiting", engine) ?? 0 > 0)
    }
    let observed = Bench(shelf: bench.shelf) { $0.unit = unit }
    try await observed.running { engine in
      let plan = try await engine.prepare(
        snapshot("r3", [item("a", content: "z")]), for: observed.unit)
      _ = try await flowing(observed.clock) { try await engine.apply(plan, by: "test") }
      #expect(number("tend_resources_drifting", engine) == 1)
    }
  }

  @Test("all that is counted or measured is described, with exactly these labels")
  func described() async throws {
    let bench = bench()
    try await changes()
    try await refreshes()
    let described = [String: MetricDescription](
      Engine.metricDescriptions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    #expect(described.count == Engine.metricDescriptions.count, "no name twice")
    for counter in counted.counters {
      #expect(described[counter.label]?.labels == counter.dimensions.map(\.0), "\(counter.label)")
      #expect(described[counter.label]?.kind == .counter)
    }
    for timer in counted.timers {
      #expect(described[timer.label]?.labels == timer.dimensions.map(\.0), "\(timer.label)")
      #expect(described[timer.label]?.kind == .histogram)
    }
    for sample in try bench.engine().metricSamples() {
      #expect(described[sample.name]?.labels == sample.labels.map(\.name), "\(sample.name)")
    }
    for description in Engine.metricDescriptions {
      #expect(description.name.hasPrefix("tend_"))
      #expect(description.name.hasSuffix("_total") == (description.kind == .counter))
      #expect(description.summary.hasSuffix("."))
    }
  }
}
