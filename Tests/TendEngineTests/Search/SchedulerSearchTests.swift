import Testing

@testable import TendEngine

@Suite(
  "Scheduler: every interleaving of a small scope", .serialized, .oneThread,
  .timeLimit(.minutes(10)))
struct SchedulerSearchTests {
  struct Wide: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let scope: SchedulerRig.Scope
  }

  static let wide = [
    Wide(
      testDescription: "two keys that are asked for at once and later, and fail",
      scope: .init(keys: 2, wishes: [.soon, .late], ends: [.done, .failed])),
    Wide(
      testDescription: "two keys of which something new is wanted, and that are given back",
      scope: .init(keys: 2, wishes: [.soon, .new], ends: [.done, .unstarted])),
    Wide(
      testDescription: "three keys for two workers",
      scope: .init(keys: 3, wishes: [.soon], ends: [.done, .again])),
  ]

  @Test("the real scheduler and the naive one agree in every state", arguments: wide)
  func exhaustive(_ wide: Wide) throws {
    let report = Search.exhaust(from: SchedulerHistory(wide.scope))
    print("\(wide.testDescription): \(report)")
    #expect(report.flaw == nil && !report.isCutShort, "\(report)")
    #expect(report.states > 100, "\(report)")
  }

  @Test("a planted mistake is found", arguments: SchedulerRig.Mistake.allCases)
  func planted(_ mistake: SchedulerRig.Mistake) throws {
    let scope = SchedulerRig.Scope(keys: 2, mistake: mistake)
    let report = Search.exhaust(from: SchedulerHistory(scope), limit: 8_000)
    #expect(report.flaw != nil, "\(report)")
  }
}
