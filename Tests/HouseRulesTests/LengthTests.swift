import Testing

struct LengthTests {
  @Test("a line of code has at most 100 columns")
  func lines() {
    for file in Tree.code() {
      for index in file.lines.indices where file.lines[index].isWider(than: 100) {
        Issue.record("\(file.place(index)): \(file.lines[index].count) columns")
      }
    }
  }

  @Test("a line of a document has at most 140 columns; rows of tables, which can't be broken, any")
  func documents() throws {
    for path in Tree.documents {
      let lines = try Tree.text(path).split(separator: "\n", omittingEmptySubsequences: false)
      for (number, line) in lines.enumerated()
      where line.isWider(than: 140) && !line.hasPrefix("|") {
        Issue.record("\(path):\(number + 1): \(line.count) columns")
      }
    }
  }

  @Test("a file has at most 600 lines")
  func files() {
    for file in Tree.code() {
      let count = file.lines.count - 1
      #expect(count <= 600, "\(file.path) has \(count) lines")
    }
  }

  @Test("a function has at most 70 lines, those of a long text not counted")
  func functions() {
    for file in Tree.code() {
      for function in FunctionSpan.all(in: file) where function.lines > 70 {
        Issue.record("\(function.place): \(function.name) has \(function.lines) lines")
      }
    }
  }

  @Test("a whole provider takes less than 60 lines, as the README says")
  func provider() throws {
    let path = "Examples/Operator/Sources/Operator/TenantProvider.swift"
    let file = try #require(Tree.code().first { $0.path == path })
    #expect(file.lines.count - 1 < 60)
  }

  @Test("the ruler measures what it should")
  func ruler() {
    let text = """
      func one() { "}" }
      struct Two {
        init?(_ text: String) {
          // }
          _ = "\\(text.map { "}\\($0)" })"
        }
        func three<T>(
          _ value: T
        ) async throws -> T where T: Sendable {
          value
        }
      }
      """
    let found = FunctionSpan.all(in: SwiftFile("x", text)).map { "\($0.name) \($0.lines)" }
    #expect(found == ["one 1", "init 4", "three 5"])
  }
}

/// A function and how many lines it takes, from its name to its closing brace.
struct FunctionSpan {
  let name: String
  let place: String
  let lines: Int

  /// Every function, initialiser and deinitialiser with a body, outer ones first.
  static func all(in file: SwiftFile) -> [FunctionSpan] {
    file.code.indices.compactMap { start in
      guard let name = name(in: file.code[start]), let end = end(of: file, from: start) else {
        return nil
      }
      let texts = (start...end).count { file.isText($0) }
      return FunctionSpan(name: name, place: file.place(start), lines: end - start + 1 - texts)
    }
  }

  /// The name of the function that is declared in a line.
  private static func name(in line: String) -> String? {
    guard line.contains("func ") || line.contains("init") else { return nil }
    let words = line.split { $0 == " " || $0 == "(" || $0 == "<" || $0 == "?" }
    for (index, word) in words.enumerated() {
      if word == "func" { return words.dropFirst(index + 1).first.map(String.init) }
      let isDeclared = words[..<index].allSatisfy { $0.hasPrefix("@") || modifiers.contains($0) }
      if isDeclared, word == "init" || word == "deinit" { return String(word) }
    }
    return nil
  }

  private static let modifiers: Set<Substring> = [
    "public", "package", "internal", "private", "fileprivate", "convenience", "required",
    "override", "nonisolated", "isolated",
  ]

  /// The line of the brace that closes the body; nil for a requirement, which has none.
  private static func end(of file: SwiftFile, from start: Int) -> Int? {
    var (braces, brackets, hasBody) = (0, 0, false)
    for index in start..<file.code.count {
      for byte in file.code[index].utf8 {
        switch byte {
        case UInt8(ascii: "("), UInt8(ascii: "["): brackets += 1
        case UInt8(ascii: ")"), UInt8(ascii: "]"): brackets -= 1
        case UInt8(ascii: "{"):
          braces += 1
          hasBody = hasBody || brackets == 0
        case UInt8(ascii: "}"):
          braces -= 1
          if braces == 0, brackets == 0, hasBody { return index }
          if braces < 0 { return nil }
        default: break
        }
      }
      if braces == 0, brackets <= 0, !isContinued(file.code, index + 1) { return nil }
    }
    return nil
  }

  /// Whether a line goes on with the signature above it.
  private static func isContinued(_ code: [String], _ index: Int) -> Bool {
    guard index < code.count else { return false }
    let text = code[index].drop { $0 == " " }
    return ["{", ")", "->", "async", "throws", "where"].contains { text.hasPrefix($0) }
  }
}

extension Substring {
  /// Whether it has more characters; most lines are told by their bytes alone.
  func isWider(than columns: Int) -> Bool { utf8.count > columns && count > columns }
}
