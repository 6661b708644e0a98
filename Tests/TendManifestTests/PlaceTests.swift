import Tend
import Testing

@testable import TendManifest

@Suite("Places")
struct PlaceTests {
  @Test("the place of a value, of a list's item, and of what has none are found")
  func places() throws {
    let text = """
      # comment
      ---
      first: 1
      ---
      é: {ключ: x,   b: [1,  "two"]}
      map:
        empty:
        "a.b": |
          text
        list:
        - x
        - {y: z}
      """
    let documents = parse(text).documents
    #expect(documents.map(\.place.description) == ["a.yaml:3:1", "a.yaml:5:1"])
    let second = try #require(documents.last)
    let cases = [
      ("é", "5:1"), ("é.ключ", "5:11"), ("é.b", "5:16"), ("é.b[1]", "5:24"), ("map", "6:1"),
      ("map.empty", "7:3"), (#"map["a.b"]"#, "8:10"), ("map.list", "10:3"), ("map.list[0]", "11:5"),
      ("map.list[1].y", "12:9"), ("map.none", "6:1"), ("map.list[7].x", "10:3"), ("none", "5:1"),
    ]
    for (path, place) in cases {
      let found = second.place(of: try #require(FieldPath(path)))
      #expect(found.description == "a.yaml:\(place)", "\(path)")
    }
    let key = try #require(FieldPath("é.ключ"))
    #expect(second.places.place(ofKey: key)?.description == "a.yaml:5:5")
  }

  @Test("what came by an alias or a merge key has the place where it was written")
  func aliases() throws {
    let text = """
      defaults: &d
        mode: 5
      spec:
        <<: *d
        owner: x
      other: [*d]
      """
    let document = try #require(parse(text).documents.first)
    #expect(document.place(of: FieldPath([.key("spec"), .key("mode")])).line == 2)
    #expect(document.place(of: FieldPath([.key("spec"), .key("owner")])).line == 5)
    #expect(
      document.place(of: FieldPath([.key("other"), .index(0), .key("mode")])).description
        == "a.yaml:2:9")
  }

  @Test(
    "places are right after any line ends",
    arguments: ["\n", "\r\n", "\r"])
  func lineEnds(end: String) throws {
    let text = ["a: 1", "---", "b:", "  c: 2"].joined(separator: end)
    let document = try #require(parse(text).documents.last)
    #expect(document.place(of: FieldPath([.key("b"), .key("c")])).description == "a.yaml:4:6")
  }

  @Test("each of 5,000 documents with a mistake gets its own line, without reading all again")
  func manyDocuments() throws {
    let text = (0..<5000).map {
      "---\napiVersion: a/v1\nkind: K\nmetadata: {name: n\($0)}\nfoo: 1\n"
    }
    var limits = ManifestLimits()
    limits.fileDiagnostics = 10_000
    let found = read([("a.yaml", text.joined())], ManifestReader(limits: limits)).diagnostics.all
    #expect(found.map { $0.place?.line ?? 0 } == (0..<5000).map { $0 * 5 + 5 })
  }

  @Test("the values of JSON and their places agree with those of the same text read as YAML")
  func agreement() throws {
    let text = #"{"a": [1, {"b": "x", "c": []}], "d": {"e": null, "f": -1.5}}"#
    let json = try #require(parse(text, "a.json").documents.first)
    let yaml = try #require(parse(text, "a.json.yaml").documents.first)
    #expect(json.value == yaml.value)
    for path in ["a", "a[0]", "a[1].b", "a[1].c", "d.e", "d.f"] {
      let path = try #require(FieldPath(path))
      #expect(json.place(of: path).column == yaml.place(of: path).column, "\(path)")
    }
  }
}
