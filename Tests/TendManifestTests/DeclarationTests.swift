import Tend
import Testing

@testable import TendManifest

@Suite("Declarations")
struct DeclarationTests {
  static let full = """
    # The message of the day.
    apiVersion: files/v1
    kind: File
    metadata:
      name: motd
      labels: {tier: base, "app.kubernetes.io/name": motd}
      formerly: [issue, greeting]
    dependsOn: [Directory/etc-app, files/v1/Directory/etc]
    lifecycle:
      preventDelete: true
      ignoreDifferences: [mode, limits.memory]
      interval: 5m
      timeout: 30s
      suspend: true
      mode: observe
      deletionPolicy: orphan
    spec:
      path: /etc/motd
      content: "hello\\n"
      mode: "0644"
    """

  @Test("every field of a document becomes a part of its declaration")
  func fields() throws {
    let reading = read([("web/motd.yaml", Self.full)])
    #expect(reading.diagnostics.isEmpty, "\(reading.diagnostics)")
    let found = try #require(reading.declarations.first)
    #expect(found.reference.qualified == "files/v1/File/motd")
    #expect(found.labels == ["tier": "base", "app.kubernetes.io/name": "motd"])
    #expect(found.formerNames == ["issue", "greeting"])
    #expect(found.dependencies == ["Directory/etc-app", "files/v1/Directory/etc"])
    var lifecycle = Lifecycle()
    lifecycle.preventDelete = true
    lifecycle.ignoreDifferences = ["mode", "limits.memory"]
    lifecycle.interval = .seconds(300)
    lifecycle.timeout = .seconds(30)
    lifecycle.suspend = true
    lifecycle.mode = .observe
    lifecycle.deletionPolicy = .orphan
    #expect(found.lifecycle == lifecycle)
    #expect(found.spec == ["path": "/etc/motd", "content": "hello\n", "mode": "0644"])
    #expect(found.place.description == "web/motd.yaml:2:1")
  }

  @Test("what a document leaves out has its default")
  func defaults() throws {
    let reading = read([("a.yaml", "{apiVersion: a/v1, kind: K, metadata: {name: n}}")])
    let found = try #require(reading.declarations.first)
    #expect(reading.diagnostics.isEmpty)
    #expect(found.labels.isEmpty && found.formerNames.isEmpty && found.dependencies.isEmpty)
    #expect(found.lifecycle == Lifecycle())
    #expect(found.spec == .null)
  }

  @Test("the same document in JSON gives the same declaration")
  func json() throws {
    let yaml = try #require(parse(Self.full).documents.first)
    let reading = read([("a.json", yaml.value.prettyJSON), ("b.yaml", yaml.value.json)])
    #expect(
      reading.declarations.map(\.spec)
        == Array(repeating: yaml.value.value(at: "spec") ?? nil, count: 2))
    #expect(reading.declarations.map(\.lifecycle.mode) == [.observe, .observe])
    #expect(reading.diagnostics.all.map(\.code) == [.duplicateName])
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let text: String
    let messages: [String]
    var testDescription: String { text }

    init(_ text: String, _ messages: String...) {
      (self.text, self.messages) = (text, messages)
    }
  }

  static let head = "apiVersion: a/v1\nkind: K\nmetadata: {name: n}\n"

  @Test(
    "T10: each mistake of a document is reported at its place, with what to do",
    arguments: [
      Case(
        "text",
        """
        1:1: error: a document must be a map, but is a string; begin it with apiVersion: and \
        kind:, or exclude the file in tend.yaml
        """
      ),
      Case(
        "[]",
        """
        1:1: error: a document must be a map, but is a list; begin it with apiVersion: and \
        kind:, or exclude the file in tend.yaml
        """
      ),
      Case(
        "null",
        """
        1:1: error: a document must be a map, but is nothing; begin it with apiVersion: and \
        kind:, or exclude the file in tend.yaml
        """
      ),
      Case(
        "replicas: 3",
        "1:1: error: apiVersion and kind are missing; add them, or exclude the file in tend.yaml"),
      Case(
        "kind: File\nmetadata: {name: n}",
        """
        1:1: error: apiVersion is missing; add it: Group and version of the kind, such as \
        files/v1.
        """
      ),
      Case(
        "apiVersion: a/v1\nkind: K",
        """
        1:1: error: metadata is missing; add it: The resource's name, and what else is said \
        about it.
        """
      ),
      Case(
        "apiVersion: a/v1\nkind: K\nmetadata:",
        """
        3:1: error: metadata.name is missing; add it: Unique for its kind in one unit: up to \
        253 letters, digits, dots, dashes, underscores.
        """
      ),
      Case(
        "apiVersion: a/v1\nkind: K\nmetadata: {nam: x}",
        """
        3:1: error: metadata.name is missing; add it: Unique for its kind in one unit: up to \
        253 letters, digits, dots, dashes, underscores.
        """,
        "3:12: error: metadata.nam is not a field here; did you mean name?"),
      Case(
        "apiVersion: a/v1\nkind: K\nmetadata: {name: 5}",
        "3:18: error: metadata.name must be a string, but is an integer; put it in quotes"),
      Case(
        "apiVersion: a/v1\nkind: K\nmetadata: {name: a b}",
        """
        3:18: error: metadata.name can't be a name; use 1 to 253 letters, digits, dots, \
        dashes and underscores
        """
      ),
      Case(
        "apiVersion: a/v1\nkind: K\nmetadata: {name: ''}",
        """
        3:18: error: metadata.name can't be a name; use 1 to 253 letters, digits, dots, \
        dashes and underscores
        """
      ),
      Case(
        "apiVersion: a/v1\nkind: K\nmetadata: {name: ../x}",
        """
        3:18: error: metadata.name can't be a name; use 1 to 253 letters, digits, dots, \
        dashes and underscores
        """
      ),
      Case(
        "apiVersion: a v1\nkind: a/K\nmetadata: {name: n}",
        "1:13: error: apiVersion is no group and version; write it like files/v1",
        """
        2:7: error: kind can't be the name of a kind; use 1 to 253 letters, digits, dots, \
        dashes and underscores
        """
      ),
      Case(head + "specs: {}", "4:1: error: specs is not a field here; did you mean spec?"),
      Case(
        head + "foo: 1",
        """
        4:1: error: foo is not a field here; the fields are apiVersion, kind, metadata, \
        dependsOn, lifecycle, spec
        """
      ),
      Case(
        head + "dependsOn: File/x",
        "4:12: error: dependsOn must be a list of string, but is a string"),
      Case(
        head + "dependsOn: [x, a/b, a/b/c, a/v1/K/n, 'a/b c']",
        "4:13: error: dependsOn[0] is no reference; write Kind/name or group/v1/Kind/name",
        "4:21: error: dependsOn[2] is no reference; write Kind/name or group/v1/Kind/name",
        "4:38: error: dependsOn[4] is no reference; write Kind/name or group/v1/Kind/name"),
      Case(
        head + "lifecycle: {prevent_delete: true}",
        "4:13: error: lifecycle.prevent_delete is not a field here; did you mean preventDelete?"),
      Case(
        head + "lifecycle: {mode: observed, interval: 500ms, timeout: 0s, suspend: 'yes'}",
        "4:19: error: lifecycle.mode must be one of enforce, observe; did you mean observe?",
        "4:39: error: lifecycle.interval must be at least 1s; give it a longer time",
        "4:55: error: lifecycle.timeout must be at least 1ms; give it a longer time",
        """
        4:68: error: lifecycle.suspend must be a boolean, but is a string; write true or \
        false, without quotes
        """
      ),
      Case(
        head + "lifecycle: {interval: 30, timeout: 5x}",
        """
        4:23: error: lifecycle.interval must be a duration, but is an integer; write it with \
        a unit, like 30s
        """,
        "4:36: error: lifecycle.timeout must be a duration; write it like 500ms, 30s or 1h30m"),
      Case(
        head + "lifecycle: {ignoreDifferences: ['a[']}",
        """
        4:33: error: lifecycle.ignoreDifferences[0] is no path of a field; write it like mode \
        or limits.memory
        """
      ),
      Case(
        "apiVersion: a/v1\nkind: K\nmetadata:\n  name: n\n  labels: {a: 1}\n  formerly: [x, 'y z']",
        "5:15: error: metadata.labels.a must be a string, but is an integer; put it in quotes",
        """
        6:17: error: metadata.formerly[1] can't be a name; use 1 to 253 letters, digits, \
        dots, dashes and underscores
        """
      ),
    ])
  func mistakes(_ test: Case) {
    let reading = read([("a.yaml", test.text)])
    #expect(reading.diagnostics.all.map(\.description) == test.messages.map { "a.yaml:" + $0 })
  }

  @Test("all mistakes of all files are reported in one run, in the order of files and lines")
  func everything() {
    let reading = read([
      ("b.yaml", "a: [\n"), ("a.yaml", manifest("x") + "---\nfoo: 1\n---\n" + manifest("x")),
      ("c.json", "{\"apiVersion\": 5}"),
    ])
    #expect(
      reading.diagnostics.all.map { "\($0.place.map(\.description) ?? "") \($0.code)" } == [
        "a.yaml:10:1 missingField", "a.yaml:15:9 duplicateName", "b.yaml:2:1 syntax",
        "c.json:1:1 missingField", "c.json:1:1 missingField", "c.json:1:16 wrongType",
      ])
  }

  @Test("a declaration with a mistake is there, so that its spec can be checked in the same run")
  func withMistake() {
    let reading = read([("a.yaml", manifest("x", more: "lifecycle: {mod: observe}"))])
    #expect(reading.diagnostics.all.count == 1)
    #expect(reading.declarations.map(\.reference.description) == ["File/x"])
  }

  @Test("one name declared twice for a kind is refused with both places")
  func duplicateName() {
    let reading = read([
      ("b.yaml", manifest("x")),
      ("a.yaml", manifest("x") + "---\n" + manifest("x", kind: "Directory")),
    ])
    #expect(
      reading.diagnostics.description
        == """
        b.yaml:4:9: error: File/x is declared already at a.yaml:4:9; rename or remove one of \
        them
        """
    )
    #expect(reading.diagnostics.all.first?.related == [Place(file: "a.yaml", line: 4, column: 9)])
  }

  @Test("the error about mode: 0644 is at the value and says how to write it; 420 gets the same")
  func mode() throws {
    let schema = Schema(
      "A file.",
      [
        .string("path", "Where."),
        .string("mode", hint: "write it in quotes, like \"0644\"", "Mode."),
      ])
    for number in ["0644", "420"] {
      let text =
        """
        apiVersion: files/v1\nkind: File\nmetadata: {name: n}\nspec:\n  path: /a\n  mode: \
        \(number)\n
        """
      let declaration = try #require(read([("a.yaml", text)]).declarations.first)
      #expect(
        schema.diagnostics(for: declaration).map(\.description) == [
          """
          a.yaml:6:9: error: mode must be a string, but is an integer; write it in quotes, \
          like \"0644\"
          """
        ])
    }
  }

  @Test("no error about a spec quotes a value, since any may be a secret")
  func secrets() throws {
    struct Spec: Decodable {
      enum Choice: String, Decodable { case a }
      var choice: Choice
    }
    let text =
      DeclarationTests.head
      + "spec: {choice: hunter2, mode: hunter2, n: hunter2, x: {hunter: hunter2}}"
    let declaration = try #require(read([("a.yaml", text)]).declarations.first)
    let schema = Schema(
      "", [.choice("choice", ["a"], ""), .integer("n", ""), .boolean("mode", "")])
    let checked = schema.diagnostics(for: declaration).map(\.description)
    #expect(checked.count == 4)
    let thrown = #expect(throws: Diagnostics.self) { try declaration.decode(Spec.self) }
    #expect(
      thrown?.description == "a.yaml:4:16: error: choice: is not one of the values that it takes")
    #expect((checked + [thrown?.description ?? ""]).allSatisfy { !$0.contains("hunter2") })
  }
}
