import Testing

struct LengthTests {
  @Test("a line of code has at most 100 columns")
  func lines() throws {
    for path in Tree.files(".swift") {
      for (number, line) in try Tree.code(path).lines.enumerated() where line.count > 100 {
        Issue.record("\(path):\(number + 1): \(line.count) columns")
      }
    }
  }

  @Test("a line of a document has at most 140 columns")
  func documents() throws {
    for path in Tree.documents {
      let lines = try Tree.text(path).split(separator: "\n", omittingEmptySubsequences: false)
      for (number, line) in lines.enumerated() where line.count > 140 {
        Issue.record("\(path):\(number + 1): \(line.count) columns")
      }
    }
  }

  @Test("a file has at most 600 lines")
  func files() throws {
    for path in Tree.files(".swift") {
      let count = try Tree.code(path).lines.count - 1
      #expect(count <= 600, "\(path) has \(count) lines")
    }
  }

  @Test("a function has at most 70 lines")
  func functions() throws {
    for path in Tree.files(".swift") {
      for function in FunctionSpan.all(in: try Tree.code(path)) where function.lines > 70 {
        Issue.record("\(function.place): \(function.name) has \(function.lines) lines")
      }
    }
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
      guard
        let match = file.code[start].firstMatch(
          of: /(?:^|\s)(?:func\s+([^\s(<]+)|(init|deinit)[?(<\s])/),
        let end = end(of: file, from: start)
      else { return nil }
      let name = match.output.1 ?? match.output.2 ?? ""
      return FunctionSpan(
        name: String(name), place: file.place(start), lines: end - start + 1)
    }
  }

  /// The line of the brace that closes the body; nil for a requirement, which has none.
  private static func end(of file: SwiftFile, from start: Int) -> Int? {
    var (braces, parentheses) = (0, 0)
    for index in start..<file.code.count {
      for character in file.code[index] {
        switch character {
        case "(", "[": parentheses += 1
        case ")", "]": parentheses -= 1
        case "{": braces += 1
        case "}":
          braces -= 1
          if braces == 0, parentheses == 0 { return index }
          if braces < 0 { return nil }
        default: break
        }
      }
      let next = index + 1 < file.code.count ? file.code[index + 1] : ""
      let isOver =
        braces == 0 && parentheses <= 0 && !next.contains(/^\s*(\{|->|async|throws|where)/)
      if isOver { return nil }
    }
    return nil
  }
}
