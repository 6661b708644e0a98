import Foundation
import Glibc
import TestSupport
import Testing

/// The same command for root and for an ordinary user.
@Suite(.serialized, .enabled(if: getuid() == 0, "only root can become another user"))
struct UserTests {
  static let nobody: UInt32 = 65_534

  private func prepare(_ path: String) throws -> Tend {
    let tend = try Tend()
    try tend.folder.write(
      """
      apiVersion: files/v1
      kind: File
      metadata: {name: a}
      spec: {path: \(path.replacing("WORLD", with: tend.world)), content: "hello"}

      """, to: "manifests/a.yaml")
    for folder in [tend.folder.path, tend.world] {
      try #require(chmod(folder, 0o777) == 0)
    }
    return tend
  }

  @Test("an ordinary user plans, applies and prunes in a folder of its own")
  func ordinary() async throws {
    let tend = try prepare("WORLD/a")
    let apply = try await tend(
      "apply", "-f", tend.manifests, "--yes", "--state-dir", tend.state, user: Self.nobody)
    #expect(apply.status == 0, "\(apply.errors)")
    var status = stat()
    try #require(stat(tend.folder.path("world/a"), &status) == 0)
    #expect(status.st_uid == Self.nobody)
    try tend.folder.write("", to: "manifests/a.yaml")
    let prune = try await tend(
      "apply", "-f", tend.manifests, "--yes", "--state-dir", tend.state, user: Self.nobody)
    #expect(prune.status == 0, "\(prune.errors)")
    #expect(!tend.folder.exists("world/a"))
  }

  @Test("where an ordinary user may not write, the error names the file, and nothing is half done")
  func forbidden() async throws {
    let tend = try prepare("/etc/tend-must-not-exist")
    let apply = try await tend(
      "apply", "-f", tend.manifests, "--yes", "--state-dir", tend.state, user: Self.nobody)
    #expect(apply.status == 1)
    #expect((apply.errors + apply.out).contains("/etc/tend-must-not-exist"))
    #expect(!FileManager.default.fileExists(atPath: "/etc/tend-must-not-exist"))
  }
}
