import Tend
import TendAgent
import TendEngine
import Testing

@testable import TendCLI

@Suite("States for people")
struct StatusTextTests {
  private static func resource(_ name: String, unit: String = "web") -> ResourceStatus {
    ResourceStatus(
      unit: unit, reference: Reference(kind: "files/v1 File", name: name), identity: "/etc/\(name)",
      revision: "4f2a9c01d3ff", place: "a.yaml:3:1", isDeclared: true, isAdopted: true,
      conditions: [
        Condition(.ready, .no, reason: "Waiting"), Condition(.inSync, .unknown, reason: "Waiting"),
        Condition(.reconciling, .yes, reason: "Waiting", message: "for Directory/etc"),
        Condition(.stalled, .no, reason: "Working"),
      ],
      dependsOn: ["Directory/etc", "File/b"], waitsFor: ["Directory/etc"],
      lastChange: Timestamp(seconds: 0), nextReconcile: .seconds(90), failures: 2,
      details: ["size": "12 bytes", "inode": "7"])
  }

  @Test("a table is aligned, and names the unit only where there are several")
  func table() {
    let text = ResourceText().table([Self.resource("a"), Self.resource("longer")])
    #expect(
      text == """
        RESOURCE     READY  INSYNC   STATUS
        File/a       False  Unknown  Waiting: for Directory/etc
        File/longer  False  Unknown  Waiting: for Directory/etc

        """)
    let several = ResourceText().table([Self.resource("a"), Self.resource("a", unit: "db")])
    #expect(several.hasPrefix("UNIT  RESOURCE  READY"))
    #expect(ResourceText().table([]) == "No resources.\n")
  }

  @Test("a description has all that is known, a line each")
  func description() {
    #expect(
      ResourceText().description(of: Self.resource("a")) == """
        File/a
          kind               files/v1 File
          identity           /etc/a
          unit               web
          declared at        a.yaml:3:1
          revision           4f2a9c01d3
          adopted            it was there before it was declared
          Ready              False  Waiting
          InSync             Unknown  Waiting
          Reconciling        True  Waiting: for Directory/etc
          Stalled            False  Working
          depends on         Directory/etc
                             File/b
          waits for          Directory/etc
          last change        1970-01-01T00:00:00.000Z
          next look          in 1m30s
          failures in a row  2
          inode              7
          size               12 bytes

        """)
  }

  @Test("a refused revision is shown with what it would delete, and how to let it pass")
  func refusal() {
    let unit = UnitStatus(
      name: "web", source: "/srv/web.git, branch main",
      revision: Revision(id: "aaaaaaaaaaaa", author: "Ada", message: "Say hello"),
      conditions: [
        Condition(.stalled, .yes, reason: "DeletionBudget", message: "would delete 12 of 20")
      ],
      resources: 20, ready: 20, stalled: 0,
      refused: UnitRecord.Refusal(
        revision: Revision(id: "bbbbbbbbbbbb"), plan: "d",
        deletions: (1...12).map { "File/f\($0)" }, count: 12),
      lastRefresh: .seconds(3), nextRefresh: .seconds(27))
    #expect(
      UnitText().paragraphs([unit])
        == """
        web
          source          /srv/web.git, branch main
          revision        aaaaaaaaaa  Say hello  (Ada)
          resources       20, 20 Ready, 0 Stalled
          answered        3.0s ago, asked again in 27s
          Stalled         True  DeletionBudget: would delete 12 of 20
          refused         bbbbbbbbbb would delete 12:
                          File/f1
                          File/f2
                          File/f3
                          File/f4
                          File/f5
                          File/f6
                          File/f7
                          File/f8
                          File/f9
                          File/f10
                          and 2 more
          to let it pass  tend approve web bbbbbbbbbb

        """.replacing("3.0s", with: Duration.seconds(3).brief))
  }

  @Test("an event is one line: when, what, why, how it ended")
  func event() {
    let event = Event(
      time: Timestamp(seconds: 0), unit: "web", resource: "File/a", kind: .update, cause: .drift,
      fields: ["content", "mode"], result: "transient", duration: .milliseconds(12),
      message: "disk full")
    #expect(
      EventText().line(event)
        == "1970-01-01T00:00:00.000Z update File/a (content, mode) for drift transient in 12ms: "
        + "disk full")
  }

  @Test("a report says what was done and what was not, with its place")
  func report() {
    let report = ReportDocument(
      ApplyReport(
        done: [],
        problems: [
          PlanProblem(
            reference: Reference(kind: "files/v1 File", name: "a"),
            place: Place(file: "a.yaml", line: 3, column: 1), code: "notPermitted",
            message: "/etc/a can't be written; run as root")
        ], duration: .seconds(2)))
    #expect(
      ReportText(prefix: "d/").render(report) == """
        d/a.yaml:3:1: error: File/a: /etc/a can't be written; run as root
        Not converged in \(Duration.seconds(2).brief). Nothing was changed.

        """)
  }

  @Test("diagnostics are as compilers print them, with the other place below")
  func diagnostics() {
    let diagnostic = Diagnostic(
      .duplicateName, at: Place(file: "b.yaml", line: 2, column: 3), "File/a is declared twice",
      remedy: "rename one", related: [Place(file: "a.yaml", line: 1, column: 1)])
    #expect(
      DiagnosticText(prefix: "d/").render(diagnostic) == """
        d/b.yaml:2:3: error: File/a is declared twice; rename one
        d/a.yaml:1:1: note: see also here

        """)
    #expect(
      DiagnosticText().render(Failure("Store", "locked", remedy: "stop the agent"))
        == "error: locked; stop the agent\n")
  }
}
