import Tend
import TendEngine
import TendGit
import TestSupport
import Testing

@Suite("History that was rewritten")
struct RewrittenHistoryTests {
  let ground: Ground
  let first: Revision
  let second: Revision
  let source: GitSource

  init() async throws {
    ground = try await Ground()
    source = try ground.source()
    try await ground.repository.commit(["a.yaml": file("a")], message: "First")
    first = try await source.read().revision
    try await ground.repository.commit(["b.yaml": file("b")], message: "Second")
    second = try await source.read(after: first).revision
  }

  @Test("T33: a branch that goes back to an older commit is refused")
  func rewound() async throws {
    try await ground.repository.git("reset", "--hard", "--quiet", first.id)
    for _ in 0..<2 {
      let error = try await source.failure(after: second)
      #expect(error.code == .rewritten)
      #expect(error.remedy != nil)
    }
  }

  @Test("T33: an amended commit is refused, and the last good revision can still be read")
  func amended() async throws {
    try await ground.repository.git("commit", "--amend", "--quiet", "--message", "Other")
    #expect(try await source.failure(after: second).code == .rewritten)
    let restarted = try ground.source()
    #expect(try await restarted.failure(after: second).code == .rewritten)
    #expect(try await restarted.snapshot(of: second).names == ["a", "b"])
  }

  @Test("T33: history restored at the remote is taken up again")
  func restored() async throws {
    try await ground.repository.git("reset", "--hard", "--quiet", first.id)
    _ = try await source.failure(after: second)
    try await ground.repository.git("reset", "--hard", "--quiet", second.id)
    try await ground.repository.commit(["c.yaml": file("c")])
    #expect(try await source.read(after: second).names == ["a", "b", "c"])
  }

  @Test("T33: refused also when the mirror was lost meanwhile")
  func withoutMirror() async throws {
    try await ground.repository.git("commit", "--amend", "--quiet", "--message", "Other")
    try ground.mirrors.remove(try #require(try ground.mirrors.names().first))
    #expect(try await ground.source().failure(after: second).code == .rewritten)
  }

  @Test("where it is allowed, what the remote has now is taken in")
  func allowed() async throws {
    try await ground.repository.git("reset", "--hard", "--quiet", first.id)
    let free = try ground.source { $0.allowRewrittenHistory = true }
    #expect(try await free.read(after: second).names == ["a"])
    #expect(try await source.failure(after: second).code == .rewritten)
  }

  @Test("a merge whose second parent is the known revision goes forward")
  func merged() async throws {
    try await ground.repository.git("checkout", "--quiet", "-b", "side", first.id)
    try await ground.repository.commit(["c.yaml": file("c")])
    try await ground.repository.git("merge", "--quiet", "--no-edit", second.id)
    try await ground.repository.git("branch", "--force", "main", "HEAD")
    #expect(try await source.read(after: second).names == ["a", "b", "c"])
  }

  @Test("many commits at once go forward")
  func many() async throws {
    for index in 0..<5 { try await ground.repository.commit(["n": "\(index)"]) }
    #expect(try await source.read(after: first).names == ["a", "b"])
    #expect(try await ground.source().read(after: first).names == ["a", "b"])
  }

  @Test("another branch that does not contain the known revision is refused")
  func otherBranch() async throws {
    try await ground.repository.git("branch", "release", first.id)
    let other = try ground.source { $0.reference = .branch("release") }
    #expect(try await other.failure(after: second).code == .rewritten)
    guard case .unchanged = try await other.refresh(after: first) else {
      Issue.record("it changed")
      return
    }
  }
}
