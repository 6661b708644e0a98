import Tend
import TendEngine
import TendGit
import TestSupport
import Testing

@Suite(
  "Signatures by keys of ssh",
  .enabled(if: SigningKey.isAvailable, "ssh-keygen is not installed"))
struct SignatureTests {
  let ground: Ground
  let keys: TemporaryFolder
  let ada: SigningKey
  let mallory: SigningKey

  init() async throws {
    ground = try await Ground()
    keys = try TemporaryFolder("keys")
    ada = try await SigningKey("ada", in: keys)
    mallory = try await SigningKey("mallory", in: keys)
    try keys.write("ada@example.org \(ada.publicKey)\n", to: "signers")
  }

  @Test("commits that are signed by those who may are taken in")
  func signed() async throws {
    let source = try source()
    try await ground.repository.commitSigned("a.yaml", file("a"), options: ada.options)
    let first = try await source.read()
    for name in ["b", "c", "d"] {
      try await ground.repository.commitSigned("\(name).yaml", file(name), options: ada.options)
    }
    let second = try await source.read(after: first.revision)
    #expect(second.names == ["a", "b", "c", "d"])
    guard case .unchanged = try await source.refresh(after: second.revision) else {
      Issue.record("a change was found")
      return
    }
  }

  @Test(
    "a commit that is not signed by those who may is refused, and the last good one stays",
    arguments: ["nobody", "mallory"])
  func refused(_ signer: String) async throws {
    let source = try source()
    let known = try await firstSigned(source)
    let bad =
      signer == "nobody"
      ? try await ground.repository.commit(["b.yaml": file("b")])
      : try await ground.repository.commitSigned("b.yaml", file("b"), options: mallory.options)
    // A signed one on top hides nothing.
    for name in ["c", "d"] {
      let error = try await source.failure(after: known)
      #expect(error.code == .unsigned)
      #expect(error.message.contains(bad))
      #expect(error.message.contains("Ada <ada@example.org>"))
      #expect(error.remedy?.contains("sign") == true)
      try await ground.repository.commitSigned("\(name).yaml", "", options: ada.options)
    }
    #expect(try await source.snapshot(of: known).names == ["a"])
  }

  @Test("merging a branch smuggles none of its commits past, though the merge is signed")
  func merged() async throws {
    let source = try source()
    let known = try await firstSigned(source)
    try await ground.repository.git("checkout", "--quiet", "-b", "side")
    let bad = try await ground.repository.commit(["b.yaml": file("b")])
    try await ground.repository.git("checkout", "--quiet", "main")
    try await ground.repository.git(
      options: ada.options, "merge", "--quiet", "--no-ff", "--no-edit", "--gpg-sign", "side")
    let error = try await source.failure(after: known)
    #expect(error.code == .unsigned)
    #expect(error.message.contains(bad))
  }

  @Test("a signature taken from another commit, or of something else, fits nothing")
  func copied() async throws {
    let source = try source()
    let known = try await firstSigned(source)
    try await ground.repository.commitSigned("b.yaml", file("b"), options: ada.options)
    let text = try await ground.repository.git("cat-file", "commit", "HEAD")
    let other = text.replacing("Change b.yaml", with: "Change c.yaml")
    let id = try await ground.repository.git(
      "hash-object", "-t", "commit", "-w", "--stdin", input: other + "\n")
    try await ground.repository.git("update-ref", "HEAD", id)
    #expect(try await source.failure(after: known).message.contains("does not fit"))
    // Signed by her key, but as a file and not for git.
    try keys.write("text", to: "text")
    try await run(
      "ssh-keygen", ["-q", "-Y", "sign", "-n", "file", "-f", ada.file, keys.path("text")])
    let signature = try await run("sed", ["1!s/^/ /", keys.path("text.sig")])
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let bare = lines.prefix { !$0.hasPrefix("gpgsig") } + ["gpgsig \(signature)", "", "x", ""]
    let wrong = try await ground.repository.git(
      "hash-object", "-t", "commit", "-w", "--stdin", input: bare.joined(separator: "\n"))
    try await ground.repository.git("update-ref", "HEAD", wrong)
    #expect(try await source.failure(after: known).message.contains("does not fit"))
  }

  @Test("a key that has expired or was revoked signs nothing, whatever date the commit bears")
  func expired() async throws {
    let source = try source()
    let known = try await firstSigned(source)
    try await ground.repository.commitSigned("b.yaml", file("b"), options: ada.options)
    let revoking = try self.source { $0.revokedKeys = ada.file + ".pub" }
    #expect(try await revoking.failure(after: known).message.contains("revoked"))
    // The commits of these tests say January 2026.
    try keys.write(
      "ada@example.org valid-before=\"20260201\" \(ada.publicKey)\n", to: "signers")
    let error = try await source.failure(after: known)
    #expect(error.code == .unsigned)
    #expect(error.message.contains("valid now"))
  }

  @Test("a signer who is not among those named is refused, by principal and not by text")
  func principals() async throws {
    try keys.write(
      "ada@example.org \(ada.publicKey)\nmallory@example.org \(mallory.publicKey)\n", to: "signers")
    let source = try source { $0.signers = ["ada@example.org"] }
    let known = try await firstSigned(source)
    try await ground.repository.commitSigned(
      "b.yaml", file("b"), options: mallory.options + ["-c", "user.name=ada@example.org"])
    let error = try await source.failure(after: known)
    #expect(error.message.contains("mallory@example.org"))
  }

  @Test("on the first revision the newest commit must be signed, and contain where it begins")
  func since() async throws {
    let repository = ground.repository
    let old = try await repository.commit(["a.yaml": file("a")])
    #expect(try await source().failure().code == .unsigned)
    try await repository.commitSigned("b.yaml", file("b"), options: ada.options)
    #expect(try await source().read().names == ["a", "b"])
    #expect(try await source { $0.since = old }.read().names == ["a", "b"])
    let bad = try await repository.commit(["c.yaml": file("c")])
    try await repository.commitSigned("d.yaml", file("d"), options: ada.options)
    #expect(try await source().read().names == ["a", "b", "c", "d"])
    let between = try await source { $0.since = old }.failure()
    #expect(between.message.contains(bad))
    #expect(try await source { $0.since = bad }.read().names == ["a", "b", "c", "d"])
    let missing = try await source { $0.since = String(repeating: "ab", count: 20) }.failure()
    #expect(missing.code == .unsigned)
    #expect(missing.message.contains("does not contain"))
  }

  @Test("a tag that is followed must be signed, under its own name")
  func tags() async throws {
    let repository = ground.repository
    try await repository.commitSigned("a.yaml", file("a"), options: ada.options)
    func tag(_ name: String) throws -> GitSource { try source(.tag(name)) }
    try await repository.git(options: ada.options, "tag", "-s", "-m", "One", "v1.0.0")
    try await repository.git(options: mallory.options, "tag", "-s", "-m", "Two", "stranger")
    try await repository.git("tag", "-a", "-m", "Three", "unsigned")
    try await repository.git("tag", "light")
    try await repository.git("update-ref", "refs/tags/v2.0.0", "refs/tags/v1.0.0")
    #expect(try await tag("v1.0.0").read().names == ["a"])
    #expect(try await source(.semver("^1")).read().names == ["a"])
    for name in ["stranger", "unsigned", "light"] {
      let error = try await tag(name).failure()
      #expect(error.code == .unsigned, "\(name)")
      #expect(error.message.contains("tag \(name)"), "\(error)")
    }
    let renamed = try await source(.semver("^2")).failure()
    #expect(renamed.message.contains("under another name"))
    // A good tag on commits that are not.
    try await repository.commit(["b.yaml": file("b")])
    try await repository.git(options: ada.options, "tag", "-s", "-m", "Four", "v3.0.0")
    #expect(try await tag("v3.0.0").failure().message.contains("commit"))
  }

  @Test("signers that can't be read refuse all, and say so")
  func unreadable() async throws {
    let source = try source()
    let known = try await firstSigned(source)
    try await ground.repository.commitSigned("b.yaml", file("b"), options: ada.options)
    try keys.remove("signers")
    let error = try await source.failure(after: known)
    #expect(error.code == .host)
    #expect(error.message.contains(keys.path("signers")))
    try keys.write("", to: "signers")
    #expect(try await source.failure(after: known).code == .unsigned)
    try keys.write("garbage\n\u{0}\n", to: "signers")
    #expect(try await source.failure(after: known).code == .unsigned)
  }

  @Test("a policy under which nobody could sign, or with an odd path, is refused")
  func policy() {
    for change in [
      { $0.allowedSigners = nil }, { $0.allowedSigners = "relative" }, { $0.since = "HEAD" },
      { $0.keyring = "/a b" }, { $0.revokedKeys = "/x;y" },
    ] as [(inout GitSignatures) -> Void] {
      #expect(throws: SourceError.self) { try source(.branch("main"), change) }
    }
  }

  @Test("nothing is left in the mirror's folder of what was looked at")
  func clean() async throws {
    _ = try await firstSigned(try source())
    let home = try ground.mirror().prefix { $0 != "/" }
    #expect(try ground.mirrors.names(String(home)).sorted() == ["lock", "mirror.git", "readers"])
  }

  private func source(
    _ reference: GitReference = .branch("main"), _ change: (inout GitSignatures) -> Void = { _ in }
  ) throws -> GitSource {
    try ground.source {
      $0.reference = reference
      var signatures = GitSignatures(allowedSigners: keys.path("signers"))
      change(&signatures)
      $0.signatures = signatures
    }
  }

  private func firstSigned(_ source: GitSource) async throws -> Revision {
    try await ground.repository.commitSigned("a.yaml", file("a"), options: ada.options)
    return try await source.read().revision
  }
}
