import Tend
import TendEngine
import Testing

@testable import TendCLI

@Suite("What a plan from a path may delete")
struct ScopeTests {
  private static func refusal(
    path: String, origins: [String: String], deleting revisions: [String]
  ) -> PlanRefusal? {
    let records = origins.sorted { $0.key < $1.key }.map { id, origin in
      RevisionRecord(
        unit: "web", revision: Revision(id: id, message: origin),
        seenAt: Timestamp(seconds: 0), changedAt: Timestamp(seconds: 0), state: .converged,
        by: "ada")
    }
    let changes = revisions.map { id in
      PlannedChange(
        reference: Reference(kind: "files/v1 File", name: id), identity: id, action: .delete,
        cause: .revision, place: Place(file: "a.yaml", line: 1, column: 1), revision: id)
    }
    return Scope(path: path, isNamed: false).refusal(of: "web", deleting: changes, records: records)
  }

  @Test("the table of scopes")
  func table() {
    let origins = ["1": "/srv/one", "2": "/srv/two", "3": "/srv/one/part", "4": "Say hello"]
    let rows: [(path: String, deleting: [String], isRefused: Bool, reason: String)] = [
      ("/srv/one", ["1"], false, "declared here before"),
      ("/srv/one", ["3"], false, "declared below it before"),
      ("/srv/one", ["2"], true, "declared elsewhere"),
      ("/srv/one", ["1", "2"], false, "some of it was declared here"),
      ("/srv/on", ["1"], true, "a path that only begins alike"),
      ("/srv/two", ["1", "3"], true, "all of it was declared elsewhere"),
      ("/srv/two", ["4"], false, "by a repository: nobody knows where"),
      ("/srv/two", ["9"], false, "by a revision that history no longer has"),
    ]
    for row in rows {
      let refusal = Self.refusal(path: row.path, origins: origins, deleting: row.deleting)
      #expect((refusal != nil) == row.isRefused, "\(row.reason)")
    }
  }

  @Test("the refusal names both paths and the remedy")
  func message() {
    let refusal = Self.refusal(path: "/srv/b", origins: ["1": "/srv/a"], deleting: ["1"])
    #expect(refusal?.reason == "OutsidePath")
    #expect(
      refusal?.message == "unit web was declared in /srv/a, and /srv/b would delete all of it; "
        + "name the unit that is meant with --unit")
  }
}
