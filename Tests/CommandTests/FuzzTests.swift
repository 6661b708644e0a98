import ArgumentParser
import TestSupport
import Testing

@testable import TendCLI

@Suite("Any words as arguments")
struct FuzzTests {
  /// Words that mean something to some option, or nearly do.
  private static let values = [
    "", "-", "--", "0", "-1", "5", "9223372036854775808", "1e9", "NaN", "5m", "-5m", "99999999999h",
    "1.5s", "200ms", "File/motd", "File/", "/", "//", "a/b/c/d", ".", "..", "/etc", "json", "yaml",
    "wide", "2026-02-30T25:61:61Z", "2026-11-23T10:00:00Z", "https://", "https://a:b@c:99999/d",
    "git@host:x", "é\u{301}", "\u{202E}", "\n", "=", "x=y", "${HOME}", "sha256:", "default",
    String(repeating: "x", count: 5000), "@/dev/null", "%s%n", "'", "\"", "[", "{}",
  ]

  /// Every verb, and every option that its help names.
  private static let words: [(verb: String, options: [String])] =
    TendCommand.configuration.subcommands.map { verb in
      let help = TendCommand.helpMessage(for: verb, columns: 200)
      let name = help.firstMatch(of: /USAGE: tend ([a-z]+)/).map { String($0.output.1) }
      let options = help.matches(of: /--?[a-z][a-z-]*/).map { String($0.output) }
      return (name ?? "", Array(Set(options)).sorted())
    }

  /// Words, and with which status they are refused; none where they are understood.
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let id: String
    let arguments: [String]
    let status: Int32?

    var testDescription: String { id }
  }

  @Test(
    "T10 arguments of the corpus are understood or refused, as it says",
    arguments: try Corpus.cases("arguments.jsonl", of: Case.self))
  func kept(words: Case) {
    do {
      _ = try TendCommand.parseAsRoot(words.arguments)
      #expect(words.status == nil)
    } catch {
      #expect(TendCommand.exitCode(for: error).rawValue == words.status)
      #expect(!TendCommand.fullMessage(for: error).isEmpty)
    }
  }

  @Test("T10 any arguments are understood, or refused with a status and a message")
  func anything() throws {
    #expect(Self.words.allSatisfy { !$0.verb.isEmpty && $0.options.count > 1 })
    let kept = try Corpus.cases("arguments.jsonl", of: Case.self).map(\.arguments)
    var chance = Mutator(seed: 7, pieces: Self.values)
    for _ in 0..<2000 * Mutator.factor {
      let arguments = Self.arguments(kept, &chance)
      do {
        _ = try TendCommand.parseAsRoot(arguments)
      } catch {
        let status = TendCommand.exitCode(for: error).rawValue
        #expect([0, 1, 64].contains(status), "\(arguments)")
        #expect(status == 0 || !TendCommand.fullMessage(for: error).isEmpty, "\(arguments)")
      }
    }
  }

  private static func arguments(_ kept: [[String]], _ chance: inout Mutator) -> [String] {
    guard let (verb, options) = words.randomElement(using: &chance) else { return [] }
    var arguments =
      Bool.random(using: &chance) ? [verb] : kept.randomElement(using: &chance) ?? []
    for _ in 0..<Int.random(in: 0..<6, using: &chance) {
      let all = Bool.random(using: &chance) ? options : values
      arguments.append(changed(all.randomElement(using: &chance) ?? "", &chance))
    }
    return arguments
  }

  private static func changed(_ word: String, _ chance: inout Mutator) -> String {
    var bytes = Array(word.utf8)
    if Int.random(in: 0..<4, using: &chance) == 0 { chance.mutate(&bytes, times: 2) }
    // The kernel gives a program no NUL.
    return String(decoding: bytes.filter { $0 != 0 }, as: UTF8.self)
  }
}
