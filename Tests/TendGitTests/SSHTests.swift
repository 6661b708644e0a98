import Subprocess
import Tend
import TendEngine
import TestSupport
import Testing

@testable import TendGit

@Suite(
  "A repository over ssh", .enabled(if: SSHServer.isAvailable, "openssh-server is not installed"))
struct SSHTests {
  let ground: Ground
  let keys: TemporaryFolder

  init() async throws {
    ground = try await Ground()
    keys = try TemporaryFolder("ssh")
    try await ground.repository.commit(["a.yaml": file("a"), "a.txt": "text"])
  }

  @Test("revisions arrive as they are committed")
  func follows() async throws {
    try await SSHServer.serve(in: keys) { [ground] server in
      let source = try source(server)
      let before = try await source.read()
      #expect(before.names == ["a"])
      #expect(try await before.text("a.txt") == "text")
      try await ground.repository.commit(["b.yaml": file("b")])
      #expect(try await source.read(after: before.revision).names == ["a", "b"])
    }
  }

  @Test("a server that is not known, or has another key, is refused, and nobody is asked")
  func unknown() async throws {
    try await SSHServer.serve(in: keys) { [keys] server in
      let stranger = try await SigningKey("stranger", in: keys)
      try keys.write("", to: "nobody")
      try keys.write("[127.0.0.1]:\(server.port) \(stranger.publicKey)\n", to: "changed")
      for file in ["nobody", "changed", "missing"] {
        let source = try source(server) { $0.ssh.knownHosts = keys.path(file) }
        let error = try await source.failure()
        #expect(error.code == .notPermitted, "\(file): \(error)")
        #expect(error.remedy?.contains("known_hosts") == true, "\(file): \(error)")
      }
      #expect(try keys.names().contains("missing") == false)
    }
  }

  @Test("a key that the server does not let in is refused")
  func wrongKey() async throws {
    try await SSHServer.serve(in: keys) { [keys] server in
      let stranger = try await SigningKey("stranger", in: keys)
      let error = try await source(server) { $0.ssh.identity = stranger.file }.failure()
      #expect(error.code == .notPermitted, "\(error)")
    }
  }

  @Test(
    "a repository that the server does not have is missing, and one without a server unreachable")
  func missing() async throws {
    let gone = try await SSHServer.serve(in: keys) { server in
      let source = try source(server) { $0.repository = server.url("/nowhere/x.git") }
      #expect(try await source.failure().code == .missing)
      return try self.source(server)
    }
    #expect(try await gone.failure().code == .unreachable)
  }

  @Test(
    "a path that ssh would split or a shell would read is refused",
    arguments: ["key", "/a b", "/a;b", "/$HOME/x", "/a'b", "/%d/x", "/a\nb", "/`x`", "~/x"])
  func paths(_ path: String) {
    #expect(throws: SourceError.self) { try ground.source { $0.ssh.identity = path } }
    #expect(throws: SourceError.self) { try ground.source { $0.ssh.knownHosts = path } }
  }

  @Test("what stands in the agent's environment runs as it stands")
  func ownCommand() throws {
    let address = try RepositoryAddress("git@host:x")
    var ssh = GitSSH()
    ssh.identity = "/keys/one"
    let plain = GitEnvironment { _ in nil }.remote(address, ssh).description
    #expect(plain.contains("StrictHostKeyChecking=yes"))
    #expect(plain.contains("BatchMode=yes"))
    #expect(plain.contains("/keys/one"))
    let own = GitEnvironment { $0 == "GIT_SSH_COMMAND" ? "own-ssh" : nil }.remote(address, ssh)
    #expect(own.description.contains("own-ssh"))
    #expect(!own.description.contains("StrictHostKeyChecking"))
  }

  private func source(
    _ server: SSHServer, _ change: (inout GitConfiguration) -> Void = { _ in }
  ) throws -> GitSource {
    try ground.source(server.url(ground.repository.folder.path)) {
      $0.environment = GitEnvironment { name in
        name.hasPrefix("GIT_SSH") || name == "SSH_AUTH_SOCK" ? nil : variable(name)
      }
      $0.ssh.identity = server.identity
      $0.ssh.knownHosts = server.knownHosts
      change(&$0)
    }
  }
}
