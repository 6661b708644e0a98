import Tend
import TendEngine
import TendGit
import TestSupport
import Testing

@Suite("What a source says when there is no revision")
struct GitRefusalTests {
  let ground: Ground

  init() async throws { ground = try await Ground() }

  @Test("T01: an empty repository is missing its branch, and says so")
  func empty() async throws {
    let error = try await ground.source().failure()
    #expect(error.code == .missing)
    #expect(error.message.contains("branch main"))
    #expect(error.remedy != nil)
  }

  @Test("T01: a branch that does not exist is missing")
  func noBranch() async throws {
    try await ground.repository.commit(["a.yaml": file("a")])
    let error = try await ground.source { $0.reference = .branch("gone") }.failure()
    #expect(error.code == .missing)
    #expect(error.message.contains("branch gone"))
  }

  @Test("T01: a commit that does not exist is missing")
  func noCommit() async throws {
    try await ground.repository.commit(["a.yaml": file("a")])
    let id = String(repeating: "ab", count: 20)
    let error = try await ground.source { $0.reference = .commit(id) }.failure()
    #expect(error.code == .missing, "\(error)")
  }

  @Test(
    "T01: a path that does not exist, or is no directory, is missing",
    arguments: ["nowhere", "a.yaml", "link", "a.yaml/deeper"])
  func noPath(_ path: String) async throws {
    try ground.repository.folder.link("link", to: "dir")
    try await ground.repository.commit(["a.yaml": file("a"), "dir/b.yaml": file("b")])
    let error = try await ground.source { $0.path = path }.failure()
    #expect(error.code == .missing)
    #expect(error.message.contains(path))
  }

  @Test("T01: a path that a later commit removes is missing, and comes back")
  func pathGone() async throws {
    try await ground.repository.commit(["web/a.yaml": file("a"), "b.yaml": file("b")])
    let source = try ground.source { $0.path = "web" }
    let before = try await source.read()
    try ground.repository.folder.remove("web")
    try await ground.repository.commit("Remove web")
    #expect(try await source.failure(after: before.revision).code == .missing)
    try await ground.repository.commit(["web/a.yaml": file("a")])
    #expect(try await source.read(after: before.revision).names == ["a"])
  }

  @Test("a repository that is gone is missing, and comes back")
  func noRepository() async throws {
    try await ground.repository.commit(["a.yaml": file("a")])
    let source = try ground.source()
    let before = try await source.read()
    try await run(
      "mv", [ground.repository.folder.path(".git"), ground.repository.folder.path("x")])
    #expect(try await source.failure(after: before.revision).code == .missing)
    try await run(
      "mv", [ground.repository.folder.path("x"), ground.repository.folder.path(".git")])
    guard case .unchanged = try await source.refresh(after: before.revision) else {
      Issue.record("it was not found again")
      return
    }
  }

  @Test("a port that nobody listens on is unreachable")
  func unreachable() async throws {
    let error = try await ground.source("http://127.0.0.1:\(try freePort())/x.git").failure()
    #expect(error.code == .unreachable)
  }

  @Test(
    "T49: a server that takes the connection and says nothing is given up",
    arguments: ["http", "git"])
  func silent(_ scheme: String) async throws {
    let server = try SilentServer()
    let source = try ground.source("\(scheme)://127.0.0.1:\(server.port)/x.git") {
      $0.progressDeadline = .milliseconds(400)
    }
    let clock = ContinuousClock()
    var error: SourceError?
    let took = try await clock.measure { error = try await source.failure() }
    #expect(error?.code == .unreachable)
    #expect(error?.message.contains("nothing for") == true, "\(error as Any)")
    #expect(took < .seconds(60))
  }

  @Test("cancelling a refresh ends its git")
  func cancelled() async throws {
    let server = try SilentServer()
    let source = try ground.source("git://127.0.0.1:\(server.port)/x.git")
    let error = await withTaskGroup(of: SourceError?.self) { group in
      group.addTask { try? await source.failure() }
      group.addTask {
        try? await ContinuousClock().sleep(for: .milliseconds(300))
        return nil
      }
      _ = await group.next()
      group.cancelAll()
      return await group.next() ?? nil
    }
    #expect(error?.code == .cancelled)
  }

  @Test(
    "T16: an address that is an option, a program or nonsense is refused before git sees it",
    arguments: [
      "", "--upload-pack=touch /tmp/canary", "-x", "ext::sh -c touch% /tmp/canary", "ext::sh",
      "ext://sh", "fd::3", "relative/path", "https://-oProxyCommand=x/y", "ssh://-x/y",
      "ftp://host/x", "https://host/a b", "https://host/\u{1b}[31m", "ssh://me:secret@host/x",
    ])
  func address(_ address: String) throws {
    let error = try #require(throws: SourceError.self) { try ground.source(address) }
    #expect(error.code == .host)
    #expect(error.remedy != nil)
    #expect(!error.description.contains("secret"))
  }

  @Test(
    "T16: a branch that could be an option or a pattern is refused before git sees it",
    arguments: [
      "", "-x", "--upload-pack=x", "a..b", "a b", "a~1", "a^", "a:b", "a?", "a*", "[a", "a\\b",
      "a//b", "/a", "a/", ".a", "a/.b", "a.", "a.lock", "a.lock/b", "@", "a@{1}", "a\u{7}",
    ])
  func branch(_ branch: String) throws {
    let error = try #require(throws: SourceError.self) {
      try ground.source { $0.reference = .branch(branch) }
    }
    #expect(error.message.contains("branch name"))
  }

  @Test("a commit's id is whole or refused", arguments: ["", "HEAD", "abc123", "-x"])
  func commit(_ id: String) {
    #expect(throws: SourceError.self) { try ground.source { $0.reference = .commit(id) } }
  }

  @Test(
    "T14: a path that leads out of the repository is refused",
    arguments: ["/etc", "..", "a/../..", "a\u{0}b"])
  func path(_ path: String) {
    #expect(throws: SourceError.self) { try ground.source { $0.path = path } }
  }

  @Test("a mirror directory that can't be made names the directory")
  func noMirror() async throws {
    try await ground.repository.commit(["a.yaml": file("a")])
    try ground.mirrors.write("x", to: "file")
    let error = try await ground.source { $0.mirrors = ground.mirrors.path("file/below") }.failure()
    #expect(error.code == .host)
    #expect(error.message.contains(ground.mirrors.path("file/below")))
  }
}
