import Tend
import Testing

@Suite("All that is wrong with a spec, in one go")
struct MistakesTests {
  private struct Spec: Decodable {
    var path: String
    var low: Int
    var high: Int?
  }

  private static let schema = Schema(
    "A thing.",
    [
      .string("path", required: true, "Where it is."),
      .integer("low", in: 0...100, required: true, "The least."),
      .integer("high", in: 0...100, "The most."),
      .string("content", "What is in it."), .string("source", "Where that is."),
      .list("rules", of: .object([.string("name", required: true, "Its name.")]), "Rules."),
    ])

  /// As particular as a provider's: about a field, about two together, about what lies in a list.
  private static let kind = Kind<String>("things/v1 Thing", schema) {
    (declaration: Declaration) throws(Diagnostics) in
    guard case .map(let fields) = declaration.spec else { return "" }
    var wrong = Diagnostics()
    func refuse(_ field: String, _ message: String) {
      wrong.append(
        Diagnostic(.invalidValue, at: declaration.place(of: field), "\(field) \(message)"))
    }
    if case .string(let path)? = fields["path"], !path.hasPrefix("/") {
      refuse("path", "is not absolute")
    }
    if case .integer(let low)? = fields["low"], case .integer(let high)? = fields["high"],
      low > high
    {
      refuse("low", "is above high")
    }
    if fields["content"] == nil, fields["source"] == nil { refuse("content", "is missing") }
    if case .list(let rules)? = fields["rules"] {
      for (index, rule) in rules.enumerated() where rule.value(at: "name") == "bad" {
        refuse("rules[\(index)].name", "is bad")
      }
    }
    guard wrong.isEmpty else { throw wrong }
    return "fine"
  }

  /// Finds every field of the spec as it was written, in lines of their own.
  private struct Lines: PlaceFinder {
    let spec: Value

    func place(of path: FieldPath) -> Place? {
      let below = FieldPath(Array(path.steps.dropFirst()))
      guard path.steps.first == .key("spec"), spec.value(at: below.description) != nil else {
        return nil
      }
      return Place(file: "\(below)", line: 1, column: 1)
    }
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let spec: Value
    let messages: [String]
    var testDescription: String { spec.json }

    init(_ spec: Value, _ messages: String...) { (self.spec, self.messages) = (spec, messages) }
  }

  @Test(
    "what the schema refuses does not hide what the kind refuses, and brings nothing of its own",
    arguments: [
      Case(["path": "/a", "low": 1, "content": ""]),
      Case(
        ["path": "a", "low": "1", "content": ""], "low must be an integer, but is a string",
        "path is not absolute"),
      Case(
        ["path": 5, "low": 1], "path must be a string, but is an integer", "content is missing"),
      Case(["path": "/a", "low": 7, "high": 200, "content": ""], "high must be between 0 and 100"),
      Case(
        ["path": "/a", "low": 7, "high": 5, "content": 5],
        "content must be a string, but is an integer", "low is above high"),
      Case(["path": "/a", "low": 1, "contnet": "x"], "contnet is not a field here"),
      Case(["path": "/a", "low": 1, "size": 3], "size is not a field here", "content is missing"),
      Case(["content": "x"], "path is missing", "low is missing"),
      Case(
        ["path": "b", "low": 1, "content": "", "rules": [["name": "bad"], [:], ["name": 5]]],
        "rules[1].name is missing", "rules[2].name must be a string, but is an integer",
        "path is not absolute", "rules[0].name is bad"),
      Case(nil, "path is missing", "low is missing", "content is missing"),
      Case("text", "spec must be a map, but is a string"),
    ])
  func mistakes(_ row: Case) {
    let declaration = Declaration(
      Reference(kind: "things/v1 Thing", name: "a"), spec: row.spec,
      at: Place(file: "document", line: 1, column: 1), places: Lines(spec: row.spec))
    #expect(Self.kind.mistakes(in: declaration).map(\.message) == row.messages)
  }

  @Test("the place of what is found besides is its own")
  func places() {
    let spec: Value = ["path": "a", "low": "1", "content": ""]
    let declaration = Declaration(
      Reference(kind: "things/v1 Thing", name: "a"), spec: spec,
      at: Place(file: "document", line: 1, column: 1), places: Lines(spec: spec))
    #expect(Self.kind.mistakes(in: declaration).map(\.place?.file) == ["low", "path"])
  }
}
