import Tend
import Testing

@Suite("Paths of fields")
struct FieldPathTests {
  @Test(
    "a path reads as its steps, and is written as it was read",
    arguments: [
      ("", []), ("mode", [.key("mode")]), ("limits.memory", [.key("limits"), .key("memory")]),
      ("rules[2].name", [.key("rules"), .index(2), .key("name")]), ("[0]", [.index(0)]),
      ("[0][1].a", [.index(0), .index(1), .key("a")]),
      (#"labels["a.b/c"]"#, [.key("labels"), .key("a.b/c")]),
      (#"["x]"]["\"\\"]"#, [.key("x]"), .key("\"\\")]), (#"a[""]"#, [.key("a"), .key("")]),
      ("é.日本", [.key("é"), .key("日本")]),
    ] as [(String, [FieldPath.Step])])
  func read(text: String, steps: [FieldPath.Step]) {
    #expect(FieldPath(text)?.steps == steps)
    #expect(FieldPath(steps).description == text)
  }

  @Test(
    "what does not fit is no path",
    arguments: [
      ".", "a.", ".a", "a..b", "a[", "a]", "a[]", "a[x]", "a[-1]", "a[1", "a[1]b", "a[\"b]",
      "a[\"b\"",
      "a\"b", "a[+1]", "a[99999999999999999999]", "a.[0]",
    ])
  func refuse(text: String) {
    #expect(FieldPath(text) == nil)
  }

  @Test("any steps survive being written and read", arguments: 0..<200)
  func roundTrip(seed: Int) {
    var numbers = SeededNumbers(seed: UInt64(seed))
    let scalars = "ab.[]\"\\ é\n-0".unicodeScalars.map(\.self)
    let steps = (0..<Int.random(in: 0..<5, using: &numbers)).map { _ -> FieldPath.Step in
      if Bool.random(using: &numbers) {
        return .index(Int.random(in: 0...Int.max, using: &numbers))
      }
      var key = String.UnicodeScalarView()
      for _ in 0..<Int.random(in: 0..<6, using: &numbers) {
        if let scalar = scalars.randomElement(using: &numbers) { key.append(scalar) }
      }
      return .key(String(key))
    }
    #expect(FieldPath(FieldPath(steps).description)?.steps == steps)
  }

  @Test("a value is found by its path")
  func value() {
    let value: Value = ["rules": [["name": "a"], ["name": "b"]], "labels": ["a.b": 1]]
    #expect(value.value(at: "rules[1].name") == "b")
    #expect(value.value(at: #"labels["a.b"]"#) == 1)
    #expect(value.value(at: "") == value)
    #expect(value.value(at: "rules[2]") == nil)
    #expect(value.value(at: "rules.name") == nil)
    #expect(value.value(at: "a..b") == nil)
  }
}
