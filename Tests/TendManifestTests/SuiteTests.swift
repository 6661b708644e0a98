import Tend
import Testing

@testable import TendManifest

/// Every case that the projects behind YAML and JSON publish is read as they say, but for those
/// that `Deviations` lists with their reasons.
@Suite("The test suites of YAML and JSON")
struct SuiteTests {
  @Test("T10 T12: YAML is read as its test suite says, but for what is listed with a reason")
  func yaml() throws {
    let cases = try Corpus.cases("yaml-test-suite.jsonl")
    #expect(cases.count == 402)
    try check(cases, file: "a.yaml", Deviations.yaml) { item, values in
      item.values.map { values == $0 }
    }
  }

  @Test("T10 T12: JSON is read as its test suite says, but for what is listed with a reason")
  func json() throws {
    let cases = try Corpus.cases("json-test-suite.jsonl")
    #expect(cases.count == 318)
    try check(cases, file: "a.json", Deviations.json) { item, values in
      item.name.hasPrefix("y_") ? values.count == 1 : nil
    }
  }

  @Test("T10 T12: values in JSON, as stores and replies hold them, are read as its suite says")
  func values() throws {
    for item in try Corpus.cases("json-test-suite.jsonl") {
      guard let text = String(validating: item.bytes, as: UTF8.self) else { continue }
      let value = try? Value(json: text)
      let isRight = item.name.hasPrefix("y_") && !item.name.hasPrefix("y_object_duplicated")
      if isRight { #expect(value != nil, "\(item.name) is right") }
      if item.name.hasPrefix("n_") { #expect(value == nil, "\(item.name) is wrong") }
      let documents = DocumentParser().parse(item.bytes, file: "a.json").documents
      if let value, let document = documents.first {
        #expect(document.value == value, "\(item.name): both readers agree")
      }
    }
  }

  /// `isAsPublished` compares values where the suite says what they are.
  private func check(
    _ cases: [Corpus.Case], file: String, _ deviations: [Deviations.Group],
    isAsPublished: (Corpus.Case, [Value]) -> Bool?
  ) throws {
    for item in cases {
      let parsed = DocumentParser().parse(item.bytes, file: file)
      let problem = parsed.diagnostics.sorted.all.first
      let isSame = isAsPublished(item, parsed.documents.map(\.value))
      let found: Deviations.Kind? =
        if item.isWrong { problem == nil ? .accepted : nil } else if let isSame {
          problem != nil ? .refused : isSame ? nil : .otherwise
        } else { nil }
      let listed = Deviations.kind(of: item.name, in: deviations)
      #expect(found == listed, "\(item.name): \(problem?.description ?? "it is read")")
      if let problem { #expect(problem.place != nil, "\(item.name)") }
    }
    let names = deviations.flatMap(\.cases)
    #expect(Set(names).count == names.count && Set(names).isSubset(of: cases.map(\.name)))
  }
}
