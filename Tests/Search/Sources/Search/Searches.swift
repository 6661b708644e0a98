import Glibc

/// Searches all scenarios with two crashes and two changes by others, and prints what came of it as
/// `name=value`; `Search CRASHES EDITS [SCENARIO]` does with others, or one scenario by its number.
///
/// Exit status 1 where something does not hold or the search was cut short.
@main
struct Searches {
  static func main() {
    let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
    let budget = ReconcileModel.Budget(
      crashes: numbers.first ?? 2, edits: numbers.count > 1 ? numbers[1] : 2)
    let chosen = numbers.count > 2 ? numbers[2] : nil
    var total = (states: 0, steps: 0, depth: 0, failed: 0)
    let clock = ContinuousClock()
    let start = clock.now
    for (number, scenario) in Scenario.all.enumerated() where chosen ?? number == number {
      guard let catalog = try? Catalog(scenario) else { fatalError("\(scenario) can't be staged") }
      let begin = clock.now
      let report = Search.sweep(from: ReconcileModel(catalog, budget)) { report in
        note("\(scenario): \(report), \(clock.now - begin)")
      }
      note("\(scenario): \(report), in \(clock.now - begin)")
      total.states += report.states
      total.steps += report.steps
      total.depth = max(total.depth, report.depth)
      total.failed += report.flaw == nil && !report.isCutShort ? 0 : 1
    }
    let seconds = (clock.now - start) / .seconds(1)
    print(
      "states=\(total.states) steps=\(total.steps) depth=\(total.depth) failed=\(total.failed) "
        + "seconds=\(seconds)")
    exit(total.failed == 0 ? 0 : 1)
  }

  /// Progress goes to standard error.
  private static func note(_ text: String) {
    let line = Array((text + "\n").utf8)
    _ = write(STDERR_FILENO, line, line.count)
  }
}
