import Foundation
import TestSupport
import Testing

@Suite("Two state directories on one host")
struct HostClaimTests {
  private static let manifest = """
    apiVersion: files/v1
    kind: File
    metadata: {name: motd}
    spec: {path: WORLD/motd, content: "CONTENT\\n"}

    """

  private func declare(_ content: String, in folder: String, _ command: Command) throws {
    try command.folder.write(
      Self.manifest.replacing("WORLD", with: command.world)
        .replacing("CONTENT", with: content), to: "\(folder)/motd.yaml")
  }

  private func prepared() throws -> Command {
    let command = try Command()
    try command.folder.makeFolder("world")
    try declare("one", in: "first", command)
    try declare("two", in: "second", command)
    return command
  }

  private func content(_ command: Command) -> String? {
    try? String(contentsOfFile: command.folder.path("world/motd"), encoding: .utf8)
  }

  @Test("T31 the second apply is refused, names both, and changes nothing")
  func applies() async throws {
    let command = try prepared()
    let first = try await command.shell("$tend apply -f first --yes --state-dir s1")
    #expect(first.status == 0, "\(first.out)\(first.errors)")
    for verb in ["plan", "apply --yes"] {
      let second = try await command.shell("$tend \(verb) -f second --state-dir s2")
      #expect(second.status == 1)
      #expect(
        second.errors.contains("claims DIR/world/motd for the state directory DIR/s2"),
        "\(second.errors)")
      #expect(second.errors.contains("that of DIR/s1 owns it"))
      #expect(second.errors.contains("motd.yaml:1:1"))
    }
    #expect(content(command) == "one\n")
    #expect(!command.folder.exists("s2/backups"))
  }

  @Test("what the first one gives up the second may have")
  func givenUp() async throws {
    let command = try prepared()
    _ = try await command.shell("$tend apply -f first --yes --state-dir s1")
    _ = try await command.shell("$tend forget File/motd --state-dir s1")
    let second = try await command.shell("$tend apply -f second --yes --state-dir s2")
    #expect(second.status == 0, "\(second.errors)")
    #expect(content(command) == "two\n")
    let first = try await command.shell("$tend apply -f first --yes --state-dir s1")
    #expect(first.status == 1 && first.errors.contains("that of DIR/s2 owns it"))
    try command.folder.remove("s2")
    let again = try await command.shell("$tend apply -f first --yes --state-dir s1")
    #expect(again.status == 0, "a state directory that is gone owns nothing: \(again.errors)")
  }

  @Test("T31 of two agents on different state directories one has it, and the other says so")
  func agents() async throws {
    let command = try prepared()
    _ = try await command.agent("-f", "first", "--state-dir", "s1") { _ in
      try await eventually("it is there") { content(command) == "one\n" }
      _ = try await command.agent("-f", "second", "--state-dir", "s2") { _ in
        try await eventually("the second one says who has it") {
          try await command.shell("$tend status --state-dir s2").out.contains(
            "that of DIR/s1 owns it")
        }
        #expect(content(command) == "one\n")
        let status = try await command.shell("$tend status --state-dir s1")
        #expect(status.status == 0, "the first one is not disturbed: \(status.out)")
      }
    }
  }

  @Test("one that was killed in the middle of claiming keeps nobody out")
  func killed() async throws {
    let command = try prepared()
    // Its claim was written down, and its store never came to own it.
    _ = try await command.shell("$tend apply -f first --yes --state-dir s1")
    _ = try await command.shell("cp -r s1 owned && $tend forget File/motd --state-dir s1")
    let claims = try await command.shell("cat run/claims/[0-9a-f]*")
    #expect(claims.out.contains("motd"), "\(claims.out)\(claims.errors)")
    let holder = """
      python3 -c 'import fcntl,os,struct,time
      f=os.open("run/claims/lock",os.O_RDWR)
      fcntl.fcntl(f,37,struct.pack("hhqqi4x",1,0,0,0,0))
      print("held",flush=True)
      os.kill(os.getpid(),9)'
      """
    let held = try await command.shell(holder)
    if held.status == 127 { return }
    #expect(held.out == "held\n", "\(held.errors)")
    let second = try await command.shell("$tend apply -f second --yes --state-dir s2")
    #expect(second.status == 0, "\(second.errors)")
  }

  @Test("what is below another unit of the same state directory is nobody else's")
  func sameState() async throws {
    let command = try prepared()
    for _ in 0..<2 {
      let output = try await command.shell("$tend apply -f first --yes --state-dir s1")
      #expect(output.status == 0, "\(output.errors)")
    }
    let claims = try await command.shell("cat run/claims/[0-9a-f]* | wc -l")
    #expect(claims.out == "2\n", "what is claimed again is not written again")
  }
}
