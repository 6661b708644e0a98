import Tend
import Testing

@testable import TendEngine

@Suite("What a unit may touch")
struct AllowTests {
  private static let place = Place(file: "agent.yaml", line: 7, column: 3)

  private static func confinement(_ allow: Allow) throws -> Confinement {
    var unit = Unit("web")
    unit.policy.allow = allow
    return try #require(Confinement(unit))
  }

  private static func refusal(_ body: () throws(ProviderError) -> Void) -> ProviderError? {
    do {
      try body()
      return nil
    } catch {
      return error
    }
  }

  @Test("paths are held to by whole names, and never where they lead upward")
  func paths() throws {
    let confinement = try Self.confinement(
      Allow(accesses: [.path: [.init("/srv/web/"), .init("/etc/web.conf", at: Self.place)]]))
    let rows: [(path: String, isAllowed: Bool)] = [
      ("/srv/web", true), ("/srv/web/a/b", true), ("/etc/web.conf", true), ("/srv/website", false),
      ("/srv", false), ("/etc/web.conf.d", false), ("/srv/web/../../etc/passwd", false),
      ("/", false),
    ]
    for row in rows {
      let error = Self.refusal { () throws(ProviderError) in
        try confinement.check(Access(.path, row.path, field: "path"))
      }
      #expect((error == nil) == row.isAllowed, "\(row.path)")
      #expect(error?.code == (row.isAllowed ? nil : .notPermitted), "\(row.path)")
    }
  }

  @Test("the error names what was refused, the unit, the line that refuses, and what it allows")
  func message() throws {
    let confinement = try Self.confinement(
      Allow(accesses: [.path: [.init("/srv/web", at: Self.place)]]))
    let error = Self.refusal { () throws(ProviderError) in
      try confinement.check(Access(.path, "/etc/passwd", field: "path"))
    }
    #expect(
      error?.message
        == "path /etc/passwd is not allowed for unit web: agent.yaml:7:3 allows /srv/web")
    #expect(error?.field == "path")
  }

  @Test("T07: what is not named is refused, whatever else is named")
  func nothing() throws {
    let confinement = try Self.confinement(Allow(at: Self.place))
    for kind in Access.Kind.allCases {
      let error = Self.refusal { () throws(ProviderError) in
        try confinement.check(Access(kind, "x"))
      }
      let refused = "\(kind.rawValue) x is not allowed for unit web"
      #expect(error?.message == "\(refused): agent.yaml:7:3 allows none")
    }
  }

  @Test("a kind must be named where kinds are, or where nobody says what it touches")
  func kinds() throws {
    let file = KindName(apiVersion: "files/v1", kind: "File")
    let rows: [(kinds: [String]?, isConfining: Bool, isAllowed: Bool)] = [
      (nil, true, true), (nil, false, false), (["File"], false, true),
      (["files/v1/File"], true, true), (["files/v2/File"], true, false), ([], true, false),
      (["Directory"], true, false),
    ]
    for row in rows {
      let confinement = try Self.confinement(Allow(kinds: row.kinds?.map { .init($0) }))
      let error = Self.refusal { () throws(ProviderError) in
        try confinement.check(file, isConfining: row.isConfining)
      }
      #expect((error == nil) == row.isAllowed, "\(row)")
    }
  }

  @Test("a unit without limits has no confinement")
  func unlimited() { #expect(Confinement(Unit("web")) == nil) }

  @Test("what is refused is neither looked at nor changed, in plans, applies and deletions")
  func engine() async throws {
    let bench = Bench()
    try await bench.apply("r1", [item("a"), item("b")])
    bench.shelf.forgetCalls()
    let confined: (inout Unit) -> Void = { unit in
      unit.policy.allow = Allow(kinds: [.init("Box", at: Self.place)])
      unit.policy.allowedDeletions = 5
    }
    let plan = try await bench.plan("r2", [item("a", content: "new"), box("c")], confined)
    #expect(plan.changes.map(\.identity) == ["c"])
    #expect(plan.errors.map(\.code) == ["notPermitted", "notPermitted"])
    #expect(plan.errors.first?.message.contains("agent.yaml:7:3") == true)
    let report = try await bench.apply("r2", [item("a", content: "new"), box("c")], confined)
    #expect(!report.converged)
    #expect(bench.shelf.calls.allSatisfy { $0.path == "c" }, "\(bench.shelf.calls)")
    #expect(bench.shelf.paths == ["a", "b", "c"])
  }
}
