import Foundation
import Testing

struct DocumentTests {
  @Test(
    "a snippet in a document is part of an example or a test, to the letter",
    arguments: Tree.documents)
  func snippets(_ path: String) throws {
    for snippet in FencedBlock.all(in: try Tree.text(path)) where snippet.language == "swift" {
      #expect(try isCompiled(snippet), "\(path):\(snippet.line) is in no file of Examples or Tests")
    }
  }

  @Test("a snippet in a comment is part of compiled code, to the letter")
  func snippetsInComments() throws {
    for file in Tree.code(in: ["Sources", "Plugins"]) {
      let comments = file.lines.map { line -> Substring in
        let text = line.drop { $0 == " " }
        return text.hasPrefix("///") ? text.dropFirst(text.hasPrefix("/// ") ? 4 : 3) : ""
      }
      for snippet in FencedBlock.all(in: comments.joined(separator: "\n"))
      where snippet.language == "swift" {
        let isUsed = try isCompiled(snippet)
        #expect(isUsed, "\(file.path):\(snippet.line) is in no file of Examples or Tests")
      }
    }
  }

  @Test("a link in a document leads somewhere", arguments: Tree.documents)
  func links(_ path: String) throws {
    let folder = Tree.root.appending(path: path).deletingLastPathComponent()
    for match in try Tree.text(path).matches(of: /\]\(([^)\s]+)\)/) {
      let target = String(match.output.1)
      guard !target.contains("://"), !target.hasPrefix("#") else { continue }
      let exists = FileManager.default.fileExists(atPath: folder.appending(path: target).path())
      #expect(exists, "\(path) links to \(target), which is not there")
    }
  }

  @Test("a script that a document names is there", arguments: Tree.documents)
  func scripts(_ path: String) throws {
    for match in try Tree.text(path).matches(of: /\bbash ([A-Z][\w\/-]+)/) {
      let script = Tree.root.appending(path: String(match.output.1)).path()
      #expect(FileManager.default.isExecutableFile(atPath: script), "\(path): \(match.output.1)")
    }
  }

  @Test("a promise names tests that exist")
  func promises() throws {
    let names = Set(
      try Tree.files(".swift", in: ["Tests"]).flatMap { path in
        try Tree.text(path).matches(of: /@(?:Test|Suite)\(\s*"((?:[^"\\]|\\.)*)"/)
          .map { String($0.output.1) }
      })
    let document = try Tree.text("Sources/TendEngine/TendEngine.docc/WhatIsPromised.md")
    let promised = document.matches(of: /^- “(.+)”$/.anchorsMatchLineEndings())
    #expect(promised.count > 20)
    for name in promised.map({ String($0.output.1) }) where !names.contains(name) {
      Issue.record("no test is called “\(name)”")
    }
  }

  /// Whether a compiled file has these lines, as deep as they may stand there.
  private func isCompiled(_ snippet: FencedBlock) throws -> Bool {
    try Tree.files(".swift", in: ["Examples", "Tests"]).contains { path in
      let text = "\n" + (try Tree.text(path)) + "\n"
      return stride(from: 0, through: 8, by: 2).contains { depth in
        let lines = snippet.lines.map { line in
          line.isEmpty ? "" : String(repeating: " ", count: depth) + line
        }
        return text.contains("\n" + lines.joined(separator: "\n") + "\n")
      }
    }
  }
}

/// A block between two fences of a document.
struct FencedBlock {
  let language: String
  /// The line of the first fence, counted from 1.
  let line: Int
  let lines: [String]

  /// All blocks of a text.
  static func all(in text: String) -> [FencedBlock] {
    var blocks: [FencedBlock] = []
    var open: (language: String, line: Int, lines: [String])?
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      guard line.hasPrefix("```") else {
        open?.lines.append(String(line))
        continue
      }
      if let block = open {
        blocks.append(
          FencedBlock(language: block.language, line: block.line, lines: block.lines))
        open = nil
      } else {
        open = (String(line.dropFirst(3)), index + 1, [])
      }
    }
    return blocks
  }
}
