import Foundation
import TestSupport
import Testing

@Suite("The articles about the agent")
struct ArticleTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Sources/TendAgent/TendAgent.docc")

  /// The blocks of an article in one language.
  private static func blocks(_ language: String, of article: String) throws -> [String] {
    let text = try String(contentsOf: folder.appending(path: article), encoding: .utf8)
    return text.matches(of: /```(\w+)\n(.*?)```/.dotMatchesNewlines())
      .filter { $0.output.1 == language }.map { String($0.output.2) }
  }

  @Test(
    "every manifest and every configuration in them is valid",
    arguments: [("RunTheAgent.md", 1), ("MigrateFromOtherTools.md", 3)])
  func manifests(article: String, count: Int) async throws {
    let command = try Command()
    let blocks = try Self.blocks("yaml", of: article)
    #expect(blocks.count == count)
    for block in blocks {
      try command.folder.write(block, to: "block.yaml")
      let isConfiguration = block.contains("units:\n")
      let checked = try await command("validate", isConfiguration ? "--config" : "-f", "block.yaml")
      #expect(checked.status == 0, "\(block)\n\(checked.errors)")
    }
  }

  @Test("they name only verbs that there are", arguments: ["RunTheAgent.md", "Metrics.md"])
  func verbs(article: String) async throws {
    let text = try String(contentsOf: Self.folder.appending(path: article), encoding: .utf8)
    let help = try await Command()("--help").out
    for match in text.matches(of: /`tend ([a-z]+)/) {
      #expect(help.contains("\n  \(match.output.1) "), "tend \(match.output.1)")
    }
  }
}
