import Testing

@testable import Tend

@Suite("Placeholders in a spec")
struct PlaceholderTests {
  private static let schema = Schema(
    "A thing.",
    [
      .string("path", "Where."), .integer("port", in: 1...65_535, "Which."),
      .boolean("on", "Whether."), .number("ratio", "How much."), .duration("wait", "How long."),
      .choice("type", ["classic", "quorum"], "How."), .list("command", of: .string, "What."),
      .map("env", of: .string, "With what."), .any("body", "Anything."),
      .object("limits", [.integer("memory", "Bytes.")], "Bounds."),
      .init("content", .string, expandsIf: "expand", "What."), .boolean("expand", "Whether."),
    ])

  private static let values = {
    var values = Values(host: "web1")
    values.merge([
      "port": 8080, "on": true, "ratio": 0.5, "wait": "30s", "type": "quorum", "dollar": "$",
      "web": ["root": "/srv/web", "port": 80, "deep": ["name": "x"]],
    ])
    return values
  }()

  private static func expand(_ spec: Value) throws -> Value {
    let kind = Kind("test/v1 Thing", schema) { $0.spec }
    let declaration = Declaration(
      Reference(kind: kind.name, name: "it"), spec: spec,
      at: Place(file: "it.yaml", line: 1, column: 1), hasPlaceholders: true)
    let premises = Premises(Nothing(), unit: "site", values: values)
    return try kind.expanding(declaration.reading(premises)).spec
  }

  @Test(
    "a text takes values as they are written; a field of another type takes their type",
    arguments: [
      (["path": "${web.root}/${host.name}"], ["path": "/srv/web/web1"]),
      (["path": "${unit.name}${unit.root}"], ["path": "site/"]),
      (["path": "a$b $$ ${dollar}{x}"], ["path": "a$b $$ ${x}"]),
      (["path": "$${HOME} $$${x}"], ["path": "${HOME} $${x}"]),
      (["port": "${port}", "on": "${on}"], ["port": 8080, "on": true]),
      (["ratio": "${ratio}", "wait": "${wait}"], ["ratio": 0.5, "wait": "30s"]),
      (["type": "${type}"], ["type": "quorum"]),
      (["command": ["--port=${port}", "${web.port}"]], ["command": ["--port=8080", "80"]]),
      (["env": ["PORT": "${port}", "${port}": "x"]], ["env": ["PORT": "8080", "${port}": "x"]]),
      (["limits": ["memory": "${port}"]], ["limits": ["memory": 8080]]),
      (["body": ["a": ["${port}", "p${port}"]]], ["body": ["a": [8080, "p8080"]]]),
      (["content": "${port} ${x"], ["content": "${port} ${x"]),
      (["content": "${port}", "expand": false], ["content": "${port}", "expand": false]),
      (["content": "${port}", "expand": true], ["content": "8080", "expand": true]),
    ] as [(Value, Value)])
  func expands(spec: Value, expected: Value) throws {
    #expect(try Self.expand(spec) == expected)
  }

  private static func add(_ name: String) -> String {
    "add it to a file of values or to the unit's values, or write $${\(name)} for the text"
  }

  @Test(
    "T13: what has no value is an error that says which, and never an empty text",
    arguments: [
      Missing(["path": "${rot}/data"], "path", "rot", add("rot")),
      Missing(["path": "${web.rot}"], "path", "web.rot", "did you mean web.root?"),
      Missing(["path": "${web.root.x}"], "path", "web.root.x", "did you mean web.root?"),
      Missing(["env": ["A": "${none}"]], "env.A", "none", add("none")),
      Missing(["command": ["${non}"], "prot": 1], "command[0]", "non", "did you mean on?"),
    ])
  func missing(missing: Missing) throws {
    let error = #expect(throws: Diagnostics.self) { try Self.expand(missing.spec) }
    let first = error?.all.first?.description ?? ""
    #expect(first.hasSuffix(": error: " + missing.message), "\(first)")
  }

  @Test("T13: half a placeholder is an error too", arguments: ["${}", "${HOME:-x}", "${open"])
  func malformed(text: String) throws {
    let error = #expect(throws: Diagnostics.self) { try Self.expand(["path": .string(text)]) }
    #expect(
      error?.all.first?.message == "path has a ${ that begins no name of a value"
        && error?.all.first?.remedy == "write ${NAME}, or $${ for a ${ that is text")
  }

  @Test("a map of values stands for no text")
  func map() throws {
    let error = #expect(throws: Diagnostics.self) { try Self.expand(["path": "${web}"]) }
    #expect(error?.all.first?.message == "path asks for web, which is a map of values")
    #expect(error?.all.first?.remedy == "name one of them, such as web.deep")
  }

  /// A spec with a placeholder that has no value, and what is said of it.
  struct Missing: Sendable {
    let spec: Value
    let message: String

    init(_ spec: Value, _ field: String, _ name: String, _ remedy: String) {
      self.spec = spec
      message = "\(field) asks for the value \(name), which nobody gives; \(remedy)"
    }
  }

  @Test("what is wrong besides is said in the same run")
  func besides() throws {
    let error = #expect(throws: Diagnostics.self) {
      try Self.expand(["path": "${none}", "prot": 1, "on": "${port}"])
    }
    #expect(error?.all.map(\.code) == [.missingValue, .unknownField, .wrongType])
  }

  @Test("values are laid over each other map by map, and name no list")
  func merges() {
    var values = Values()
    values.merge(["a": ["b": 1, "c": 2], "d": 3])
    values.merge(["a": ["c": 4], "d": ["e": 5]])
    #expect(values["a.b"] == 1 && values["a.c"] == 4 && values["d.e"] == 5)
    #expect(values.names == ["a.b", "a.c", "d.e"])
    #expect(values["a..b"] == nil && values[""] == nil && values["d.e.f"] == nil)
  }

  private struct Nothing: SourceTree {
    func file(at path: String) throws(SourceFileError) -> SourceFile { throw .init("none") }
  }
}
