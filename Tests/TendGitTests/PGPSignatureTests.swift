import Tend
import TendEngine
import TendGit
import TestSupport
import Testing

@Suite("Signatures by OpenPGP keys", .enabled(if: PGPHome.isAvailable, "gpg is not installed"))
struct PGPSignatureTests {
  @Test("keys of the keyring may sign; strangers, expired and revoked ones may not")
  func keys() async throws {
    let home = try await PGPHome()
    do {
      try await check(home)
      try await home.close()
    } catch {
      try? await home.close()
      throw error
    }
  }

  private func check(_ home: PGPHome) async throws {
    let ada = try await home.makeKey("Ada <ada@example.org>")
    let mallory = try await home.makeKey("Mallory <m@example.org>")
    let expired = try await home.makeKey(
      "Old <old@example.org>", time: "20200101T000000", expiry: "1y")
    let keyring = try TemporaryFolder("keyring")
    try await home.export([ada, expired], to: keyring)
    let ground = try await Ground()
    let source = try source(ground, keyring)
    func commit(_ name: String, _ key: String, _ more: [String] = []) async throws {
      try await ground.repository.commitSigned(
        "\(name).yaml", file(name), options: ["-c", "user.signingKey=\(key)"] + more,
        environment: home.environment)
    }
    try await commit("a", ada)
    let known = try await source.read().revision
    try await commit("b", ada)
    #expect(try await source.read(after: known).names == ["a", "b"])

    let named = try self.source(ground, keyring) { $0.signers = [ada] }
    #expect(try await named.read(after: known).names == ["a", "b"])
    let other = try self.source(ground, keyring) { $0.signers = [mallory] }
    #expect(try await other.failure(after: known).message.contains(ada))

    try await ground.repository.git(
      options: ["-c", "user.signingKey=\(ada)"], environment: home.environment, "tag", "-s", "-m",
      "x", "v1")
    let tagged = try self.source(ground, keyring, .tag("v1"))
    #expect(try await tagged.read(after: known).names == ["a", "b"])

    let revoked = try TemporaryFolder("revoked")
    try await home.export([ada], to: revoked, revoked: true)
    let revoking = try self.source(ground, revoked)
    #expect(try await revoking.failure(after: known).message.contains("revoked"))

    try await commit("c", mallory)
    let stranger = try await source.failure(after: known)
    #expect(stranger.code == .unsigned)
    #expect(stranger.message.contains("not in the keyring"))
    try await ground.repository.git("reset", "--hard", "--quiet", "HEAD~1")

    let program = try await home.program(at: "20200601T000000!")
    try await commit("d", expired, ["-c", "gpg.program=\(program)"])
    #expect(try await source.failure(after: known).message.contains("expired"))
    try await ground.repository.git("reset", "--hard", "--quiet", "HEAD~1")

    let text = try await ground.repository.git("cat-file", "commit", "HEAD")
    let bent = try await ground.repository.git(
      "hash-object", "-t", "commit", "-w", "--stdin",
      input: text.replacing("Change b", with: "Change x") + "\n")
    try await ground.repository.git("update-ref", "HEAD", bent)
    #expect(try await source.failure(after: known).message.contains("does not fit"))
  }

  private func source(
    _ ground: Ground, _ keyring: TemporaryFolder, _ reference: GitReference = .branch("main"),
    _ change: (inout GitSignatures) -> Void = { _ in }
  ) throws -> GitSource {
    try ground.source {
      $0.reference = reference
      var signatures = GitSignatures(keyring: keyring.path)
      change(&signatures)
      $0.signatures = signatures
    }
  }
}
