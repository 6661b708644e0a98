import Foundation

/// How fast interleavings are searched, and what is found in them.
///
/// The search sees what is internal to the engine, so it is a program of its own, which
/// `Tests/search` builds.
enum SearchBenchmarks {
  static let all = [interleavings, planted]

  private static let program = ProcessInfo.processInfo.environment["SEARCH"] ?? "Search"

  static let interleavings = Benchmark(
    name: "search",
    what: "every interleaving of three resources, two revisions, a crash and a change by others",
    needs: [program],
    figures: [
      .rate("states"), Benchmark.Figure(name: "step", unit: .nanoseconds),
      Benchmark.Figure(name: "met", unit: .count, risesWithQuality: true),
      Benchmark.Figure(name: "found", unit: .count, aim: 0),
    ]
  ) { percent in
    let figures = try Program.figures(program, ["1", percent < 100 ? "0" : "1"])
    let (states, seconds) = (figures["states"] ?? 0, figures["seconds"] ?? 0)
    return [
      "states": states / seconds, "step": seconds * 1e9 / (figures["steps"] ?? 1), "met": states,
      "found": figures["failed"] ?? -1,
    ]
  }

  static let planted = Benchmark(
    name: "search-planted",
    what: "the same with a mistake planted around the decisions, one after the other",
    needs: [program],
    figures: [
      Benchmark.Figure(name: "planted", unit: .count, risesWithQuality: true),
      Benchmark.Figure(name: "missed", unit: .count, aim: 0),
    ]
  ) { _ in try Program.figures(program, ["planted"]) }
}
