import Tend
import Testing

@testable import TendFiles

@Suite("a declaration is refused where it can't be meant")
struct DecodingTests {
  struct Refusal: CustomTestStringConvertible, Sendable {
    let reason: String
    let kind: String
    let path: String
    let fields: Value.Fields
    let message: String
    let remedy: String

    init(
      _ reason: String, _ message: String, _ remedy: String, kind: String = "File",
      path: String = "/a", _ fields: Value = ["content": ""]
    ) {
      (self.reason, self.kind, self.path) = (reason, kind, path)
      (self.message, self.remedy) = (message, remedy)
      if case .map(let fields) = fields { self.fields = fields } else { self.fields = .init() }
    }

    var testDescription: String { reason }
  }

  static let refusals = [
    Refusal("relative", "path is not an absolute path", "slash", path: "a/b"),
    Refusal("leads up", "path contains ..", "write out", path: "/a/../b"),
    Refusal("ends in ..", "path contains ..", "write out", path: "/a/.."),
    Refusal("the root directory", "path is the root directory", "below", path: "//"),
    Refusal("empty", "path is not an absolute path", "slash", path: ""),
    Refusal("a NUL", "path contains a NUL", "NUL", path: "/a\0b"),
    Refusal(
      "a long name", "path has a name that is longer than 255 bytes", "shorter",
      path: "/" + String(repeating: "n", count: 256)),
    Refusal(
      "a long path", "path is longer than 4095 bytes", "shorter",
      path: String(repeating: "/abcdefg", count: 512)),
    Refusal(
      "0644 without quotes is an integer", "mode must be a string, but is an integer",
      "write the permission bits in quotes, such as \"0644\"", ["content": "", "mode": 420]),
    Refusal(
      "644 without quotes", "mode must be a string, but is an integer", "such as \"0644\"",
      ["content": "", "mode": 644]),
    Refusal(
      "no octal digits", "mode must be three or four octal digits", "such as \"0644\"",
      ["content": "", "mode": "0689"]),
    Refusal(
      "symbolic mode", "mode must be three or four octal digits", "such as \"0644\"",
      ["content": "", "mode": "u=rw"]),
    Refusal(
      "an owner that can't be", "owner is neither a name nor a number of a user", "www-data",
      ["content": "", "owner": "a:b"]),
    Refusal(
      "chown's own number", "group is neither a name nor a number of a group", "33",
      ["content": "", "group": "4294967295"]),
    Refusal("no content", "content is missing", "content: \"\"", [:]),
    Refusal(
      "two contents", "contentBase64 stands beside content", "keep one",
      ["content": "", "contentBase64": ""]),
    Refusal(
      "not Base64", "contentBase64 is not Base64", "base64(1)", ["contentBase64": "a*b="]),
    Refusal(
      "a length that Base64 never has", "contentBase64 is not Base64", "base64(1)",
      ["contentBase64": "AAAAA"]),
    Refusal(
      "an unknown field", "ownr is not a field here", "did you mean owner?",
      ["content": "", "ownr": "root"]),
    Refusal(
      "an unknown choice", "replace must be one of atomic, inPlace", "did you mean inPlace?",
      ["content": "", "replace": "inplace"]),
    Refusal("an empty target", "target is empty", "leads to", kind: "Symlink", ["target": ""]),
    Refusal("no target", "target is missing", "add it", kind: "Symlink", [:]),
    Refusal(
      "content of a directory", "content is not a field here", "the fields", kind: "Directory"),
    Refusal(
      "no tree to read from", "files beside the manifest can't be read here", "inline",
      ["source": "a.txt"]),
  ]

  @Test("T10 each mistake has its message and its remedy", arguments: refusals)
  func refuses(_ refusal: Refusal) throws {
    let error = try #require(throws: Diagnostics.self) {
      try declare(refusal.kind, refusal.path, refusal.fields)
    }
    #expect(error.all.map(\.message) == [refusal.message])
    #expect(error.all.first?.remedy?.contains(refusal.remedy) == true)
  }

  @Test("all mistakes of one document are named at once")
  func collects() throws {
    let error = try #require(throws: Diagnostics.self) {
      try declare(
        "File", "a", .init([.init(key: "mode", value: "x"), .init(key: "owner", value: " ")]))
    }
    #expect(error.all.count == 4)
  }

  @Test("T62 no mistake quotes a content")
  func quotesNoContent() throws {
    let canary = "canary*"
    for fields in [
      [("contentBase64", Value.string(canary))],
      [("content", .string(canary)), ("contentBase64", .string(canary))],
      [("content", .list([.string(canary)]))],
    ] {
      let error = try #require(throws: Diagnostics.self) {
        try declare("File", "/a", .init(fields.map { .init(key: $0, value: $1) }))
      }
      #expect(!"\(error)".contains("canary"))
    }
  }

  @Test("T62 printing and dumping what was declared shows no content")
  func printsNoContent() throws {
    let spec = try declare("File", "/a", .init([.init(key: "content", value: "canary")]))
    var dumped = "\(spec) \(String(reflecting: spec))"
    dump(spec, to: &dumped)
    if let content = spec.content { dump(content, to: &dumped) }
    #expect(!dumped.contains("canary"))
  }

  @Test("the example of each kind fits its own schema")
  func examples() {
    for kind in FileProvider().kinds {
      #expect(kind.schema.example?.contains("kind: \(kind.name.kind)") == true)
      #expect(kind.schema.fields.contains { $0.name == "path" && $0.isRequired })
    }
  }

  @Test(
    "Base64 is read as RFC 4648 has it",
    arguments: [
      ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"),
      ("Zm9vYmE=", "fooba"), ("Zm9v\nYmFy\n", "foobar"),
    ])
  func base64(encoded: String, decoded: String) {
    #expect([UInt8](base64: encoded) == Array(decoded.utf8))
  }

  @Test(
    "Base64 with loose ends is refused",
    arguments: ["Z", "Zg", "Zg=", "Zh==", "Zm9=", "=", "Zg==Zg==", "Zm9v====", "Zg=g"])
  func refusedBase64(text: String) {
    #expect([UInt8](base64: text) == nil)
  }
}
