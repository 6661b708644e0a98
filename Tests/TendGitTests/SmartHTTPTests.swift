import Tend
import TendEngine
import TendGit
import TestSupport
import Testing

@Suite(
  "A repository over smart HTTP",
  .enabled(if: SmartHTTPServer.isAvailable, "lighttpd and git http-backend are not installed"))
struct SmartHTTPTests {
  let ground: Ground
  let served: TemporaryFolder

  init() async throws {
    ground = try await Ground()
    served = try TemporaryFolder("served")
    try await ground.repository.commit(["a.yaml": file("a"), "a.txt": "text"])
    for path in ["site.git", "private/site.git"] {
      try await ground.repository.git("clone", "--quiet", "--bare", ".", served.path(path))
    }
  }

  @Test("revisions arrive as they are pushed")
  func follows() async throws {
    try await SmartHTTPServer.serve(served) { [ground, served] server in
      let source = try ground.source(server.url("site.git"))
      let before = try await source.read()
      #expect(before.names == ["a"])
      #expect(try await before.text("a.txt") == "text")
      guard case .unchanged = try await source.refresh(after: before.revision) else {
        Issue.record("a change was found")
        return
      }
      try await ground.repository.commit(["b.yaml": file("b")])
      try await ground.repository.git("push", "--quiet", served.path("site.git"), "main")
      #expect(try await source.read(after: before.revision).names == ["a", "b"])
    }
  }

  @Test("a refresh that finds nothing new takes no more than two requests")
  func cheap() async throws {
    let server = try await SmartHTTPServer.serve(served) { [ground] server in
      let source = try ground.source(server.url("site.git"))
      let revision = try await source.read().revision
      for _ in 0..<5 { _ = try await source.refresh(after: revision) }
      return server
    }
    // The first took three: what the server can do, its refs, the objects.
    let requests = try server.requests()
    #expect((1...13).contains(requests.count), "\(requests)")
  }

  @Test("T64: a password in the URL opens the door and is seen nowhere")
  func password() async throws {
    try await SmartHTTPServer.serve(served) { [ground, served] server in
      let credentials = "\(SmartHTTPServer.user):\(SmartHTTPServer.password)"
      let source = try ground.source(server.url("private/site.git", credentials: credentials))
      #expect(try await source.read().names == ["a"])
      #expect(!source.description.contains("canary"))
      let grep = try? await run("grep", ["-r", "canary", ground.mirrors.path])
      #expect(grep == nil, "the mirror holds the password")
      let names = try await run("ls", ["-R", ground.mirrors.path])
      #expect(!names.contains("canary"))
      let requests = try server.requests()
      #expect(requests.allSatisfy { !$0.contains("canary") })
      _ = served
    }
  }

  @Test(
    "T64: a password that is refused is in no message",
    arguments: ["reader:canary-wrong", "canary-token", "reader:canary%20wrong", ":canary-wrong"])
  func wrongPassword(_ credentials: String) async throws {
    try await SmartHTTPServer.serve(served) { [ground] server in
      let source = try ground.source(server.url("private/site.git", credentials: credentials))
      let error = try await source.failure()
      #expect(error.code == .notPermitted, "\(error)")
      #expect(!error.description.contains("canary"))
      #expect(!source.description.contains("canary"))
    }
  }

  @Test("nobody is asked for a password")
  func noPassword() async throws {
    try await SmartHTTPServer.serve(served) { [ground] server in
      let error = try await ground.source(server.url("private/site.git")).failure()
      #expect(error.code == .notPermitted)
      #expect(error.remedy?.contains("credential helper") == true)
    }
  }

  @Test("a repository that the server does not have is missing")
  func missing() async throws {
    try await SmartHTTPServer.serve(served) { [ground] server in
      let error = try await ground.source(server.url("other.git")).failure()
      #expect(error.code == .missing)
    }
  }

  @Test("a server that goes away is unreachable, and the last good revision can be read")
  func gone() async throws {
    let (source, revision) = try await SmartHTTPServer.serve(served) { [ground] server in
      let source = try ground.source(server.url("site.git"))
      return (source, try await source.read().revision)
    }
    #expect(try await source.failure(after: revision).code == .unreachable)
    #expect(try await source.snapshot(of: revision).names == ["a"])
  }

  @Test("T33: a rewritten branch is refused as over a path")
  func rewritten() async throws {
    try await SmartHTTPServer.serve(served) { [ground, served] server in
      let source = try ground.source(server.url("site.git"))
      let revision = try await source.read().revision
      try await ground.repository.git("commit", "--amend", "--quiet", "--message", "Other")
      try await ground.repository.git(
        "push", "--quiet", "--force", served.path("site.git"), "main")
      #expect(try await source.failure(after: revision).code == .rewritten)
    }
  }
}
