import Glibc
import TestSupport
import Testing

/// Whether this process may mount a file system.
private let canMount: Bool = {
  guard geteuid() == 0, let folder = try? TemporaryFolder("mount") else { return false }
  guard mount("tmpfs", folder.path, "tmpfs", 0, "size=64k") == 0 else { return false }
  umount(folder.path)
  return true
}()

/// An agent whose state directory has no space left.
@Suite(.serialized, .enabled(if: canMount, "needs the right to mount a tmpfs"))
struct FullStateTests {
  @Test(
    "T24 with its state disk full an agent says so, keeps supervising, and recovers with the space")
  func full() async throws {
    let tend = try Tend()
    try tend.folder.makeFolder("state")
    try #require(mount("tmpfs", tend.state, "tmpfs", 0, "size=1m,mode=0700") == 0)
    defer { umount2(tend.state, Int32(MNT_DETACH)) }
    try declare("first", tend)
    let ended = try await tend.run(
      [
        "agent", "-f", tend.manifests, "--interval", "1s", "--stop-on-exit", "--state-dir",
        tend.state,
      ]
    ) { _ in
      try await eventually("all is as declared") {
        try await status(tend).status == 0 && tend.folder.text("world/a") == "first"
      }
      try fill(tend.state)
      try await checkFull(tend)
      try tend.folder.remove("state/filler")
      try await eventually("it has recovered") {
        try await status(tend).status == 0 && tend.folder.text("world/a") == "second"
      }
    }
    #expect(ended.status == 0, "\(ended.errors)")
    let plan = try await tend("plan", "-f", tend.manifests, "--state-dir", tend.state)
    #expect(!plan.errors.contains("set aside"), "the store is whole: \(plan.errors)")
  }

  private func checkFull(_ tend: Tend) async throws {
    let sleeper = try pid(tend)
    try declare("second", tend)
    try await eventually("it says what is wrong") {
      let said = try await status(tend)
      return said.status == 1 && said.out.contains("free space on its file system")
    }
    kill(sleeper, SIGKILL)
    try await eventually("the process is back") {
      let now = try pid(tend)
      return now > 0 && now != sleeper && kill(now, 0) == 0
    }
    #expect(try tend.folder.text("world/a") == "first", "what can't be recorded is not done")
  }

  private func status(_ tend: Tend) async throws -> Tend.Output {
    try await tend("status", "--state-dir", tend.state)
  }

  private func declare(_ content: String, _ tend: Tend) throws {
    try tend.folder.write(
      """
      apiVersion: files/v1
      kind: File
      metadata: {name: a}
      spec: {path: \(tend.world)/a, content: \(content)}
      ---
      apiVersion: processes/v1
      kind: Process
      metadata: {name: sleeper}
      spec:
        command: [/bin/sh, -c, 'echo $$ > \(tend.world)/pid; exec sleep 1000']
        restart: {initialDelay: 10ms}

      """, to: "manifests/a.yaml")
  }

  /// The process that was started last; none where it has not yet written its number.
  private func pid(_ tend: Tend) throws -> Int32 {
    Int32(try tend.folder.text("world/pid").filter { !$0.isWhitespace }) ?? 0
  }

  private func fill(_ folder: String) throws {
    let file = open("\(folder)/filler", O_WRONLY | O_CREAT, 0o600)
    try #require(file >= 0)
    defer { close(file) }
    let zeros = [UInt8](repeating: 0, count: 4096)
    while write(file, zeros, zeros.count) > 0 {}
    #expect(errno == ENOSPC)
  }
}
