import Foundation
import TestSupport
import Testing

@Suite("the README")
struct ReadmeTests {
  @Test("its commands do what it says, one after the other, on the manifests that it shows")
  func commands() async throws {
    let command = try Command()
    let readme = try Self.readme()
    let manifests = try #require(Self.blocks("yaml", of: readme).first).joined(separator: "\n")
    try command.folder.write(
      manifests.replacing("/tmp/tend-readme", with: command.world), to: "desired/greeting.yaml")

    let lines = Self.blocks("console", of: readme).joined()
    #expect(lines.count > 5)
    for line in lines {
      let words = try #require(line.hasPrefix("$ tend ") ? line.dropFirst(7) : nil)
      let ended = try await command.shell("$tend \(words)")
      #expect(ended.status == 0, "\(line)\n\(ended.out)\(ended.errors)")
    }
    #expect(try await command.shell("cat world/greeting").out == "hello\n")
  }

  @Test("its table names only commands and options that there are")
  func table() async throws {
    let command = try Command()
    let rows = try Self.readme().split(separator: "\n").filter { $0.hasPrefix("| `tend ") }
    #expect(rows.count > 5)
    for row in rows {
      for match in row.matches(of: /`tend ([a-z]+)([^`]*)`/) {
        let help = try await command("help", "\(match.output.1)")
        #expect(help.status == 0 && !help.out.isEmpty, "tend \(match.output.1)")
        for option in match.output.2.matches(of: /--[a-z-]+/) {
          #expect(help.out.contains(option.output), "tend \(match.output.1) \(option.output)")
        }
      }
    }
  }

  private static func readme() throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
  }

  /// The lines of each block in a language.
  private static func blocks(_ language: String, of text: String) -> [[String]] {
    var blocks: [[String]] = []
    var open: [String]?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if let lines = open {
        if line == "```" { blocks.append(lines) }
        open = line == "```" ? nil : lines + [String(line)]
      } else if line == "```\(language)" {
        open = []
      }
    }
    return blocks
  }
}
