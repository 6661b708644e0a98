import Tend
import TendEngine
import TendGit
import TestSupport
import Testing

@Suite("What of a repository is followed")
struct FollowingTests {
  let ground: Ground

  init() async throws { ground = try await Ground() }

  @Test("a tag is read by its name, annotated or not", arguments: [[], ["-a", "-m", "x"]])
  func tag(_ options: [String]) async throws {
    let id = try await release("v1.0.0", "a", options)
    try await ground.repository.commit(["b.yaml": file("b")])
    let source = try ground.source { $0.reference = .tag("v1.0.0") }
    let snapshot = try await source.read()
    #expect(snapshot.names == ["a"])
    #expect(snapshot.revision.id == id)
    #expect(snapshot.revision.name == "v1.0.0")
    #expect(snapshot.revision.origin == "\(ground.repository.url), tag v1.0.0")
    guard case .unchanged = try await source.refresh(after: snapshot.revision) else {
      Issue.record("a tag moved")
      return
    }
    #expect(try await source.snapshot(of: snapshot.revision).revision == snapshot.revision)
  }

  @Test("T33: a tag that moves is refused, forward and back, also when the mirror was lost")
  func movedTag() async throws {
    let first = try await release("v1.0.0", "a")
    let source = try ground.source { $0.reference = .tag("v1.0.0") }
    let known = try await source.read().revision
    try await release("other", "b")
    try await ground.repository.git("tag", "--force", "v1.0.0", "HEAD")
    let error = try await source.failure(after: known)
    #expect(error.code == .rewritten)
    #expect(error.message.contains("the tag v1.0.0"))
    #expect(error.remedy != nil)
    try ground.mirrors.remove(try #require(try ground.mirrors.names().first))
    #expect(try await source.failure(after: known).code == .rewritten)
    let free = try ground.source {
      $0.reference = .tag("v1.0.0")
      $0.allowRewrittenHistory = true
    }
    #expect(try await free.read(after: known).names == ["a", "b"])
    try await ground.repository.git("tag", "--force", "v1.0.0", first)
    guard case .unchanged = try await source.refresh(after: known) else {
      Issue.record("the tag was not where it had been")
      return
    }
  }

  @Test("another tag in the configuration is followed, forward and back")
  func otherTag() async throws {
    try await release("v1", "a")
    try await release("v2", "b")
    let second = try await ground.source { $0.reference = .tag("v2") }.read()
    #expect(second.names == ["a", "b"])
    let first = try await ground.source { $0.reference = .tag("v1") }.read(after: second.revision)
    #expect(first.names == ["a"])
  }

  @Test("of a range the highest version is followed, and goes forward with the tags")
  func semver() async throws {
    for (name, path) in [("v1.0.0", "a"), ("v2.0.0", "b"), ("v1.1.0-rc.1", "c"), ("nightly", "d")] {
      try await release(name, path)
    }
    let source = try ground.source { $0.reference = .semver(">=1 <2") }
    let first = try await source.read()
    #expect(first.revision.name == "v1.0.0")
    #expect(first.names == ["a"])
    guard case .unchanged = try await source.refresh(after: first.revision) else {
      Issue.record("a change was found")
      return
    }
    try await release("v1.1.0", "e", ["-a", "-m", "Release"])
    let second = try await source.read(after: first.revision)
    #expect(second.revision.name == "v1.1.0")
    #expect(second.names == ["a", "b", "c", "d", "e"])
  }

  @Test("a version on another branch goes forward, since versions and not commits decide")
  func sideBranch() async throws {
    let base = try await release("v1.0.0", "a")
    try await ground.repository.git("checkout", "--quiet", "-b", "release-1.0", base)
    try await release("v1.0.1", "fix")
    let source = try ground.source { $0.reference = .semver("^1") }
    let fixed = try await source.read()
    #expect(fixed.names == ["a", "fix"])
    try await ground.repository.git("checkout", "--quiet", "main")
    try await release("v1.1.0", "b")
    #expect(try await source.read(after: fixed.revision).names == ["a", "b"])
  }

  @Test("T33: a version that is gone leads to no lower one, and one that moves is refused")
  func goneVersion() async throws {
    try await release("v1.0.0", "a")
    try await release("v1.1.0", "b")
    let source = try ground.source { $0.reference = .semver("^1") }
    let known = try await source.read().revision
    try await ground.repository.git("tag", "--delete", "v1.1.0")
    let gone = try await source.failure(after: known)
    #expect(gone.code == .rewritten)
    try await release("v1.1.0", "c")
    #expect(try await source.failure(after: known).code == .rewritten)
    let narrower = try ground.source { $0.reference = .semver("~1.0.0") }
    #expect(try await narrower.read(after: known).revision.name == "v1.0.0")
  }

  @Test("T01: a range without a version in it is missing, and so is a tag that does not exist")
  func noVersion() async throws {
    try await release("v1.0.0", "a")
    let error = try await ground.source { $0.reference = .semver(">=2") }.failure()
    #expect(error.code == .missing)
    #expect(error.message.contains("semver >=2"))
    #expect(try await ground.source { $0.reference = .tag("v9") }.failure().code == .missing)
  }

  @Test("a tag of what is no commit is refused")
  func oddTag() async throws {
    try await ground.repository.commit(["a.yaml": file("a")])
    try await ground.repository.git("tag", "tree", "HEAD^{tree}")
    try await ground.repository.git("tag", "-a", "-m", "x", "blob", "HEAD:a.yaml")
    for name in ["tree", "blob"] {
      #expect(try await ground.source { $0.reference = .tag(name) }.failure().code == .missing)
    }
  }

  @Test(
    "T16: a tag or a range that could be an option or a pattern is refused before git sees it",
    arguments: [
      GitReference.tag("-x"), .tag("a..b"), .tag("a*"), .tag(""), .semver("--x"), .semver(""),
    ])
  func odd(_ reference: GitReference) {
    #expect(throws: SourceError.self) { try ground.source { $0.reference = reference } }
  }

  @Test("what was taken in stays readable though its branch left it, while packs are gathered")
  func kept() async throws {
    try await ground.repository.commit(["a.yaml": file("a"), "x": "bytes"])
    let source = try ground.source()
    let known = try await source.read().revision
    try await ground.repository.git("commit", "--amend", "--quiet", "--message", "Other")
    #expect(try await source.failure(after: known).code == .rewritten)
    let mirror = ground.mirrors.path(try ground.mirror())
    try await run("git", ["-C", mirror, "gc", "--quiet", "--prune=now"])
    let again = try await ground.source().snapshot(of: known)
    #expect(try await again.text("x") == "bytes")
  }

  /// Commits a manifest and tags the commit; the commit's id.
  @discardableResult
  private func release(
    _ tag: String, _ path: String, _ options: [String] = []
  ) async throws -> String {
    let id = try await ground.repository.commit(["\(path).yaml": file(path)])
    try await ground.repository.git(options: ["tag"] + options + [tag, id])
    return id
  }
}
