import Glibc

/// Searches all scenarios with two crashes and two changes by others, and prints what came of it as
/// `name=value`; `Search CRASHES EDITS [SCENARIO]` does with others, or one scenario by its number.
///
/// `Search scheduler [KEYS]` searches all states of the scheduler with three keys, or as many, and
/// `Search planted` for each planted mistake. Exit status 1 where something does not hold, the
/// search was cut short, or a mistake was not found.
@main
struct Searches {
  static func main() throws {
    let words = CommandLine.arguments.dropFirst()
    let numbers = words.compactMap { Int($0) }
    var searches = Searches()
    switch words.first {
    case "planted": try planted()
    case "scheduler":
      let start = SchedulerHistory(.init(keys: numbers.first ?? 3))
      searches.run("the scheduler") { _ in Search.exhaust(from: start, limit: .max) }
    default:
      let budget = ReconcileModel.Budget(
        crashes: numbers.first ?? 2, edits: numbers.count > 1 ? numbers[1] : 2)
      let chosen = numbers.count > 2 ? numbers[2] : nil
      for (number, scenario) in Scenario.all.enumerated() where chosen ?? number == number {
        let start = ReconcileModel(try Catalog(scenario), budget)
        searches.run(scenario.description) { Search.sweep(from: start, tell: $0) }
      }
    }
    searches.end()
  }

  private let clock = ContinuousClock()
  private let start = ContinuousClock.now
  private var (states, steps, depth, failed) = (0, 0, 0, 0)

  /// Searches, and tells of what came of it, and of the progress that it is told of.
  private mutating func run<State: Searched>(
    _ name: String,
    _ search: ((Search<State>.Report) -> Void) -> Search<State>.Report
  ) {
    let begin = clock.now
    let report = search { report in Self.note("\(name): \(report), \(clock.now - begin)") }
    Self.note("\(name): \(report), in \(clock.now - begin)")
    states += report.states
    steps += report.steps
    depth = max(depth, report.depth)
    failed += report.flaw == nil && !report.isCutShort ? 0 : 1
  }

  private func end() -> Never {
    let seconds = (clock.now - start) / .seconds(1)
    print(
      "states=\(states) steps=\(steps) depth=\(depth) failed=\(failed) seconds=\(seconds)")
    exit(failed == 0 ? 0 : 1)
  }

  /// Whether each planted mistake is found in one of the scenarios.
  private static func planted() throws -> Never {
    let missed = try Mistake.allCases.filter { mistake in
      try !Scenario.all.contains { scenario in
        let start = ReconcileModel(try Catalog(scenario), mistake.budget, mistake: mistake)
        return Search.exhaust(from: start, limit: 30_000).flaw != nil
      }
    }
    for mistake in missed { note("not found: \(mistake.rawValue)") }
    print("planted=\(Mistake.allCases.count) missed=\(missed.count)")
    exit(missed.isEmpty ? 0 : 1)
  }

  /// Progress goes to standard error.
  private static func note(_ text: String) {
    let line = Array((text + "\n").utf8)
    _ = write(STDERR_FILENO, line, line.count)
  }
}
