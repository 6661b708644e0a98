import Tend
import Testing

@testable import TendManifest

@Suite("Text that is no manifest")
struct BadTextTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let bytes: [UInt8]
    let message: String
    let reason: String
    var testDescription: String { reason }

    init(_ text: String, _ message: String, _ reason: String) {
      self.init(Array(text.utf8), message, reason)
    }

    init(_ bytes: [UInt8], _ message: String, _ reason: String) {
      (self.bytes, self.message, self.reason) = (bytes, message, reason)
    }
  }

  @Test(
    "T12: a character that does not belong there is refused at its place",
    arguments: [
      Case("a: x\0y", "1:5: error: the file contains a NUL byte", "NUL"),
      Case("é: x\n\u{1}", "2:1: error: the file contains the control character U+0001", "control"),
      Case("a: é\u{7F}", "1:5: error: the file contains the control character U+007F", "delete"),
      Case("a: \u{85}", "1:4: error: the file contains the control character U+0085", "next line"),
      Case("a: \u{202E}x", "1:4: error: the file contains U+202E, which makes", "bidi override"),
      Case("a: \u{2066}x", "1:4: error: the file contains U+2066, which makes", "bidi isolate"),
      Case("a: \u{2028}", "1:4: error: the file contains U+2028, which versions", "line separator"),
      Case("a: \u{FEFF}", "1:4: error: the file contains a byte order mark", "a later mark"),
      Case("a: \u{FFFF}", "1:4: error: the file contains a code point that is no", "noncharacter"),
      Case([0x61, 0xFF], "1:2: error: the file is not UTF-8", "a byte that is never UTF-8"),
      Case([0x61, 0x0A, 0xC3], "2:1: error: the file is not UTF-8", "cut in a character"),
      Case([0xC0, 0x80], "1:1: error: the file is not UTF-8", "overlong"),
      Case([0xED, 0xA0, 0x80], "1:1: error: the file is not UTF-8", "a surrogate"),
      Case([0xF4, 0x90, 0x80, 0x80], "1:1: error: the file is not UTF-8", "beyond Unicode"),
      Case([0xFF, 0xFE, 0x61, 0x00], "1:1: error: the file is not UTF-8", "UTF-16"),
    ])
  func characters(_ test: Case) {
    for file in ["a.yaml", "a.json"] {
      let parsed = DocumentParser().parse(test.bytes, file: file)
      #expect(parsed.documents.isEmpty)
      #expect(parsed.diagnostics.all.count == 1)
      let message = parsed.diagnostics.description
      #expect(message.hasPrefix("\(file):\(test.message)"), "\(message)")
      #expect(parsed.diagnostics.all.allSatisfy { $0.remedy != nil })
    }
  }

  @Test("each ASCII byte is judged alike wherever it stands")
  func everyByte() {
    for byte in UInt8(0)..<0x80 {
      let isUnwanted = byte < 0x20 ? ![0x09, 0x0A, 0x0D].contains(byte) : byte == 0x7F
      for position in 0..<20 {
        var bytes = Array("abcdefghijklmnopqrst".utf8)
        bytes[position] = byte
        let found = bytes.withUnsafeBufferPointer { TextCheck.firstUnwanted($0)?.offset }
        #expect(found == (isUnwanted ? position : nil), "byte \(byte) at \(position)")
      }
    }
  }

  @Test("text in any script is read")
  func scripts() {
    #expect(value("a: héllo 日本 שלום 🎉\u{200F}") == ["a": "héllo 日本 שלום 🎉\u{200F}"])
  }

  @Test(
    "YAML that does not parse is refused with the place and what to do",
    arguments: [
      Case(
        "a: \"b\nc: d", "2:5: error: the text ends inside the quoted text that begins at 1:4",
        "open quote"),
      Case(
        "a: [1, 2", "2:1: error: a comma or ] is missing in the list that begins at 1:4", "cut list"
      ),
      Case(
        "a: {b: 1", "2:1: error: a comma or } is missing in the map that begins at 1:4", "cut map"),
      Case("a: [1,", "2:1: error: a value is missing here", "cut after a comma"),
      Case("a: b: c", "1:5: error: a colon stands where no field can begin", "two colons"),
      Case("a: 1\n b: 2", "2:3: error: a colon stands where no field can begin", "indented"),
      Case(
        "a:\n  b: 1\n c: 2", "3:2: error: this line does not fit the map that begins at",
        "indentation"),
      Case("a:\n\tb: 1", "2:1: error: no value can begin with this character", "tab"),
      Case("a: @x", "1:4: error: no value can begin with this character", "at sign"),
      Case(
        "a: \"\\q\"", "1:5: error: a backslash in double quotes is followed by no known", "escape"),
      Case(
        "- a\nb: c", "2:1: error: this line does not fit the list that begins at 1:1",
        "list, then map"),
      Case(
        "a: 'x' y", "1:8: error: this line does not fit the map that begins at 1:1",
        "text after quotes"),
    ])
  func syntax(_ test: Case) {
    let parsed = DocumentParser().parse(test.bytes, file: "a.yaml")
    let message = parsed.diagnostics.description
    #expect(parsed.diagnostics.all.count == 1)
    #expect(message.hasPrefix("a.yaml:\(test.message)"), "\(message)")
    #expect(parsed.diagnostics.all.first?.code == .syntax)
    #expect(parsed.diagnostics.all.first?.remedy != nil)
    #expect(message.contains("the rest of the file can't be read"))
  }

  @Test("documents before an error of syntax are read, and their own mistakes reported")
  func before() {
    let parsed = parse("a: 1\n---\nb: .inf\n---\nc: [\n")
    #expect(parsed.documents.map(\.value) == [["a": 1], ["b": nil]])
    #expect(parsed.diagnostics.all.map(\.code) == [.invalidValue, .syntax])
  }

  @Test("T10: a sample that is cut anywhere is refused or read, never a trap")
  func truncated() {
    let text = Array(manifest("motd", more: "dependsOn: [Directory/etc]").utf8)
    for length in text.indices {
      let parsed = DocumentParser().parse(Array(text[..<length]), file: "a.yaml")
      #expect(parsed.documents.count + parsed.diagnostics.all.count <= 2)
    }
  }
}
