import Tend
import Testing

@testable import TendHTTP

struct JSONTests {
  private let document: Value = ["a": ["b": [1, ["c": "x"]]], "m~n": 8, "a/b": 1, "": 0]

  @Test(
    "a pointer leads where RFC 6901 says",
    arguments: [
      ("/a/b/1/c", "x"), ("/a/b/0", 1), ("/m~0n", 8), ("/a~1b", 1), ("/", 0), ("/a/b/2", nil),
      ("/a/b/00", nil), ("/a/b/-", nil), ("/nowhere", nil), ("/a/b/0/c", nil),
    ] as [(String, Value?)])
  func pointers(text: String, expected: Value?) throws {
    let pointer = try #require(JSONPointer(text))
    #expect(pointer.value(in: document) == expected)
    #expect(JSONPointer(tokens: pointer.tokens) == pointer)
  }

  @Test("what is no pointer is refused", arguments: ["a", "a/b", "/~", "/~2"])
  func noPointer(text: String) {
    #expect(JSONPointer(text) == nil)
  }

  @Test("a mistake in a response has its line and column, and quotes nothing of it")
  func mistake() throws {
    do {
      _ = try JSONText.value(of: Array("{\"password\": \n canary}".utf8))
      Issue.record("it was read")
    } catch {
      #expect(error.line == 2)
      #expect(!"\(error)".contains("canary"))
    }
  }

  @Test("numbers keep what they are, and large ones are no trap")
  func numbers() throws {
    let value = try JSONText.value(
      of: Array("[1, 1.0, -2e3, 9223372036854775807]".utf8))
    #expect(value == [1, 1.0, -2000.0, 9_223_372_036_854_775_807])
    #expect(throws: JSONText.Mistake.self) {
      try JSONText.value(of: Array("92233720368547758080".utf8))
    }
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: JSONText.Mistake.self) {
      try JSONText.value(of: Array(deep.utf8))
    }
  }

  @Test("T87: what a response echoes of a secret is masked, the longer secret first")
  func masks() throws {
    let mask = Mask(["canary", "canary-long", "abc"])
    #expect(mask.apply(to: "a canary-long canary abc") == "a (sensitive) (sensitive) abc")
    #expect(mask.apply(to: ["a": ["x canary y"]]) == ["a": ["x (sensitive) y"]])
    // As it is, in JSON, in JSON of another writer, in a URL.
    let secret = #"a"b\c/d é!"#
    for echo in [
      secret, #"a\"b\\c/d é!"#, #"a\"b\\c\/d é!"#, #"a\"b\\c/d \u00e9!"#,
      "a%22b%5Cc%2Fd%20%C3%A9%21",
    ] {
      #expect(Mask([secret]).apply(to: "<\(echo)>") == "<(sensitive)>", "\(echo)")
    }
    // A letter is not the same with an accent behind it, a byte is.
    #expect(Mask(["canary"]).apply(to: "canary\u{301}") == "(sensitive)\u{301}")
    #expect(Mask(["(sensitive)", "sens"]).apply(to: "sens") == "(sensitive)")
  }
}
