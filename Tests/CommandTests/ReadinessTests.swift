import Tend
import TendEngine
import Testing

@testable import TendCLI

@Suite("What tend wait decides")
struct ReadinessTests {
  private static let good = [
    Condition(.ready, .yes, reason: "Ready"), Condition(.stalled, .no, reason: "Working"),
  ]

  private static func bad(_ reason: String, about revision: String?) -> [Condition] {
    [
      Condition(.ready, .no, reason: reason, message: "why"),
      Condition(.stalled, .yes, reason: reason, message: "why", observedRevision: revision),
    ]
  }

  private static func web(
    _ revision: String?, _ conditions: [Condition], ready: Int = 2, suspended: Int = 0
  ) -> UnitStatus {
    UnitStatus(
      name: "web", source: nil, revision: revision.map { Revision(id: $0) },
      conditions: conditions, resources: 2, ready: ready, stalled: 0, suspended: suspended)
  }

  private static let old = "aaaaaaaaaaaa"
  private static let new = "bbbbbbbbbbbb"

  @Test(
    "a unit is Ready, waits, or is Stalled, at the revision that was asked for",
    arguments: [
      (web(old, good), nil, .ready, "no revision was asked for"),
      (web(old, bad("Invalid", about: new)), nil, .stalled("Invalid: why"), "any trouble counts"),
      (web(nil, good), new, .waiting("no revision is in force"), "nothing is in force"),
      (web(old, good), new, .waiting("revision aaaaaaaaaa is in force"), "it is to come"),
      (web(new, good), "bbbbbbb", .ready, "it is there"),
      (web(old, good), "aaaaaaab", .waiting("revision aaaaaaaaaa is in force"), "another one"),
      (
        web(old, bad("ResourcesStalled", about: old), ready: 1), new,
        .waiting("revision aaaaaaaaaa is in force; ResourcesStalled: why"),
        "it may mend what is stalled now"
      ),
      (web(old, bad("Invalid", about: new)), new, .stalled("Invalid: why"), "it can't be used"),
      (
        web(old, bad("Missing", about: nil)), new,
        .waiting("revision aaaaaaaaaa is in force; Missing: why"), "the source may come back"
      ),
      (
        web(new, bad("ResourcesStalled", about: new), ready: 1), new,
        .stalled("ResourcesStalled: why"), "a resource of it is stalled"
      ),
      (
        web(new, bad("Invalid", about: "cccccccccccc")), new, .ready,
        "what comes after it does not count"
      ),
      (web(new, bad("Missing", about: nil)), new, .ready, "nor that the remote is gone now"),
      (web(new, good, ready: 1, suspended: 1), new, .ready, "what is suspended holds nothing"),
    ] as [(UnitStatus, String?, Readiness, String)])
  func decision(unit: UnitStatus, revision: String?, readiness: Readiness, reason: String) {
    #expect(Readiness(unit, at: revision) == readiness, "\(reason)")
  }

  private static func record(
    _ id: String, _ state: RevisionRecord.State, at seconds: Int64
  ) -> RevisionRecord {
    RevisionRecord(
      unit: "web", revision: Revision(id: id), seenAt: Timestamp(seconds: 1),
      changedAt: Timestamp(seconds: seconds), state: state, by: "git", message: "why")
  }

  @Test(
    "a revision that came and went while it was waited for counts by how it went",
    arguments: [
      ([record(new, .applying, at: 20), record(old, .converged, at: 15)], .ready, "it was Ready"),
      (
        [record(new, .applying, at: 20), record(old, .superseded, at: 15)],
        .stalled("Superseded: why"), "it never will be"
      ),
      ([record(new, .applying, at: 20), record(old, .converged, at: 5)], nil, "that was before"),
      ([record(new, .applying, at: 20)], nil, "nobody has seen it"),
    ] as [([RevisionRecord], Readiness?, String)])
  func passed(history: [RevisionRecord], readiness: Readiness?, reason: String) {
    let now = Readiness(history, of: Self.old, since: Timestamp(seconds: 10))
    #expect(now == readiness, "\(reason)")
  }

  @Test("only what is new, different or gone is shown again")
  func changes() {
    var changes = Changes<UnitStatus>()
    func named(_ name: String, _ change: (inout UnitStatus) -> Void = { _ in }) -> UnitStatus {
      var unit = Self.web(Self.old, Self.good)
      unit.name = name
      change(&unit)
      return unit
    }
    #expect(changes.isEmpty)
    #expect(changes.take([named("a"), named("b")]).map(\.name) == ["a", "b"])
    #expect(changes.take([named("a") { $0.nextRefresh = .seconds(3) }, named("b")]).isEmpty)
    let third = changes.take([named("a"), named("c"), named("b") { $0.ready = 1 }])
    #expect(third.map(\.name) == ["c", "b"])
    let last = changes.take([named("b") { $0.ready = 1 }])
    #expect(last.map(\.name) == ["a", "c"])
    #expect(last.allSatisfy { $0.conditions.headline == "Gone" })
  }
}
