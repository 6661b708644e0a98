import Tend
import Testing

@testable import TendManifest

@Suite("JSON")
struct JSONTests {
  @Test("a JSON document has the types of JSON, in the order in which it was written")
  func types() throws {
    let text = #"{"b": 1, "a": [true, false, null, -2.5, 1e3, "x\u00e9\ud83c\udf89\/"], "c": {}}"#
    let found = try #require(value(text, "a.json"))
    #expect(
      found == ["b": 1, "a": [true, false, nil, -2.5, .number(1000), "xé🎉/"], "c": [:]])
    #expect(found.json == #"{"b":1,"a":[true,false,null,-2.5,1000.0,"xé🎉/"],"c":{}}"#)
  }

  @Test(
    "JSON that does not parse is refused with its place, and without quoting it",
    arguments: [
      ("{\"a\": 1,}", "1:9"), ("{\"a\": \"secret\" \"b\"}", "1:"), ("[1, 2", "1:5"),
      ("{\n  \"a\": secret\n}", "2:13"), ("{'a': 1}", "1:2"), ("[1] 2", "1:5"),
      ("[9223372036854775808]", "1:20"), ("[1e999]", "1:6"), ("[\"a\\u0000b\"]", "1:"),
      ("[NaN]", "1:4"), ("{\"a\": 1", "1:7"),
    ])
  func syntax(text: String, place: String) {
    let found = mistakes(text, "a.json")
    #expect(found.count == 1)
    #expect(found.first?.hasPrefix("a.json:\(place)") == true, "\(found)")
    #expect(found.first?.contains("secret") == false)
    #expect(found.first?.contains("error: this is not JSON: ") == true)
  }

  @Test("T12: all keys that stand twice in JSON are refused with both places")
  func duplicates() {
    #expect(
      mistakes("{\n \"a\": 1,\n \"\\u0061\": {\"b\": 1, \"é\": \"x\",  \"b\": 2}\n}", "a.json") == [
        "a.json:3:2: error: the key a already stands at 2:2; remove one of them",
        "a.json:3:32: error: the key b already stands at 3:13; remove one of them",
      ])
  }

  @Test("an empty JSON file holds no document")
  func empty() {
    #expect(parse(" \n", "a.json").documents.isEmpty)
    #expect(parse("", "a.json").diagnostics.isEmpty)
  }

  @Test("places in JSON are found, in characters")
  func places() throws {
    let text = "\u{FEFF}\n {\"é\": 1, \"list\": [ true,\n  {\"x.y\": \"z\"}], \"m\": {}}"
    let document = try #require(parse(text, "a.json").documents.first)
    #expect(document.place.description == "a.json:2:2")
    let expected = ["é": "2:8", "list": "2:11", "list[0]": "2:21", #"list[1]["x.y"]"#: "3:11"]
    for (path, place) in expected.sorted(by: { $0.key < $1.key }) {
      let path = try #require(FieldPath(path))
      #expect(document.place(of: path).description == "a.json:\(place)")
    }
    #expect(document.place(of: FieldPath([.key("m"), .key("none")])).description == "a.json:3:18")
  }

  @Test(
    "T11: JSON that nests deeper, or holds more, than the limits is refused by the limit's name")
  func limits() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(
      mistakes(deep, "a.json").first?.hasPrefix(
        "a.json:1:101: error: maps and lists are nested deeper than the limit depth, 100") == true)
    let wide = "[" + String(repeating: "1,", count: 300_000) + "1]"
    #expect(mistakes(wide, "a.json").first?.contains("the limit fileValues") == true)
    let long = "[\"" + String(repeating: "x", count: 2 << 20) + "\"]"
    #expect(mistakes(long, "a.json").first?.contains("the limit scalarBytes") == true)
    #expect(mistakes("[\"[[[[,,,,\\\"[\"]", "a.json").isEmpty)
  }
}
