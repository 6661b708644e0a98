import Tend
import Testing

@testable import TendEngine

@Suite("What is to be done to one resource")
struct VerdictTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var why: String
    var verdict: Verdict
    var situation: Verdict.Situation
    var testDescription: String { why }

    init(
      _ why: String, _ verdict: Verdict, declared: Bool = true, exists: Bool = true,
      differs: [Difference] = [], _ ownership: Verdict.Ownership = .made,
      mode: Lifecycle.Mode = .enforce, _ lifecycle: (inout Lifecycle) -> Void = { _ in }
    ) {
      self.why = why
      self.verdict = verdict
      var treatment = Lifecycle()
      lifecycle(&treatment)
      situation = Verdict.Situation(
        isDeclared: declared, exists: exists, differences: differs, ownership: ownership,
        lifecycle: treatment, mode: mode)
    }
  }

  static let field = Difference(path: "mode", actual: .value(1), desired: .value(2))
  static let fixed = Difference(
    path: "kind", actual: .value("a"), desired: .value("b"), forcesReplacement: true)

  static let rows: [Row] = [
    Row("as desired: nothing", .nothing),
    Row("as desired and never ours: nothing, also when it becomes ours", .nothing, .none),
    Row("absent: made", .create, exists: false, .none),
    Row("absent though we made it: made again", .create, exists: false),
    Row("ours and differs: updated", .update(adopts: false), differs: [field]),
    Row("was there before us and differs: adopted", .update(adopts: true), differs: [field], .none),
    Row("we meant to make it and died: ours", .update(adopts: false), differs: [field], .intended),
    Row("a field that can't be changed: replaced", .replace(adopts: false), differs: [fixed]),
    Row(
      "one such field among others: replaced", .replace(adopts: false), differs: [field, fixed]),
    Row(
      "protected and to be replaced: refused",
      .refuse("it must be replaced, and preventDelete forbids that"), differs: [fixed]
    ) { $0.preventDelete = true },
    Row("protected and to be updated: updated", .update(adopts: false), differs: [field]) {
      $0.preventDelete = true
    },
    Row("observed only, differs: reported", .report, differs: [field], mode: .observe),
    Row("observed only, absent: reported", .report, exists: false, mode: .observe),
    Row("observed only, as desired: nothing", .nothing, mode: .observe),
    Row("withdrawn and ours: deleted", .delete, declared: false),
    Row("withdrawn and gone: released", .release, declared: false, exists: false),
    Row("withdrawn and never ours: released, whatever is there", .release, declared: false, .none),
    Row(
      "withdrawn and adopted: given back", .orphan("it was there before us"), declared: false,
      .adopted),
    Row("withdrawn, adopted, and said to be deleted: deleted", .delete, declared: false, .adopted) {
      $0.deletionPolicy = .delete
    },
    Row(
      "withdrawn and to be orphaned: stays", .orphan("deletionPolicy: orphan"), declared: false
    ) { $0.deletionPolicy = .orphan },
    Row("withdrawn and protected: stays ours", .protect, declared: false) {
      $0.preventDelete = true
    },
    Row("withdrawn, protected and gone: released", .release, declared: false, exists: false) {
      $0.preventDelete = true
    },
    Row(
      "withdrawn and observed only: not deleted", .orphan("mode: observe"), declared: false,
      mode: .observe),
    Row("withdrawn and only meant to be made: deleted", .delete, declared: false, .intended),
  ]

  @Test("each row of the table has its verdict", arguments: rows)
  func verdict(row: Row) {
    #expect(Verdict.of(row.situation) == row.verdict)
  }
}
