import Testing

@testable import TendCLI

@Suite("Diffs of lines")
struct LineDiffTests {
  private static func text(_ old: String, _ new: String) -> String {
    LineDiff(from: old, to: new).lines.map { line in
      switch line {
      case .hunk(let text), .note(let text): text
      case .kept(let text): " " + text
      case .removed(let text): "-" + text
      case .added(let text): "+" + text
      }
    }.joined(separator: "\n")
  }

  @Test(
    "are as diff -u writes them",
    arguments: [
      ("a\n", "a\n", "", "equal"),
      ("", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b", "new"),
      ("a\nb\n", "", "@@ -1,2 +0,0 @@\n-a\n-b", "gone"),
      ("a\n", "b\n", "@@ -1 +1 @@\n-a\n+b", "one line"),
      (
        "1\n2\n3\n4\n5\n6\n7\n8\n", "1\n2\n3\n4\nx\n6\n7\n8\n",
        "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8", "three lines around"
      ),
      (
        "a", "a\n", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a", "a newline at the end"
      ),
      (
        "a\nb", "a\nc",
        "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n"
          + "\\ No newline at end of file", "no newline in both"
      ),
      ("a\r\nb\r\n", "a\nb\n", "@@ -1,2 +1,2 @@\n-a\\u{d}\n-b\\u{d}\n+a\n+b", "line ends"),
      ("\u{e9}\n", "e\u{301}\n", "@@ -1 +1 @@\n-\u{e9}\n+e\u{301}", "bytes, not looks"),
    ])
  func examples(old: String, new: String, expected: String, reason: String) {
    #expect(Self.text(old, new) == expected, "\(reason)")
  }

  @Test("changes far apart are hunks of their own, near ones are one")
  func hunks() {
    let old = (1...30).map { "\($0)" }
    func replaced(_ lines: Int...) -> String {
      old.enumerated().map { lines.contains($0 + 1) ? "x" : $1 }.joined(separator: "\n") + "\n"
    }
    let text = old.joined(separator: "\n") + "\n"
    func count(_ new: String) -> Int { LineDiff(from: text, to: new).lines.count { $0.isHunk } }
    #expect(count(replaced(5, 20)) == 2)
    #expect(count(replaced(5, 12)) == 1)
    #expect(count(replaced(5, 13)) == 2)
  }

  @Test("content can't steer a terminal")
  func control() {
    let text = Self.text("", "\u{1b}[2J\u{202e}\u{7}\n")
    #expect(text == "@@ -0,0 +1 @@\n+\\u{1b}[2J\\u{202e}\\u{7}")
  }

  @Test("two large texts without a common line take no time and give a bounded answer")
  func large() {
    let old = (0..<100_000).map { "a\($0)\n" }.joined()
    let new = (0..<100_000).map { "b\($0)\n" }.joined()
    let lines = LineDiff(from: old, to: new).lines
    #expect(lines.count == LineDiff.shownLines + 1)
    #expect(lines.last == .note("… 199801 more lines"))
  }

  @Test("applied to the old text the diff gives the new one, for many random pairs")
  func random() {
    var generator = Seeded(state: 42)
    for _ in 0..<300 {
      let old = (0..<Int.random(in: 0..<40, using: &generator)).map { _ in
        "\(Int.random(in: 0..<6, using: &generator))"
      }
      let new = (0..<Int.random(in: 0..<40, using: &generator)).map { _ in
        "\(Int.random(in: 0..<6, using: &generator))"
      }
      let lines = LineDiff(
        from: old.map { $0 + "\n" }.joined(), to: new.map { $0 + "\n" }.joined()
      ).lines
      #expect(Self.apply(lines, to: old) == new)
    }
  }

  /// Applies a diff by its line numbers.
  private static func apply(_ lines: [LineDiff.Line], to old: [String]) -> [String] {
    var result: [String] = []
    var index = 0
    for line in lines {
      switch line {
      case .hunk(let head):
        let numbers = head.split { !$0.isNumber }.compactMap { Int($0) }
        let isEmpty = head.contains(#/-\d+,0 /#)
        let start = (numbers.first ?? 0) - (isEmpty ? 0 : 1)
        result += old[index..<start]
        index = start
      case .kept(let text):
        result.append(text)
        index += 1
      case .removed: index += 1
      case .added(let text): result.append(text)
      case .note: break
      }
    }
    return result + old[index...]
  }
}

/// SplitMix64, so that each run tries the same pairs.
private struct Seeded: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
