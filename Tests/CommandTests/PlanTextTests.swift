import Tend
import TendEngine
import Testing

@testable import TendCLI

@Suite("Plans for people")
struct PlanTextTests {
  private static func change(
    _ action: PlannedChange.Action, _ name: String, adopts: Bool = false,
    cause: Event.Cause = .revision, note: String? = nil, losesData: Bool = false,
    _ differences: [Difference] = []
  ) -> PlannedChange {
    PlannedChange(
      reference: Reference(kind: "files/v1 File", name: name), identity: "/etc/\(name)",
      action: action, adopts: adopts, cause: cause,
      differences: differences.enumerated().map { index, difference in
        PlannedDifference(difference, place: Place(file: "a.yaml", line: 10 + index, column: 9))
      },
      place: Place(file: "a.yaml", line: 1, column: 1), revision: "r", note: note,
      losesData: losesData)
  }

  private static func render(_ changes: [PlannedChange], unchanged: Int = 2) -> String {
    PlanText(prefix: "d/").render(
      Plan(unit: "web", revision: Revision(id: "r"), changes: changes, unchanged: unchanged))
  }

  @Test("every action says what it is")
  func actions() {
    let text = Self.render([
      Self.change(.create, "new", [.init(path: "mode", actual: .absent, desired: .value("0644"))]),
      Self.change(
        .update, "old", cause: .drift,
        [.init(path: "mode", actual: .value("0600"), desired: .value("0644"))]),
      Self.change(
        .replace, "kind",
        [
          .init(
            path: "kind", actual: .value("directory"), desired: .value("file"),
            forcesReplacement: true)
        ]),
      Self.change(.delete, "gone", losesData: true),
      Self.change(.orphan, "given"),
      Self.change(.unknown, "later", note: "waits for Directory/etc"),
    ])
    #expect(
      text == """
        + File/new  /etc/new  (d/a.yaml:1:1)
            mode: "0644"  (d/a.yaml:10:9)

        ~ File/old  /etc/old  (d/a.yaml:1:1)
            changed since it was applied, without a new revision
            mode: "0600" -> "0644"  (d/a.yaml:10:9)

        -/+ File/kind  /etc/kind  (d/a.yaml:1:1)
            kind: "directory" -> "file"  (d/a.yaml:10:9)  forces a replacement

        - File/gone  /etc/gone  (d/a.yaml:1:1)
            no longer declared: it is deleted
            data that only it holds is lost

        o File/given  /etc/given  (d/a.yaml:1:1)
            no longer declared: it stays as it is, no longer owned

        ? File/later  /etc/later  (d/a.yaml:1:1)
            not known before what it depends on is there
            waits for Directory/etc

        1 to create, 1 to update, 1 to replace, 1 to delete, 1 to give up, 1 not known yet; \
        2 resources are as declared.

        """)
  }

  @Test("adoption is said in words, with and without a change")
  func adoption() {
    let text = Self.render([
      Self.change(.update, "same", adopts: true),
      Self.change(
        .update, "other", adopts: true,
        [.init(path: "mode", actual: .value("0600"), desired: .value("0644"))]),
    ])
    #expect(text.contains("exists already and is not owned yet: it is adopted as it is\n"))
    #expect(
      text.contains(
        "exists already and is not owned yet: it is adopted and changed, after a backup\n"))
  }

  @Test("what is hidden stays hidden, and its outline is shown")
  func hidden() {
    let text = Self.render([
      Self.change(
        .update, "token",
        [
          .init(
            path: "content", actual: .masked, desired: .masked,
            text: .init(actual: "hunter1", desired: "hunter2"),
            outline: .init(actual: "7 bytes, keyed:a1", desired: "7 bytes, keyed:b2")),
          .init(path: "key", actual: .absent, desired: .masked),
          .init(path: "id", actual: .value("x"), desired: .unknown),
        ])
    ])
    #expect(!text.contains("hunter"))
    #expect(
      text.contains(
        "content: (sensitive, 7 bytes, keyed:a1) -> (sensitive, 7 bytes, keyed:b2)  (d/a.yaml"))
    #expect(text.contains("key: (none) -> (sensitive)"))
    #expect(text.contains("id: \"x\" -> (known after it is made)"))
  }

  @Test(
    "a plan without changes says so in one line",
    arguments: [
      (0, "No changes. Nothing is declared.\n"), (1, "No changes. 1 resource is as declared.\n"),
      (7, "No changes. 7 resources are as declared.\n"),
    ])
  func nothing(unchanged: Int, text: String) {
    #expect(Self.render([], unchanged: unchanged) == text)
  }

  @Test("errors and refusals stand below the changes")
  func refused() {
    let plan = Plan(
      unit: "web", revision: Revision(id: "r"), changes: [],
      refused: [PlanRefusal(reason: "DeletionBudget", message: "would delete 9 of 10")],
      errors: [
        PlanProblem(
          reference: Reference(kind: "files/v1 File", name: "odd"),
          place: Place(file: "a.yaml", line: 4, column: 1), code: "permanent",
          message: "/etc/odd is a FIFO; remove it")
      ], unchanged: 1)
    #expect(
      PlanText().render(plan) == """
        ! File/odd: /etc/odd is a FIFO; remove it  (a.yaml:4:1)

        Refused (DeletionBudget): would delete 9 of 10

        1 in error; 1 resource is as declared.

        """)
  }

  @Test("colour dresses the text and changes nothing else")
  func colour() {
    let plan = Plan(
      unit: "web", revision: Revision(id: "r"),
      changes: [
        Self.change(
          .update, "a",
          [
            .init(
              path: "content", actual: .value("1"), desired: .value("2"),
              text: .init(actual: "x\n", desired: "y\n"))
          ])
      ])
    let coloured = PlanText(style: Style(hasColour: true)).render(plan)
    #expect(coloured.contains("\u{1b}[31m-x\u{1b}[0m"))
    #expect(coloured.contains("\u{1b}[32m+y\u{1b}[0m"))
    #expect(coloured.replacing(/\u{1b}\[\d+m/, with: "") == PlanText().render(plan))
  }

  @Test("names that would steer a terminal are written out")
  func hostile() {
    var change = Self.change(.create, "x")
    change.identity = "/etc/\u{1b}[31mred"
    #expect(!Self.render([change]).contains("\u{1b}"))
  }
}
