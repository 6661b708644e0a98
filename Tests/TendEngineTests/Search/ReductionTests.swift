import Testing

@testable import TendEngine

/// That what the reduced search leaves out makes no difference, by searches of a scope in which
/// nothing need be left out.
@Suite(
  "T20: the reduced search and the unreduced one agree", .serialized, .oneThread,
  .timeLimit(.minutes(10)))
struct ReductionTests {
  private struct Search {
    /// What is the case in the states in which nothing goes on.
    var outcomes: Set<Mark> = []
    var flaw: Flaw?
    var states = 0
  }

  private func search(
    _ budget: ReconcileModel.Budget, isReduced: Bool, mistake: Mistake? = nil
  ) throws -> Search {
    let start = ReconcileModel(
      try Catalog(.pair), budget, mistake: mistake, isReduced: isReduced)
    var search = Search()
    let report = TendEngineTests.Search.exhaust(from: start) { state in
      if state.isQuiet { search.outcomes.insert(state.outcome) }
    }
    #expect(!report.isCutShort)
    (search.flaw, search.states) = (report.flaw, report.states)
    return search
  }

  @Test(
    "both end in the same states, whoever dies or interferes",
    arguments: [
      ReconcileModel.Budget(crashes: 1, edits: 0), ReconcileModel.Budget(crashes: 0, edits: 1),
    ])
  func outcomes(_ budget: ReconcileModel.Budget) throws {
    let reduced = try search(budget, isReduced: true)
    let unreduced = try search(budget, isReduced: false)
    #expect(reduced.flaw == nil && unreduced.flaw == nil)
    #expect(reduced.outcomes == unreduced.outcomes && reduced.outcomes.count > 4)
    #expect(unreduced.states > 2 * reduced.states)
  }

  @Test("both find a planted mistake, or neither does", arguments: Mistake.allCases)
  func planted(_ mistake: Mistake) throws {
    let budget = ReconcileModel.Budget(crashes: 1, edits: 0)
    let reduced = try search(budget, isReduced: true, mistake: mistake)
    let unreduced = try search(budget, isReduced: false, mistake: mistake)
    #expect(reduced.flaw == unreduced.flaw)
    if reduced.flaw == nil { #expect(reduced.outcomes == unreduced.outcomes) }
  }
}
