import Tend
import Testing

@testable import TendManifest

@Suite("What was read before is read again from the text that is kept")
struct RereadingTests {
  @Test(
    "each document of the suites of YAML and JSON says the same when it is read alone",
    arguments: [("yaml-test-suite.jsonl", "a.yaml"), ("json-test-suite.jsonl", "a.json")])
  func suites(_ suite: String, _ file: String) throws {
    var count = 0
    for item in try Corpus.cases(suite) {
      let parsed = DocumentParser().parse(item.bytes, file: file)
      guard parsed.diagnostics.isEmpty else { continue }
      for document in parsed.documents.reversed() {
        count += 1
        let again = document.text.value(ofDocumentAt: document.line)
        // As text, since NaN is not equal to itself.
        #expect("\(again ?? .null)" == "\(document.value)", "\(item.name)")
      }
    }
    #expect(count > 50)
  }

  @Test(
    "a document ends where the next begins, and nowhere else",
    arguments: [
      "a: 1\n---\na: 2\n--- {a: 3}\n...\na: 4\n",
      "---\na: |\n  ---\n  --- b\n---\na: 2\n",
      "a: 1\r\n---\r\na: 2\r\n---\ta: 3",
      "%YAML 1.2\n---\na: 1\n...\n%YAML 1.2\n---\na: 2\n",
      "# c\n---\n# d\na: &x 1\nb: *x\n---\n# e\na: ---x\n",
      "a: 1\n---",
    ])
  func ends(_ text: String) {
    let documents = parse(text).documents
    #expect(!documents.isEmpty)
    for document in documents + documents.reversed() {
      #expect(document.text.value(ofDocumentAt: document.line) == document.value)
    }
  }

  @Test("a spec that was let go is the same, also after it was recalled")
  func specs() {
    let names = ["one", "two", "three"]
    let text = names.map { manifest($0) }.joined(separator: "---\n")
    let json = #"{"apiVersion": "a/v1", "kind": "B", "metadata": {"name": "c"}, "spec": {"d": 1}}"#
    let declarations = read([("a.yaml", text), ("b.json", json)]).declarations
    #expect(declarations.count == 4)
    let before = declarations.map(\.spec)
    for declaration in declarations { declaration.letGoOfSpec() }
    #expect(declarations.map(\.spec) == before)
    #expect(declarations.reversed().map(\.spec) == before.reversed())
    for declaration in declarations { declaration.recallSpec() }
    #expect(declarations.map(\.spec) == before)
  }

  @Test("texts that are too many to stay inflated are inflated again")
  func manyTexts() {
    let filler = String(repeating: "# filler\n", count: 60_000)
    let names = (0..<6).map { "name-\($0)" }
    let texts = names.map { ("\($0).yaml", filler + manifest($0)) }
    let declarations = read(texts).declarations
    let before = declarations.map(\.spec)
    #expect(before.count == names.count)
    for declaration in declarations { declaration.letGoOfSpec() }
    for _ in 0..<2 {
      #expect(declarations.map(\.spec) == before)
      #expect(declarations.reversed().map(\.spec) == before.reversed())
    }
  }

  @Test("a spec that stands in no text is never let go")
  func made() {
    let reference = Reference(kind: "a/v1 B", name: "c")
    let place = Place(file: "a.yaml", line: 1, column: 1)
    let declaration = Declaration(reference, spec: ["d": 1], at: place)
    declaration.letGoOfSpec()
    #expect(declaration.spec == ["d": 1])
  }
}
