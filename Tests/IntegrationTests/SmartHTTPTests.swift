import TestSupport
import Testing

/// From a Git server over HTTP to the disk.
@Suite(.serialized, .enabled(if: SmartHTTPServer.isAvailable, "lighttpd is not installed"))
struct SmartHTTPTests {
  @Test("an agent follows a repository over smart HTTP, and outlives its server")
  func follow() async throws {
    let tend = try Tend()
    let repository = try await GitRepository()
    try await repository.commit(["a.yaml": file("a", "one", tend)])
    let served = try TemporaryFolder("served")
    try await run(
      "git", ["clone", "--quiet", "--bare", repository.url, served.path("hosts.git")],
      environment: GitRepository.environment)
    let arguments: @Sendable (String) -> [String] = { url in
      ["agent", "--git", url, "--interval", "300ms", "--state-dir", tend.state]
    }
    let (url, output) = try await SmartHTTPServer.serve(served) { server in
      let url = server.url("hosts.git")
      let output = try await tend.run(arguments(url)) { _ in
        try await eventually("the file is there") { tend.folder.exists("world/a") }
        try await repository.commit(["b.yaml": file("b", "two", tend)])
        try await repository.git("push", "--quiet", served.path("hosts.git"), "main")
        try await eventually("the commit arrives") { tend.folder.exists("world/b") }
      }
      return (url, output)
    }
    #expect(output.status == 0, "\(output.errors)")
    try tend.folder.remove("world/a")
    let alone = try await tend.run(arguments(url)) { _ in
      try await eventually("what was known is kept up without the server") {
        tend.folder.exists("world/a")
      }
      try await eventually("and the loss is said") {
        try await tend("status", "--state-dir", tend.state).out.contains("SourceUnreachable")
      }
    }
    #expect(alone.status == 0, "\(alone.errors)")
    #expect(tend.folder.exists("world/b"))
  }

  private func file(_ name: String, _ content: String, _ tend: Tend) -> String {
    """
    apiVersion: files/v1
    kind: File
    metadata: {name: \(name)}
    spec: {path: \(tend.world)/\(name), content: \(content)}

    """
  }
}
