import Tend
import Testing

@testable import TendManifest

@Suite("Maps, lists, anchors and merge keys")
struct StructureTests {
  @Test("an alias stands for the value of its anchor")
  func alias() {
    #expect(
      value("a: &x {b: [1, &y two]}\nc: *x\nd: *y")
        == ["a": ["b": [1, "two"]], "c": ["b": [1, "two"]], "d": "two"])
  }

  @Test("a key may have an anchor")
  func anchoredKey() {
    #expect(value("&k name: a\nb: *k") == ["name": "a", "b": "name"])
  }

  @Test("an anchor may be defined again; the last one before the alias counts")
  func redefined() {
    #expect(value("a: &x 1\nb: &x 2\nc: *x") == ["a": 1, "b": 2, "c": 2])
  }

  @Test("an anchor does not reach into the next document")
  func nextDocument() {
    #expect(
      mistakes("a: &x 1\n---\nb: *x") == [
        "a.yaml:3:4: error: the alias *x has no anchor before it; "
          + "write &x before the value that is meant"
      ])
  }

  @Test("a merge key adds the fields that are not written; an earlier map wins over a later one")
  func merge() {
    let text = """
      one: &one {a: 1, b: 1, c: 1}
      two: &two {c: 2, d: 2}
      x:
        b: 0
        <<: [*one, *two]
        e: 0
      """
    #expect(value(text)?.value(at: "x") == ["b": 0, "e": 0, "a": 1, "c": 1, "d": 2])
  }

  @Test("a merge key takes a map that is written there, and one that was merged itself")
  func nestedMerge() {
    #expect(value("a: {<<: {<<: {b: 1}, c: 2}, d: 3}")?.value(at: "a") == ["b": 1, "c": 2, "d": 3])
  }

  @Test("<< in quotes is a key like any other")
  func quotedMerge() {
    #expect(value("'<<': 1") == ["<<": 1])
  }

  @Test("a merge key that is no map is refused")
  func badMerge() {
    #expect(
      mistakes("a:\n  <<: 5") == [
        "a.yaml:2:3: error: << must be a map or a list of maps; "
          + "give it an alias of a map, such as *defaults"
      ])
  }

  @Test("T11: an alias inside its own value, also by a merge key, is refused")
  func cycle() {
    #expect(mistakes("a: &x [*x]").first?.contains("stands inside its own value") == true)
    #expect(mistakes("a: &x {<<: *x}").first?.contains("stands inside its own value") == true)
  }

  @Test("T12: a key that stands twice is refused with both places")
  func duplicates() throws {
    let parsed = parse("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\na: 2\n")
    #expect(
      parsed.diagnostics.sorted.all.map(\.description) == [
        "a.yaml:5:3: error: the key c already stands at 3:3; remove one of them",
        "a.yaml:6:1: error: the key a already stands at 1:1; remove one of them",
      ])
    #expect(
      parsed.diagnostics.sorted.all.map(\.related)
        == [
          [Place(file: "a.yaml", line: 3, column: 3)], [Place(file: "a.yaml", line: 1, column: 1)],
        ])
  }

  @Test("T12: a key that stands twice is found in a large map too")
  func duplicatesInLargeMap() {
    let text = (0..<500).map { "key\($0): 1\n" }.joined() + "key250: 2\nkey499: 2\n"
    #expect(
      mistakes(text) == [
        "a.yaml:501:1: error: the key key250 already stands at 251:1; remove one of them",
        "a.yaml:502:1: error: the key key499 already stands at 500:1; remove one of them",
      ])
  }

  @Test("documents are read one by one; empty ones are left out")
  func documents() {
    let parsed = parse("# only a comment\n---\na: 1\n---\n---\n# nothing\n---\nb: 2\n...\n---\n")
    #expect(parsed.documents.map(\.value) == [["a": 1], ["b": 2]])
    #expect(parsed.documents.map(\.place.line) == [3, 8])
    #expect(parsed.diagnostics.isEmpty)
  }

  @Test(
    "T12: line ends, a byte order mark and a missing last newline change nothing",
    arguments: [
      "a: 1\nb: x\n", "a: 1\r\nb: x\r\n", "a: 1\rb: x\r", "\u{FEFF}a: 1\nb: x", "a: 1\nb: x",
    ])
  func lineEnds(text: String) {
    #expect(value(text) == ["a": 1, "b": "x"])
  }

  @Test("long keys that come again are the same text")
  func longKeys() {
    let key = "a-key-that-is-longer-than-fifteen-bytes"
    let list = value("- \(key): 1\n- \(key): 2\n- \(key)-more: 3")
    #expect(
      list == [
        .map(.init([.init(key: key, value: 1)])), .map(.init([.init(key: key, value: 2)])),
        .map(.init([.init(key: key + "-more", value: 3)])),
      ])
  }
}
