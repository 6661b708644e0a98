import Tend
import Testing

@testable import TendHTTP

struct ListPageTests {
  @Test(
    "the items of a list are found without being read",
    arguments: [
      ("[]", []),
      (" [ ] \n", []),
      ("[1]", ["1"]),
      ("[1,2 , \"a\"\t,null]", ["1", "2 ", "\"a\"\t", "null"]),
      ("[{\"a\": [1, {}]},[[]]]", ["{\"a\": [1, {}]}", "[[]]"]),
      // Brackets, commas and quotes in strings are text.
      (#"["a,]}", "\"", "\\"]"#, [#""a,]}""#, #""\"""#, #""\\""#]),
    ])
  func split(text: String, items: [String]) throws {
    let page = try #require(ListPage(text: Array(text.utf8)))
    #expect(page.count == items.count)
    for (position, item) in items.enumerated() {
      let value = try JSONText.value(of: Array(item.utf8))
      #expect(try page.value(at: position) == value)
    }
  }

  @Test(
    "what is no list as far as its brackets tell is read as a whole",
    arguments: [
      "", " ", "{}", "1", "<html>[]</html>", "[", "[1", "[1,", "[1,]", "[,1]", "[\"a]",
      "[\"a\\", "[]]", "[1] 2", "[{]", "[1, {\"a\"]}]", "[1}]", "[1}2]",
    ])
  func noList(text: String) { #expect(ListPage(text: Array(text.utf8)) == nil) }

  @Test(
    "an item that is not JSON is a mistake of its own", arguments: ["[1, {a}]", "[1, {\"a\"]]"])
  func broken(text: String) throws {
    let page = try #require(ListPage(text: Array(text.utf8)))
    #expect(try page.value(at: 0) == 1)
    #expect(throws: JSONText.Mistake.self) { try page.value(at: 1) }
  }

  @Test("the same text has the same digest, and another text another one")
  func digests() throws {
    let one = try #require(ListPage(text: Array("[{\"a\": 1}, {\"a\":1}, 2]".utf8)))
    let other = try #require(ListPage(text: Array("[ 2, {\"a\": 1} ]".utf8)))
    #expect(one.digests[0] != one.digests[1] && one.digests[1] != one.digests[2])
    #expect(other.digests.first == one.digests[2])
    #expect(ListPage([1, 2]).digests == ListPage([1, 2]).digests)
  }
}
