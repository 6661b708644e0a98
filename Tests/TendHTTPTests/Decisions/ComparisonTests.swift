import Tend
import Testing

@testable import TendHTTP

struct ComparisonTests {
  private func paths(
    _ actual: Value?, _ desired: Value, _ set: (inout ContentComparison) -> Void = { _ in }
  ) -> [String] {
    var comparison = ContentComparison()
    set(&comparison)
    return comparison.differences(from: actual, to: .value(desired)).map(\.path)
  }

  @Test(
    "T82: what the service adds, reorders or writes in another way is no drift",
    arguments: [
      (["a": 1, "added": true], ["a": 1]), (["b": 2, "a": 1], ["a": 1, "b": 2]),
      (["a": 1.0], ["a": 1]), (["a": 1], ["a": 1.0]),
      (["a": ["x": 1, "added": [:]]], ["a": ["x": 1]]),
      (["a": [["x": 1, "added": 2]]], ["a": [["x": 1]]]), ([:], ["a": nil]),
      (["a": nil], ["a": nil]),
      (["a": [:]], ["a": [:]]),
    ] as [(Value, Value)])
  func noDrift(actual: Value, desired: Value) {
    #expect(paths(actual, desired) == [])
  }

  @Test(
    "each field that differs is named by its path",
    arguments: [
      (["a": 1], ["a": 2], ["a"]), ([:], ["a": ["x": 1, "y": 2]], ["a.x", "a.y"]),
      (["a": "1"], ["a": 1], ["a"]), (["a": true], ["a": "true"], ["a"]),
      (["a": [1, 2]], ["a": [2, 1]], ["a[0]", "a[1]"]), (["a": [1]], ["a": [1, 2]], ["a"]),
      (["a": [["x": 1]]], ["a": [["x": 2]]], ["a[0].x"]), (["a": 1], ["a": nil], ["a"]),
      (["x.y": 1], ["x.y": 2], ["[\"x.y\"]"]), (["a": [1]], ["a": ["b": 1]], ["a"]),
      ([:], ["a": [:]], ["a"]),
      (["a": 9_007_199_254_740_993], ["a": 9_007_199_254_740_992.0], ["a"]),
    ] as [(Value, Value, [String])])
  func drift(actual: Value, desired: Value, expected: [String]) {
    #expect(paths(actual, desired) == expected)
  }

  @Test("a set has its elements in any order, each as often")
  func sets() {
    let rule: (inout ContentComparison) -> Void = { $0.lists = ["tags": .set] }
    #expect(paths(["tags": ["b", "a"]], ["tags": ["a", "b"]], rule) == [])
    #expect(paths(["tags": ["a", "a"]], ["tags": ["a", "b"]], rule) == ["tags"])
    #expect(paths(["tags": [["x": 1, "y": 2], 3]], ["tags": [3, ["x": 1]]], rule) == [])
  }

  @Test("elements with a key are compared with their like, wherever they stand")
  func keyed() {
    let rule: (inout ContentComparison) -> Void = { $0.lists = ["rules": .key("id")] }
    let actual: Value = ["rules": [["id": 2, "n": "b"], ["id": 1, "n": "a", "added": 0]]]
    #expect(paths(actual, ["rules": [["id": 1, "n": "a"], ["id": 2, "n": "b"]]], rule) == [])
    #expect(
      paths(actual, ["rules": [["id": 1, "n": "x"], ["id": 2, "n": "b"]]], rule) == ["rules[0].n"])
    #expect(
      paths(actual, ["rules": [["id": 1, "n": "a"], ["id": 3, "n": "b"]]], rule) == ["rules"])
    #expect(paths(actual, ["rules": [["id": 1, "n": "a"]]], rule) == ["rules"])
  }

  @Test("an exact comparison finds what is not declared")
  func exact() {
    #expect(paths(["a": 1, "b": ["c": 2]], ["a": 1, "b": [:]]) { $0.isExact = true } == ["b.c"])
  }

  @Test("what is only written is not compared, and what can't be changed replaces")
  func rules() {
    #expect(paths(["p": "***", "q": 1], ["p": "x", "q": 2]) { $0.unread = ["p"] } == ["q"])
    var comparison = ContentComparison()
    comparison.immutable = ["durable", "arguments"]
    let differences = comparison.differences(
      from: ["durable": true, "arguments": ["x": 1], "other": 1],
      to: .value(["durable": false, "arguments": ["x": 2], "other": 2]))
    #expect(differences.map(\.forcesReplacement) == [true, true, false])
  }

  @Test("a secret is never a part of a difference")
  func secrets() {
    let content = BodyTemplate(["a": "{x}", "b": "Bearer {s}"]).filled(bindings)
    #expect(
      ContentComparison().differences(from: ["a": 2], to: content ?? .value(nil)).map(\.path) == [
        "a"
      ])
    #expect(content?.secrets().map(\.path.description) == ["b"])
  }

  private var bindings: Bindings {
    var bindings = Bindings()
    bindings["x"] = .value(1)
    bindings["on"] = .value(true)
    bindings["list"] = .value([1, "b"])
    bindings["s"] = .secret(.environment("S"))
    return bindings
  }

  @Test(
    "a value that is one placeholder takes the type of what it stands for",
    arguments: [
      (["a": "{x}"], ["a": 1]), (["a": "{on}", "b": ["{list}"]], ["a": true, "b": [[1, "b"]]]),
      ("x={x}, {on} {list}", "x=1, true [1,\"b\"]"), (["a": "{missing}", "b": 1], ["b": 1]),
      // Braces of another language, and doubled ones, are text.
      ("{http.request.host} {{x}} {not a name} {", "{http.request.host} {x} {not a name} {"),
    ] as [(Value, Value)])
  func placeholders(template: Value, expected: Value) {
    #expect(BodyTemplate(template).filled(bindings)?.plain == expected)
  }

  @Test("a merge patch has what its plan names, lists as a whole")
  func mergePatch() throws {
    let body: Value = ["a": 1, "b": ["c": 2, "d": 3], "l": [1, ["x": 2]], "gone": nil]
    let named = try ["b.c", "l[1].x", "gone"].map { try #require(FieldPath($0)) }
    #expect(Patch.merge(named, of: body) == ["b": ["c": 2], "l": [1, ["x": 2]], "gone": nil])
  }

  @Test("a JSON patch adds, replaces and removes what its plan names")
  func jsonPatch() throws {
    let body: Value = ["a/b": 1, "new": ["deep": ["x": 1]], "l": [1, 2]]
    let actual: Value = ["a/b": 0, "old": 1, "l": [1]]
    let named = try ["a/b", "new.deep.x", "old", "l[1]"].map { try #require(FieldPath($0)) }
    #expect(
      Patch.operations(named, of: body, from: actual) == [
        ["op": "replace", "path": "/a~1b", "value": 1],
        ["op": "add", "path": "/new", "value": ["deep": ["x": 1]]],
        ["op": "remove", "path": "/old"], ["op": "replace", "path": "/l", "value": [1, 2]],
      ])
  }

  @Test("a whole keeps what its plan does not name, and what was there where that is asked for")
  func whole() throws {
    let path = try #require(FieldPath("a.b"))
    #expect(
      Patch.restoring([path], of: ["a": ["b": 1]], in: ["a": ["b": 2, "c": 3]])
        == ["a": ["b": 1, "c": 3]])
    #expect(Patch.restoring([path], of: [:], in: ["a": ["b": 2, "c": 3]]) == ["a": ["c": 3]])
    #expect(
      Patch.overlay(
        ["a": ["b": 2], "l": [1]], over: ["a": ["b": 1, "z": 0], "l": [2, 3], "y": 1])
        == ["a": ["b": 2, "z": 0], "l": [1], "y": 1])
  }
}
