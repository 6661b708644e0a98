import Foundation
import Tend
import Testing

@testable import TendFiles

@Suite("content that may be secret stays secret")
struct SecretTests {
  private func everything(_ differences: [Difference], _ entry: Entry?) throws -> String {
    var text = "\(differences) "
    dump(differences, to: &text)
    if let entry {
      text += "\(try ValueEncoder().encode(entry.memory)) \(entry.details)"
      dump(entry.evidence, to: &text)
    }
    return text
  }

  @Test(
    "T62 T63 neither plan nor memory holds it, whichever side hides it",
    arguments: [
      ("0600", "0644", false), ("0644", "0600", false), ("0640", "0640", false),
      ("0644", "0644", true),
    ])
  func hides(declared: String, found: String, sensitive: Bool) async throws {
    let here = try Playground()
    try write("canary-old\nsame\n", to: here("f"))
    chmod(here("f"), mode_t(found, radix: 8) ?? 0)
    let spec = try here.file(
      "f", "canary-new\nsame\n", mode: declared, ["sensitive": .boolean(sensitive)])
    let entry = try await here.observe(spec)
    let differences = spec.differences(from: entry)
    let content = try #require(differences.first { $0.path == "content" })
    #expect(content.actual == .masked)
    #expect(content.desired == .masked)
    #expect(content.text == nil)
    let outline = try #require(content.outline)
    #expect(outline.actual?.hasPrefix("16 bytes, keyed:") == true)
    #expect(outline.desired?.hasPrefix("16 bytes, keyed:") == true)
    #expect(outline.actual != outline.desired)
    let plain = try #require(spec.content).digest.hexadecimal.prefix(12)
    let all = try everything(differences, entry)
    #expect(!all.contains("canary"))
    #expect(!all.contains(plain))
    // Once everybody may read it, and is meant to, there is nothing left to hide.
    try await here.reconcile(spec)
    let after = try everything([], try await here.observe(spec))
    #expect(after.contains(plain) == (declared == "0644" && !sensitive))
  }

  @Test("another key gives another digest, and the right one is still recognised")
  func keys() async throws {
    let here = try Playground()
    let spec = try here.file("f", "secret", mode: "0600")
    try await here.reconcile(spec)
    here.surroundings.advance(by: .seconds(3))
    let memory = try #require(try await here.observe(spec)).memory
    let other = TestSurroundings(key: "other")
    let target = Target(id: spec.id, desired: spec, memory: memory)
    let seen = try #require(try await here.provider.observe(target, other.context))
    #expect(seen.memory.reading?.digest != memory.reading?.digest)
    #expect(spec.differences(from: seen).isEmpty)
  }

  @Test("content that everybody may read is shown as text, else as size and digest")
  func shows() async throws {
    let here = try Playground()
    try write("old\n", to: here("f"))
    let spec = try here.file("f", "new\n")
    let shown = try #require(try await here.differences(spec).first)
    #expect(shown.text == .init(actual: "old\n", desired: "new\n"))
    let binary = try here.file("f", "a\0b")
    let hidden = try #require(try await here.differences(binary).first)
    #expect(hidden.text == .init(actual: "old\n", desired: nil))
    guard case .value(.string(let outline)) = hidden.desired else {
      Issue.record("no outline")
      return
    }
    #expect(outline.hasPrefix("3 bytes, sha256:"))
    let large = try here.file("f", String(repeating: "x", count: 300 << 10))
    #expect(try await here.differences(large).first?.text?.desired == nil)
  }

  @Test("only what everybody may read has a fingerprint")
  func fingerprints() throws {
    let here = try Playground()
    #expect(try here.file("f", "x").fingerprint != nil)
    #expect(try here.file("f", "x").fingerprint != here.file("f", "y").fingerprint)
    #expect(try here.file("f", "x", mode: "0640").fingerprint == nil)
    #expect(try here.file("f", "x", ["sensitive": true]).fingerprint == nil)
    #expect(try here.directory("f").fingerprint == nil)
  }

  @Test("T73 a secret is never readable by others, not even under its temporary name")
  func window() async throws {
    let here = try Playground()
    let specs = try (0..<2).map { try here.file("f", "secret\($0)", mode: "0600") }
    let watcher = Watcher(here.path) { _, status in status.st_mode & 0o077 == 0 }
    for round in 0..<100 { try await here.reconcile(specs[round % 2]) }
    let (seen, violations) = watcher.stop()
    #expect(violations == 0)
    #expect(seen > 0)
  }
}

/// Looks at all entries of a folder over and over, on a thread of its own.
final class Watcher: Sendable {
  private let state = NSCondition()
  nonisolated(unsafe) private var isStopped = false
  nonisolated(unsafe) private var isDone = false
  nonisolated(unsafe) private var seen = 0
  nonisolated(unsafe) private var violations = 0

  /// The state is guarded by the condition; `isFine` judges a path and its status.
  init(_ folder: String, isFine: @escaping @Sendable (String, stat) -> Bool) {
    Thread.detachNewThread { [self] in
      var (seen, violations) = (0, 0)
      repeat {
        for name in names(in: folder) {
          var status = stat()
          let path = "\(folder)/\(name)"
          guard lstat(path, &status) == 0 else { continue }
          seen += 1
          if !isFine(path, status) { violations += 1 }
        }
      } while !state.withLock { isStopped }
      state.withLock {
        (self.seen, self.violations, isDone) = (seen, violations, true)
        state.broadcast()
      }
    }
  }

  func stop() -> (seen: Int, violations: Int) {
    state.withLock {
      isStopped = true
      while !isDone { state.wait() }
      return (seen, violations)
    }
  }
}
