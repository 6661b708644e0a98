import Tend
import Testing

@testable import TendManifest

@Suite("Writing YAML")
struct YAMLWriterTests {
  @Test("values are written as people write them")
  func golden() {
    let value: Value = [
      "apiVersion": "files/v1", "count": 3, "ratio": 0.5, "on": true, "none": nil,
      "list": ["a", ["x": 1, "y": []], [[1, 2]]], "empty": [:],
      "text": "one\ntwo\n", "open": "one\ntwo",
      "quoted": ["no", "0644", "12:30", "", "a: b", "- x", "#", " x", "tab\t"],
    ]
    #expect(
      YAMLWriter.write(value) == """
        apiVersion: files/v1
        count: 3
        ratio: 0.5
        "on": true
        none: null
        list:
        - a
        - x: 1
          "y": []
        - - - 1
            - 2
        empty: {}
        text: |
          one
          two
        open: |-
          one
          two
        quoted:
        - "no"
        - "0644"
        - "12:30"
        - ""
        - 'a: b'
        - '- x'
        - '#'
        - ' x'
        - "tab\\t"

        """)
  }

  @Test("several documents are divided by dashes")
  func documents() {
    #expect(YAMLWriter.write([["a": 1], "x", nil]) == "a: 1\n--- x\n--- null\n")
    #expect(parse(YAMLWriter.write([["a": 1], "x"])).documents.map(\.value) == [["a": 1], "x"])
  }

  static let texts = [
    "", " ", "~", "null", "true", "no", "1", "1.5", ".inf", "0x1F", "<<", "=", "-", "--- x", "...",
    "a\n", "\n", "\na", "a\n\n", " a\nb", "a \nb", "a\n b\n", "a\r\nb", "\t", "a\tb", "\u{85}",
    "\u{2028}",
    "\u{202E}x", "\u{FEFF}", "\u{7F}", "é", "🎉", "'", "\"", "\\", "a'b\"c", "%x", "@x", "`x`", "!x",
    "&x",
    "*x", "? x", ": x", "x:", "x #y", "[x", "{x}", ",", "a, b", "|", ">", "# x", "2026-11-23",
    "1_000",
    "0o17", "1e3", "+1", "12e03", "y", "Off", "x: |", "\u{1}", "\u{1B}[31m", "a\u{300}", "a\n#b\n",
    "a\n---\nb\n", "\n\n  x\n", "x\n  \ny\n",
  ]

  @Test("any text reads back as itself, as a value, in a list and as a key", arguments: texts)
  func roundTrip(text: String) {
    for wrapped in [
      .string(text), .list([.string(text), .list([.string(text)])]),
      Value.map(.init([.init(key: text, value: .string(text)), .init(key: "k" + text, value: 1)])),
      ["a": ["b": .string(text)], "c": 1],
    ] as [Value] {
      let written = YAMLWriter.write(wrapped)
      #expect(value("# first\n--- \n" + written) == wrapped, "\(written)")
    }
  }

  @Test("a tree of any shape reads back as itself", arguments: 0..<300)
  func randomTree(seed: Int) {
    var numbers = SeededNumbers(seed: UInt64(seed))
    let tree = Self.tree(&numbers, depth: 4)
    let written = YAMLWriter.write(tree)
    #expect(value("--- \n" + written) == tree, "\(written)")
  }

  static func tree(_ numbers: inout SeededNumbers, depth: Int) -> Value {
    switch Int.random(in: 0..<(depth == 0 ? 5 : 7), using: &numbers) {
    case 0: return .null
    case 1: return .boolean(Bool.random(using: &numbers))
    case 2: return .integer(Int64.random(in: .min ... .max, using: &numbers))
    case 3: return .number(number(&numbers))
    case 4: return .string(text(&numbers))
    case 5:
      return .list(
        (0..<Int.random(in: 0..<5, using: &numbers)).map { _ in tree(&numbers, depth: depth - 1) })
    default:
      var fields = Value.Fields()
      for _ in 0..<Int.random(in: 0..<5, using: &numbers) {
        fields[text(&numbers)] = tree(&numbers, depth: depth - 1)
      }
      return .map(fields)
    }
  }

  private static func number(_ numbers: inout SeededNumbers) -> Double {
    let number = Double(bitPattern: numbers.next())
    return number.isFinite ? number : 0.25
  }

  private static func text(_ numbers: inout SeededNumbers) -> String {
    if Bool.random(using: &numbers) { return texts.randomElement(using: &numbers) ?? "" }
    let scalars = "ab \n\t:-#'\"\\[]{},&*!|>%@`?é\u{2028}\u{85}01.eE+_~<=".unicodeScalars.map(
      \.self)
    var text = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 0..<12, using: &numbers) {
      if let scalar = scalars.randomElement(using: &numbers) { text.append(scalar) }
    }
    return String(text)
  }
}
