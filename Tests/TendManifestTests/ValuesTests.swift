import Tend
import Testing

@testable import TendManifest

@Suite("Files of values")
struct ValuesTests {
  private static func settings(_ paths: String...) throws -> TreeSettings {
    let list = paths.map { "\"\($0)\"" }.joined(separator: ", ")
    return try TreeSettings(Array("values: [\(list)]\n".utf8))
  }

  private static func layers(
    _ settings: TreeSettings, _ files: [(String, String)]
  ) -> ValueLayers {
    var layers = ValueLayers(settings)
    for (path, text) in files { layers.add(ValuesFile(path: path, bytes: Array(text.utf8))) }
    return layers
  }

  private static func inputs(_ host: String, _ own: Value.Fields = [:]) -> ValueInputs {
    var inputs = ValueInputs(named: host, isGiven: true)
    (inputs.unit, inputs.values) = ("site", own)
    return inputs
  }

  @Test("a later file comes before an earlier one, and the unit before all; names lead on")
  func layered() throws {
    let layers = Self.layers(
      try Self.settings("common.yaml", "hosts/${host.name}.yaml", "roles/${role}.json"),
      [
        ("common.yaml", "role: none\nport: 1\nlimits: {memory: 1, files: 2}\nlabel: c\n"),
        ("hosts/a.yaml", "role: db\nport: 2\nlimits: {files: 3}\n"),
        ("roles/db.json", #"{"port": 3, "db": true}"#),
      ])
    let (values, wrong) = layers.values(for: Self.inputs("a", ["label": "unit"]))
    #expect(wrong.isEmpty)
    let names = ["role", "port", "limits.memory", "limits.files", "label", "db", "host.name"]
    #expect(names.map { values[$0] } == ["db", 3, 1, 3, "unit", true, "a"])
    #expect(layers.hosts == ["a"])
  }

  @Test("a file with a placeholder in its path need not be there; one without must")
  func missing() throws {
    let layers = Self.layers(
      try Self.settings("hosts/${host.name}.yaml", "roles/${role}.yaml"), [])
    #expect(layers.values(for: Self.inputs("b")).diagnostics.isEmpty)
    let fixed = Self.layers(try Self.settings("common.yaml"), [])
    #expect(
      fixed.values(for: Self.inputs("b")).diagnostics.description
        == "tend.yaml:1:10: error: there is no file common.yaml; add it, or correct the path; only "
        + "one with ${NAME} in it may be missing")
  }

  @Test("a file of values is no manifest, whichever host it is of, and only the own one is read")
  func roles() throws {
    let settings = try Self.settings("hosts/${host.name}.yaml", "roles/${role}.yaml")
    #expect(!settings.selects("hosts/a.yaml") && !settings.selects("roles/x.yaml"))
    #expect(settings.selects("hosts/deep/a.yaml") && settings.selects("web.yaml"))
    let layers = ValueLayers(settings)
    #expect(layers.needs("hosts/a.yaml", for: Self.inputs("a")))
    #expect(!layers.needs("hosts/b.yaml", for: Self.inputs("a")))
    #expect(layers.needs("hosts/b.yaml", for: nil))
    #expect(layers.needs("roles/b.yaml", for: Self.inputs("a")))
  }

  @Test("the name of a host leads nowhere outside", arguments: ["../../etc/x", "a/b", ""])
  func hostile(host: String) throws {
    let layers = Self.layers(
      try Self.settings("hosts/${host.name}.yaml"), [("hosts/.yaml", "a: 1"), ("x.yaml", "a: 2")])
    let values = layers.values(for: Self.inputs(host)).values
    #expect(values["a"] == (host.isEmpty ? 1 : nil))
  }

  @Test(
    "an entry that can't be a file of values is an error with its place",
    arguments: [
      "/etc/x.yaml", "../x.yaml", "hosts/*.yaml", "hosts/${host.name}", "${.yaml", "tend.yaml",
    ])
  func badEntry(path: String) {
    let error = #expect(throws: Diagnostics.self) { try Self.settings(path) }
    #expect(error?.all.first?.place == Place(file: "tend.yaml", line: 1, column: 10))
  }

  @Test("what can't be a value is an error with its place")
  func badFile() throws {
    let text = """
      host: x
      a.b: 1
      list: [1]
      nothing:
      nested: {a.b: x}
      other: ${port}
      literal: $${port}
      """
    let layers = Self.layers(try Self.settings("v.yaml"), [("v.yaml", text)])
    let (values, wrong) = layers.values(for: Self.inputs("a"))
    #expect(values["literal"] == "${port}" && values["host.name"] == "a")
    let lines = wrong.all.map { "\($0.place?.line ?? 0) \($0.code)" }
    #expect(
      lines == [
        "1 invalidValue", "2 invalidValue", "3 wrongType", "4 wrongType", "5 invalidValue",
        "6 invalidValue",
      ])
  }

  @Test("an empty file gives nothing; two documents, a list and broken text are errors")
  func whole() throws {
    func wrong(_ text: String) throws -> Int {
      Self.layers(try Self.settings("v.yaml"), [("v.yaml", text)])
        .values(for: Self.inputs("a")).diagnostics.all.count
    }
    #expect(try wrong("# nothing\n") == 0)
    #expect(try wrong("a: 1\n---\nb: 2\n") == 1)
    #expect(try wrong("[1, 2]\n") == 1)
    #expect(try wrong("a: [\n") == 1)
  }

  @Test("only a spec with a placeholder is marked, also where an escape writes the sign")
  func marks() {
    func isMarked(_ path: String, _ file: String = "a.yaml") -> Bool? {
      let text =
        file.hasSuffix("json")
        ? #"{"apiVersion": "files/v1", "kind": "File", "metadata": {"name": "a"}, "#
          + #""spec": {"path": "# + path + "}}"
        : "apiVersion: files/v1\nkind: File\nmetadata: {name: a}\nspec: {path: \(path)}\n"
      return read([(file, text)]).declarations.first?.hasPlaceholders
    }
    #expect(isMarked("/etc/motd") == false)
    #expect(isMarked("/etc/$x") == false)
    #expect(isMarked("\"/etc/${x}\"") == true)
    #expect(isMarked(#""/etc/\x24{x}""#) == true)
    #expect(isMarked(#""/etc/\u0024{x}""#, "a.json") == true)
  }

  @Test("what a unit is given makes another revision, and nothing given makes none")
  func mark() {
    #expect(ValueInputs(named: "a", isGiven: false).mark == "")
    let marks = [
      Self.inputs("a").mark, Self.inputs("b").mark, Self.inputs("a", ["x": 1]).mark,
      Self.inputs("a", ["x": 2]).mark,
    ]
    #expect(Set(marks).count == 4 && marks.allSatisfy { $0.hasPrefix("+") && $0.count == 13 })
    #expect(
      Self.inputs("a", ["x": 1, "y": 2]).mark == Self.inputs("a", ["y": 2, "x": 1]).mark)
  }
}
