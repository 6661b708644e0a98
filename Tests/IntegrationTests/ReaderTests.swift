import Glibc
import TestSupport
import Testing

/// What members of the readers' group may ask of an agent that runs as root.
@Suite(.serialized, .enabled(if: getuid() == 0, "only root can become another user"))
struct ReaderTests {
  private static let reader: UInt32 = 65_534
  private static let stranger: UInt32 = 1

  private func prepare(readers: String) throws -> Tend {
    let tend = try Tend("readers")
    try #require(chmod(tend.folder.path, 0o755) == 0)
    try tend.folder.write(
      """
      apiVersion: files/v1
      kind: File
      metadata: {name: a}
      spec: {path: \(tend.world)/a, content: "hello", mode: "0600"}

      """, to: "manifests/a.yaml")
    try tend.folder.write(
      """
      stateDirectory: \(tend.state)
      readers: "\(readers)"
      units:
        - {name: site, source: {directory: \(tend.manifests)}, mode: observe}

      """, to: "agent.yaml")
    return tend
  }

  @Test("they see how things are, and nothing private; they change nothing; nobody else sees it")
  func readers() async throws {
    let tend = try prepare(readers: "\(Self.reader)")
    try tend.folder.write("canary", to: "world/a")
    let config = ["agent", "--config", tend.folder.path("agent.yaml")]
    let ended = try await tend.run(config) { _ in
      func ask(_ arguments: String..., user: UInt32 = Self.reader) async throws -> Tend.Output {
        try await tend.run(arguments + ["--state-dir", tend.state], user: user)
      }
      try await eventually("the reader is answered") {
        try await ask("get").out.contains("File/a")
      }
      for verb in [
        ["status"], ["get"], ["describe", "File/a"], ["history"], ["events"], ["metrics"],
      ] {
        let output = try await tend.run(verb + ["--state-dir", tend.state], user: Self.reader)
        #expect(output.errors == "", "\(verb)")
        #expect(!output.out.isEmpty, "\(verb)")
      }
      let diff = try await ask("diff")
      #expect(diff.out.contains("File/a"), "\(diff.errors)")
      #expect(!diff.out.contains("canary") && !diff.out.contains("hello"))

      for verb in [
        ["suspend", "site"], ["resume", "site"], ["reconcile"], ["forget", "File/a"],
        ["approve", "site", "0123456789"], ["apply", "-f", tend.manifests, "--yes", "--unit", "x"],
        ["restore", "/a", "--list"],
      ] {
        let output = try await tend.run(verb + ["--state-dir", tend.state], user: Self.reader)
        #expect(output.status == 1, "\(verb)")
        #expect(
          output.errors.contains("who may only read asked for a change, or for what is private"),
          "\(verb): \(output.errors)")
      }
      let refused = try await ask("get", user: Self.stranger)
      #expect(refused.status != 0)
      #expect(refused.errors.contains("can't be opened: Permission denied"), "\(refused.errors)")
      #expect(!(refused.out + refused.errors).contains("File/a"))
    }
    #expect(ended.status == 0, "\(ended.errors)")
    let after = try await tend.run(["get", "--state-dir", tend.state], user: Self.reader)
    #expect(after.status != 0, "the agent is gone, and so is its socket")
  }

  @Test("a group that is not known starts nothing")
  func unknown() async throws {
    let tend = try prepare(readers: "no-such-group")
    let output = try await tend("agent", "--config", tend.folder.path("agent.yaml"))
    #expect(output.status == 1)
    #expect(output.errors.contains("there is no group no-such-group on this machine"))
  }
}
