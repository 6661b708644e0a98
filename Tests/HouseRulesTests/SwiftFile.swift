/// A Swift file in which comments and texts are blank, so that a rule sees code alone.
struct SwiftFile {
  let path: String
  /// As it was written, a line each.
  let lines: [Substring]
  /// The same lines with blanks for what is inside comments and texts.
  let code: [String]

  init(_ path: String, _ text: String) {
    self.path = path
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    var blanking = Blanking(text)
    code = blanking.run().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// Whether a line lies within a long text.
  func isText(_ line: Int) -> Bool {
    let written = lines[line].drop { $0 == " " }
    return !written.isEmpty && !written.hasPrefix("//") && code[line].allSatisfy { $0 == " " }
  }

  /// `path:line` of a line, counted from 0.
  func place(_ line: Int) -> String { "\(path):\(line + 1)" }
}

/// Walks over Swift text and replaces comments and the inside of texts by blanks.
private struct Blanking {
  private let input: [UInt8]
  private var output: [UInt8] = []
  private var index = 0

  init(_ text: String) {
    input = Array(text.utf8)
    output.reserveCapacity(input.count)
  }

  mutating func run() -> String {
    code(until: nil)
    return String(decoding: output, as: UTF8.self)
  }

  private func at(_ text: StaticString, _ offset: Int = 0) -> Bool {
    text.withUTF8Buffer { input[min(index + offset, input.count)...].starts(with: $0) }
  }

  private mutating func keep() {
    output.append(input[index])
    index += 1
  }

  private mutating func blank(_ count: Int = 1) {
    for _ in 0..<min(count, input.count - index) {
      output.append(input[index] == UInt8(ascii: "\n") ? input[index] : UInt8(ascii: " "))
      index += 1
    }
  }

  /// Code up to the parenthesis that closes an interpolation, or to the end.
  private mutating func code(until close: UInt8?) {
    var depth = 0
    while index < input.count {
      let byte = input[index]
      if let close, byte == close, depth == 0 { return }
      switch byte {
      case UInt8(ascii: "("):
        depth += 1
        keep()
      case UInt8(ascii: ")"):
        depth -= 1
        keep()
      case UInt8(ascii: "/") where at("//"): lineComment()
      case UInt8(ascii: "/") where at("/*"): blockComment()
      case UInt8(ascii: "\""), UInt8(ascii: "#"): literal()
      default: keep()
      }
    }
  }

  private mutating func lineComment() {
    while index < input.count, input[index] != UInt8(ascii: "\n") { blank() }
  }

  private mutating func blockComment() {
    var depth = 0
    repeat {
      if at("/*") { depth += 1 }
      if at("*/") { depth -= 1 }
      blank(at("/*") || at("*/") ? 2 : 1)
    } while depth > 0 && index < input.count
  }

  /// A text with any number of `#`; anything else that begins with `#` is code.
  private mutating func literal() {
    var hashes = 0
    while index + hashes < input.count, input[index + hashes] == UInt8(ascii: "#") { hashes += 1 }
    guard at("\"", hashes) else {
      for _ in 0..<max(1, hashes) { keep() }
      return
    }
    let isLong = at("\"\"\"", hashes)
    let fence =
      Array((isLong ? "\"\"\"" : "\"").utf8) + Array(repeating: UInt8(ascii: "#"), count: hashes)
    let escape = [UInt8(ascii: "\\")] + Array(repeating: UInt8(ascii: "#"), count: hashes)
    blank(fence.count)
    while index < input.count, !input[index...].starts(with: fence) {
      guard input[index...].starts(with: escape) else {
        blank()
        continue
      }
      blank(escape.count)
      if at("(") { interpolation() } else { blank() }
    }
    blank(fence.count)
  }

  private mutating func interpolation() {
    keep()
    code(until: UInt8(ascii: ")"))
    if index < input.count { keep() }
  }
}
