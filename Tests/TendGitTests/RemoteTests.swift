import Logging
import Tend
import TendEngine
import TendGit
import TestSupport
import Testing

@Suite("Several remotes of one source")
struct RemoteTests {
  let ground: Ground
  let copies: TemporaryFolder
  let first: String

  init() async throws {
    ground = try await Ground()
    copies = try TemporaryFolder("copies")
    first = try await ground.repository.commit(["a.yaml": file("a")])
    for name in ["one", "two"] {
      try await ground.repository.git("clone", "--quiet", "--bare", ".", copies.path(name))
    }
  }

  @Test("the first that answers serves, and a revision says which one that was")
  func order() async throws {
    let source = try source()
    #expect(source.description == "\(copies.path("one")) or \(copies.path("two")), branch main")
    #expect(try await source.read().revision.origin == "\(copies.path("one")), branch main")
    try copies.remove("one")
    try await ground.repository.commit(["b.yaml": file("b")])
    try await push("two")
    let snapshot = try await source.read(after: Revision(id: first))
    #expect(snapshot.names == ["a", "b"])
    #expect(snapshot.revision.origin == "\(copies.path("two")), branch main")
    let again = try await source.snapshot(of: snapshot.revision)
    #expect(again.revision == snapshot.revision)
  }

  @Test("T49: a remote that takes the connection and says nothing costs one deadline")
  func silent() async throws {
    let server = try SilentServer()
    let source = try source {
      $0.repository = "git://127.0.0.1:\(server.port)/x.git"
      $0.fallbacks = [copies.path("two")]
      $0.progressDeadline = .milliseconds(400)
    }
    #expect(try await source.read().names == ["a"])
  }

  @Test("T33: a remote that is behind is passed over, and never takes a unit back")
  func behind() async throws {
    try await ground.repository.commit(["b.yaml": file("b")])
    try await push("two")
    let source = try source()
    let known = try await newestOfSecond()
    guard case .unchanged = try await source.refresh(after: known) else {
      Issue.record("it went back")
      return
    }
    try await ground.repository.commit(["c.yaml": file("c")])
    try await push("two")
    let newest = try await source.read(after: known)
    #expect(newest.names == ["a", "b", "c"])
    #expect(newest.revision.origin?.hasPrefix(copies.path("two")) == true)
  }

  @Test("T33: where one is behind and the other can't be asked, nothing changes")
  func behindAlone() async throws {
    try await ground.repository.commit(["b.yaml": file("b")])
    try await push("two")
    let known = try await newestOfSecond()
    try copies.remove("two")
    for free in [false, true] {
      guard
        case .unchanged = try await self.source({ $0.allowRewrittenHistory = free }).refresh(
          after: known)
      else {
        Issue.record("it went back")
        return
      }
    }
  }

  @Test("T33: where all are behind, history was taken back, and that is refused")
  func allBehind() async throws {
    try await ground.repository.commit(["b.yaml": file("b")])
    try await push("two")
    let known = try await newestOfSecond()
    try await run("git", ["-C", copies.path("two"), "update-ref", "refs/heads/main", first])
    let error = try await source().failure(after: known)
    #expect(error.code == .rewritten)
    #expect(error.remedy != nil)
    let free = try source { $0.allowRewrittenHistory = true }
    #expect(try await free.read(after: known).names == ["a"])
  }

  @Test("T33: another history at the first that answers is refused, though a later one is right")
  func rewritten() async throws {
    let known = try await source().read().revision
    try await ground.repository.git("commit", "--amend", "--quiet", "--message", "Other")
    try await push("one")
    #expect(try await source().failure(after: known).code == .rewritten)
  }

  @Test("T33: the mirror lost and the first behind, the next is asked before anything is concluded")
  func withoutMirror() async throws {
    try await ground.repository.commit(["b.yaml": file("b")])
    try await push("two")
    let known = try await newestOfSecond()
    try ground.mirrors.remove(try #require(try ground.mirrors.names().first))
    guard case .unchanged = try await source().refresh(after: known) else {
      Issue.record("it went back")
      return
    }
  }

  @Test("a version of a remote that is behind never wins over the one in force")
  func semver() async throws {
    try await ground.repository.git("tag", "v1.0.0")
    try await push("one", "v1.0.0")
    try await ground.repository.commit(["b.yaml": file("b")])
    try await ground.repository.git("tag", "v1.1.0")
    try await push("two", "v1.0.0", "v1.1.0")
    let change: (inout GitConfiguration) -> Void = { $0.reference = .semver("^1") }
    let known = try await ground.source(copies.path("two"), change).read().revision
    #expect(known.name == "v1.1.0")
    guard case .unchanged = try await source(change).refresh(after: known) else {
      Issue.record("it went back")
      return
    }
  }

  @Test("where none answers, all reasons are said, and no credential")
  func none() async throws {
    let port = try freePort()
    let source = try source {
      $0.repository = copies.path("gone")
      $0.fallbacks = ["http://me:canary@127.0.0.1:\(port)/x.git"]
    }
    let error = try await source.failure()
    #expect(error.code == .missing)
    #expect(error.message.contains(copies.path("gone")))
    #expect(error.message.contains("127.0.0.1"))
    #expect(!error.description.contains("canary"))
    #expect(!source.description.contains("canary"))
  }

  @Test("too many remotes, and one that is no address, are refused")
  func refused() {
    for fallbacks in [["-x"], ["ext::sh"], Array(repeating: "/x", count: 9)] {
      #expect(throws: SourceError.self) { try source { $0.fallbacks = fallbacks } }
    }
  }

  private func source(_ change: (inout GitConfiguration) -> Void = { _ in }) throws -> GitSource {
    try ground.source(copies.path("one")) {
      $0.fallbacks = [copies.path("two")]
      $0.logger = Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() }
      change(&$0)
    }
  }

  /// What the second has now, taken in while the first is away.
  private func newestOfSecond() async throws -> Revision {
    try await run("mv", [copies.path("one"), copies.path("away")])
    let revision = try await source().read(after: Revision(id: first)).revision
    try await run("mv", [copies.path("away"), copies.path("one")])
    return revision
  }

  private func push(_ copy: String, _ refs: String...) async throws {
    try await ground.repository.git(
      options: ["push", "--quiet", "--force", copies.path(copy)] + (refs.isEmpty ? ["main"] : refs))
  }
}
