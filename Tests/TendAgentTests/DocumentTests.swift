import Tend
import TendEngine
import Testing

@testable import TendAgent

@Suite("JSON shapes")
struct DocumentTests {
  private static let plan = Plan(
    unit: "web", revision: Revision(id: "abc"), changes: [.sample],
    refused: [PlanRefusal(reason: "DeletionBudget", message: "12 of 40")],
    errors: [
      PlanProblem(
        reference: Reference(kind: "files/v1 File", name: "odd"),
        place: Place(file: "a.yaml", line: 1, column: 1), code: "permanent", message: "a FIFO")
    ],
    unchanged: 4, digest: "d1")

  private static let planJSON = """
    {
      "apiVersion": "tend/v1",
      "unit": "web",
      "revision": "abc",
      "digest": "d1",
      "changes": [
        {
          "apiVersion": "files/v1",
          "kind": "File",
          "name": "motd",
          "identity": "/etc/motd",
          "action": "update",
          "adopts": true,
          "cause": "revision",
          "differences": [
            {
              "path": "mode",
              "actual": "0600",
              "desired": "0644",
              "place": {
                "file": "web.yaml",
                "line": 9,
                "column": 9
              }
            },
            {
              "path": "content",
              "sensitive": true
            }
          ],
          "source": {
            "file": "web.yaml",
            "line": 3,
            "column": 1,
            "revision": "abc"
          },
          "losesData": false
        }
      ],
      "refused": [
        {
          "reason": "DeletionBudget",
          "message": "12 of 40"
        }
      ],
      "errors": [
        {
          "apiVersion": "files/v1",
          "kind": "File",
          "name": "odd",
          "source": {
            "file": "a.yaml",
            "line": 1,
            "column": 1
          },
          "code": "permanent",
          "message": "a FIFO"
        }
      ],
      "summary": {
        "create": 0,
        "update": 1,
        "replace": 0,
        "delete": 0,
        "orphan": 0,
        "unknown": 0,
        "unchanged": 4
      }
    }
    """

  @Test("a plan is as the contract says")
  func plan() throws {
    let json = try ValueEncoder().encode(PlanDocument(Self.plan)).prettyJSON
    #expect(json == Self.planJSON)
  }

  @Test("a plan that travelled is the plan that was sent")
  func travelling() throws {
    let sent = try ValueEncoder().encode(PlanDocument(Self.plan)).json
    let received = try ValueDecoder().decode(PlanDocument.self, from: Value(json: sent))
    #expect(received.plan == Self.plan)
  }

  @Test("a resource in a list is as the contract says")
  func resource() throws {
    let status = ResourceStatus(
      unit: "web", reference: Reference(kind: "files/v1 File", name: "motd"),
      identity: "/etc/motd", revision: "abc", place: "a.yaml:1:1", isDeclared: true,
      isAdopted: false,
      conditions: [
        Condition(
          .ready, .yes, reason: "Ready", message: "as declared", observedRevision: "abc",
          lastTransitionTime: noon)
      ],
      nextReconcile: .seconds(30))
    let value = try ValueEncoder().encode(ItemList([status]))
    #expect(value.value(at: "apiVersion") == "tend/v1")
    let item = try #require(value.value(at: "items[0]"))
    for (path, expected): (String, Value) in [
      ("unit", "web"), ("apiVersion", "files/v1"), ("kind", "File"), ("name", "motd"),
      ("revision", "abc"), ("conditions[0].type", "Ready"), ("conditions[0].status", "True"),
      ("conditions[0].reason", "Ready"), ("conditions[0].message", "as declared"),
      ("conditions[0].observedRevision", "abc"),
      ("conditions[0].lastTransitionTime", .string(noon.description)),
    ] {
      #expect(item.value(at: path) == expected, "\(path)")
    }
    #expect(try ValueDecoder().decode(ItemList<ResourceStatus>.self, from: value).items == [status])
  }

  @Test(
    "every request survives its way over the socket",
    arguments: [
      ControlRequest.agent, .units, .resources(unit: nil, resource: "File/motd"),
      .diff(unit: "web", resource: nil), .events(unit: nil, resource: nil, after: 7, limit: 10),
      .revisions(unit: "web", limit: 3), .approve(unit: "web", revision: "abcdefg"),
      .forget(unit: nil, resource: "File/motd"), .reconcile(unit: "web", resource: nil),
      .refresh(unit: nil),
      .apply(
        files: DesiredFiles(
          unit: "other", prunes: false, revision: Revision(id: "x", time: noon),
          manifests: [.init(path: "a.yaml", text: "a: ä\n")],
          contents: [.init(path: "b", base64: "AAE=")]), digest: "d"),
    ])
  func requests(request: ControlRequest) throws {
    let line = try ValueEncoder().encode(request).json
    #expect(try ValueDecoder().decode(ControlRequest.self, from: Value(json: line)) == request)
  }

  @Test("diagnostics survive their way over the socket")
  func diagnostics() throws {
    let diagnostic = Diagnostic(
      .duplicateName, at: Place(file: "b.yaml", line: 2, column: 3), "File/motd is declared twice",
      remedy: "rename one", related: [Place(file: "a.yaml", line: 1, column: 1)])
    let failure = Failure(Diagnostics([diagnostic]))
    let line = try ValueEncoder().encode(failure).json
    let received = try ValueDecoder().decode(Failure.self, from: Value(json: line))
    #expect(received.diagnostics.map(\.diagnostic) == [diagnostic])
  }
}
