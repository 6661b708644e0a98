import Foundation
import TestSupport
import Testing

/// What one revision changes into another, with SIGKILL between the steps.
@Suite(.serialized)
struct TransitionTests {
  /// A row of the table: before, after, and what must then be so.
  struct Row: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let before: String
    let after: String
    let check: @Sendable (TemporaryFolder, _ inode: UInt64?) throws -> Void
  }

  private static func file(_ name: String, _ path: String) -> String {
    """
    apiVersion: files/v1
    kind: File
    metadata: {name: \(name)}
    spec: {path: WORLD/\(path), content: hello}
    """
  }

  static let rows = [
    Row(
      testDescription: "same identity, new name: a rename, nothing is written",
      before: file("old", "a"), after: file("new", "a")
    ) { folder, inode in
      let now = try number(of: "a", folder)
      #expect(now == inode)
    },
    Row(
      testDescription: "same name, new identity: the new one is there, the old one is gone",
      before: file("same", "a"), after: file("same", "b")
    ) { folder, _ in
      let names = try folder.names("world")
      #expect(names == ["b"])
    },
    Row(
      testDescription: "same identity, other kind: a link stands where the file was",
      before: file("a", "a"),
      after: """
        apiVersion: files/v1
        kind: Symlink
        metadata: {name: a}
        spec: {path: WORLD/a, target: elsewhere}
        """
    ) { folder, _ in
      let target = try FileManager.default.destinationOfSymbolicLink(atPath: folder.path("world/a"))
      let names = try folder.names("world")
      #expect(target == "elsewhere")
      #expect(names == ["a"])
    },
    Row(
      testDescription: "deletions within the budget: five of six go",
      before: (1...6).map { file("f\($0)", "f\($0)") }.joined(separator: "\n---\n"),
      after: file("f6", "f6")
    ) { folder, _ in
      let names = try folder.names("world")
      #expect(names == ["f6"])
    },
  ]

  @Test("T20 killed between the steps, a revision ends as the table says", arguments: rows)
  func killed(_ row: Row) async throws {
    let tend = try Tend()
    try write(row.before, tend)
    #expect(try await tend.run(arguments(tend)).status == 0)
    let inode = try? Self.number(of: "a", tend.folder)
    try write(row.after, tend)
    for step in 1...15 {
      _ = try await tend.run(arguments(tend), killAfter: .milliseconds(4 * step))
    }
    let output = try await tend.run(arguments(tend))
    #expect(output.status == 0, "\(output.errors)")
    try row.check(tend.folder, inode)
    let plan = try await tend(
      "plan", "-f", tend.manifests, "--detailed-exitcode", "--state-dir", tend.state)
    #expect(plan.status == 0, "\(plan.out)")
  }

  @Test("T01 killed or not, a revision beyond the deletion budget deletes nothing")
  func refused() async throws {
    let tend = try Tend()
    let all = (1...8).map { Self.file("f\($0)", "f\($0)") }
    try write(all.joined(separator: "\n---\n"), tend)
    #expect(try await tend.run(arguments(tend)).status == 0)
    try write(all[0], tend)
    for step in 1...10 {
      _ = try await tend.run(arguments(tend), killAfter: .milliseconds(6 * step))
    }
    let output = try await tend.run(arguments(tend))
    #expect(output.status == 1)
    #expect((output.errors + output.out).contains("--allow-deletions 7"))
    #expect(try tend.folder.names("world").count == 8)
  }

  private func arguments(_ tend: Tend) -> [String] {
    ["apply", "-f", tend.manifests, "--yes", "--state-dir", tend.state]
  }

  private func write(_ text: String, _ tend: Tend) throws {
    try tend.folder.write(
      text.replacing("WORLD", with: tend.world) + "\n", to: "manifests/all.yaml")
  }

  private static func number(of file: String, _ folder: TemporaryFolder) throws -> UInt64? {
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.path("world/\(file)"))
    return (attributes[.systemFileNumber] as? NSNumber)?.uint64Value
  }
}
