import TendSimulation

/// How much operation a second simulates.
enum SimulationBenchmark {
  static let all = [rehearsal]

  static let rehearsal = Benchmark(
    name: "simulation",
    what: "a year of an agent with 16 resources in simulated worlds, everything going wrong",
    figures: [
      .rate("steps"),
      Benchmark.Figure(name: "days", unit: .count, risesWithQuality: true),
      Benchmark.Figure(name: "step", unit: .nanoseconds),
      Benchmark.Figure(name: "faults", unit: .count, risesWithQuality: true),
      Benchmark.Figure(name: "lives", unit: .count, risesWithQuality: true),
      Benchmark.Figure(name: "found", unit: .count, aim: 0),
    ]
  ) { percent in
    var settings = Rehearsal.Settings()
    settings.days = max(3, Int(365 * percent / 100))
    settings.calmEvery = min(10, settings.days)
    let begin = Measure.now()
    let report = try Rehearsal(settings) {
      [SimulatedFiles(), SimulatedProcesses(), SimulatedService()]
    }.run()
    let seconds = Double(Measure.now() - begin) / 1e9
    return [
      "steps": Double(report.steps) / seconds,
      "days": Double(report.time.components.seconds) / 86_400 / seconds,
      "step": seconds * 1e9 / Double(max(1, report.steps)),
      "faults": Double(report.faults), "lives": Double(report.lives),
      "found": Double(report.findings.count),
    ]
  }
}
