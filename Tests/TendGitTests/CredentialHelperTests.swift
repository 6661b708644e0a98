import Tend
import TendEngine
import TestSupport
import Testing

@testable import TendGit

@Suite(
  "The user's own credential helpers",
  .enabled(if: SmartHTTPServer.isAvailable, "lighttpd and git http-backend are not installed"))
struct CredentialHelperTests {
  let ground: Ground
  let served: TemporaryFolder
  let home: TemporaryFolder

  init() async throws {
    ground = try await Ground()
    served = try TemporaryFolder("served")
    home = try TemporaryFolder("home")
    try await ground.repository.commit(["a.yaml": file("a")])
    try await ground.repository.git(
      "clone", "--quiet", "--bare", ".", served.path("private/site.git"))
  }

  @Test("T64: a helper opens the door, and its password is seen nowhere")
  func helper() async throws {
    try await SmartHTTPServer.serve(served) { [home, ground] server in
      let store = home.path("credentials")
      try home.write(
        "http://\(SmartHTTPServer.user):\(SmartHTTPServer.password)@127.0.0.1:\(server.port)\n",
        to: "credentials")
      try home.write("[credential]\n\thelper = store --file=\(store)\n", to: "gitconfig")
      let source = try source(server)
      #expect(try await source.read().names == ["a"])
      let grep = try? await run("grep", ["-r", "canary", ground.mirrors.path])
      #expect(grep == nil, "the mirror holds the password")
    }
  }

  @Test(
    "a helper that is wrong, fails, or would ask on a terminal refuses, and nobody waits",
    arguments: [
      "!f() { echo username=reader; echo password=canary-wrong; }; f", "!exit 1", "!cat </dev/tty",
      "/nowhere/helper",
    ])
  func wrong(_ helper: String) async throws {
    try await SmartHTTPServer.serve(served) { [home] server in
      try home.write("[credential]\n\thelper = \"\(helper)\"\n", to: "gitconfig")
      let error = try await source(server).failure()
      #expect(error.code == .notPermitted, "\(error)")
      #expect(!error.description.contains("canary"))
    }
  }

  @Test("T64: a password that the user's own configuration puts into a URL is masked")
  func insteadOf() async throws {
    try await SmartHTTPServer.serve(served) { [home] server in
      let base = "127.0.0.1:\(server.port)/"
      try home.write(
        "[url \"http://reader:canary-wrong@\(base)\"]\n\tinsteadOf = http://\(base)\n",
        to: "gitconfig")
      let error = try await source(server).failure()
      #expect(error.code == .notPermitted, "\(error)")
      #expect(!error.description.contains("canary"), "\(error)")
    }
  }

  @Test("what would ask a person is never run")
  func askpass() async throws {
    try await SmartHTTPServer.serve(served) { [home] server in
      try home.write("#!/bin/sh\ntouch \(home.path("asked"))\necho x\n", to: "ask")
      try await run("chmod", ["755", home.path("ask")])
      try home.write("[core]\n\taskPass = \(home.path("ask"))\n", to: "gitconfig")
      let error = try await source(server, ["GIT_ASKPASS": home.path("ask")]).failure()
      #expect(error.code == .notPermitted)
      #expect(!home.exists("asked"))
    }
  }

  @Test(
    "URLs in any text lose their users and passwords",
    arguments: [
      (
        "for 'https://me:canary@host/x' and ssh://git@host/y",
        "for 'https://***@host/x' and ssh://git@host/y"
      ),
      ("https://a:b:c@d@host", "https://***@host"), ("://", "://"),
      ("no url a:b@c", "no url a:b@c"),
      ("http://h/x:y@z http://u:p@h", "http://h/x:y@z http://***@h"),
    ])
  func masked(_ text: String, _ masked: String) {
    #expect(RepositoryAddress.masked(text) == masked)
  }

  private func source(
    _ server: SmartHTTPServer, _ more: [String: String] = [:]
  ) throws -> GitSource {
    try ground.source(server.url("private/site.git")) {
      $0.environment = GitEnvironment { [home] name in
        name == "GIT_CONFIG_GLOBAL" ? home.path("gitconfig") : more[name] ?? variable(name)
      }
    }
  }
}
