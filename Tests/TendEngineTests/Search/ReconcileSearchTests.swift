import Testing

@testable import TendEngine

/// All of `exhaustive` is searched to its end; of `nearest` as much as 15,000 states are, those
/// after the fewest steps first.
///
/// `Tests/search` goes on with what lies beyond them.
@Suite(
  "T20: every interleaving of a small scope", .serialized, .oneThread, .timeLimit(.minutes(10)))
struct ReconcileSearchTests {
  private func search(
    _ scenario: Scenario, _ budget: ReconcileModel.Budget, limit: Int = 1_000_000,
    mistake: Mistake? = nil
  ) throws -> Search<ReconcileModel>.Report {
    Search.exhaust(
      from: ReconcileModel(try Catalog(scenario), budget, mistake: mistake), limit: limit)
  }

  @Test(
    "every interleaving of three resources, two revisions and a crash keeps what is promised",
    arguments: Scenario.all)
  func exhaustive(_ scenario: Scenario) throws {
    let report = try search(scenario, .init(crashes: 1, edits: 0))
    print("\(scenario): \(report)")
    #expect(report.flaw == nil && !report.isCutShort, "\(report)")
    #expect(report.states > 1000, "\(report)")
  }

  @Test(
    "the nearest states of two crashes and two edits beside that keep it too",
    arguments: Scenario.all)
  func nearest(_ scenario: Scenario) throws {
    let report = try search(scenario, .init(crashes: 2, edits: 2), limit: 15_000)
    #expect(report.flaw == nil, "\(report)")
  }

  @Test("whichever way it goes, it meets the same number of states", arguments: Scenario.all)
  func ways(_ scenario: Scenario) throws {
    let start = ReconcileModel(try Catalog(scenario), .init(crashes: 0, edits: 0))
    let (wide, deep) = (Search.exhaust(from: start), Search.sweep(from: start))
    #expect(wide.states == deep.states && wide.steps == deep.steps && deep.flaw == nil)
  }

  @Test("a planted mistake is found, with a shortest history", arguments: Mistake.allCases)
  func planted(_ mistake: Mistake) throws {
    var reports: [Search<ReconcileModel>.Report] = []
    for scenario in Scenario.all {
      let report = try search(scenario, mistake.budget, limit: 30_000, mistake: mistake)
      if report.flaw != nil { return }
      reports.append(report)
    }
    Issue.record("it was not found: \(reports)")
  }
}

extension Mistake: CustomTestStringConvertible {
  var testDescription: String { rawValue }
}
