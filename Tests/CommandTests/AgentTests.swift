import Glibc
import TestSupport
import Testing

@Suite("tend agent", .serialized)
struct AgentTests {
  /// A repository with the desired state of tests, and the command.
  private static func repository(_ command: Command) async throws -> GitRepository {
    let repository = try await GitRepository()
    try command.writeDesired(to: "desired/site.yaml")
    let text = try await command.shell("cat desired/site.yaml")
    try await repository.commit(
      ["site.yaml": text.out.replacing("DIR", with: command.folder.path)], message: "Say hello")
    return repository
  }

  private static func content(_ command: Command) async throws -> String {
    try await command.shell("cat world/motd 2>/dev/null").out
  }

  @Test("it follows a repository: creates, repairs drift, takes in commits, prunes, and drains")
  func life() async throws {
    let command = try Command()
    let repository = try await Self.repository(command)
    let ended = try await command.agent("--git", repository.url) { _ in
      try await eventually("the unit is Ready") { try await command("status").status == 0 }
      #expect(try await Self.content(command) == "hello\nworld\n")

      try command.folder.write("mine\n", to: "world/motd")
      try await eventually("drift is repaired") {
        try await Self.content(command) == "hello\nworld\n"
      }
      try await eventually("the repair is an event") {
        try await command("events", "File/motd").out
          .contains("update File/motd (content) for drift")
      }

      let old = try await repository.git("show", "HEAD:site.yaml")
      try await repository.commit(
        ["site.yaml": old.replacing("hello", with: "goodbye") + "\n"], message: "Say goodbye")
      try await eventually("the commit arrives") {
        try await Self.content(command) == "goodbye\nworld\n"
      }
      try await eventually("history says so") {
        let history = try await command("history").out
        return history.contains("Say goodbye") && history.contains("Say hello")
      }

      let rest = try #require(old.split(separator: "---\n").first)
      try await repository.commit(["site.yaml": rest + "\n"], message: "Only the directory")
      try await eventually("what is no longer declared is deleted") {
        !command.folder.exists("world/motd") && !command.folder.exists("world/link")
      }
      #expect(command.folder.exists("world"))
      try await eventually("get no longer lists it") {
        try await command("get", "-o", "yaml").out.contains("name: motd") == false
      }
    }
    #expect(ended.status == 0, "\(ended.errors)")
    #expect(ended.errors.contains("agent stopped"))
    #expect(!command.folder.exists("tend/tend.sock"))
    #expect(ended.out == "")
  }

  @Test("a directory is read as soon as it changed and rests, whatever the interval")
  func watchedDirectory() async throws {
    let command = try Command()
    try command.writeDesired()
    let desired = command.folder.path("desired")
    let ended = try await command.agent("-f", desired, "--interval", "1h") { _ in
      try await eventually("the unit is Ready") { try await command("status").status == 0 }
      try command.writeDesired("goodbye")
      try await eventually("the change arrives") {
        try await Self.content(command) == "goodbye\nworld\n"
      }
      try command.folder.write(command.file("more"), to: "desired/below/more.yaml")
      try await eventually("a directory that was added is read") {
        try await command("get", "File/more").status == 0
      }
    }
    #expect(ended.status == 0, "\(ended.errors)")
  }

  @Test("the commands work on it, in every form")
  func commands() async throws {
    let command = try Command()
    let repository = try await Self.repository(command)
    let ended = try await command.agent("--git", repository.url, "--unit", "web") { _ in
      try await eventually("the unit is Ready") { try await command("status").status == 0 }
      let units = try await command("get", "units")
      #expect(units.out.contains("web   True   REVISION  3/3"))
      #expect(try await command("get", "File").out.contains("File/motd"))
      #expect(try await command("get", "Symlink").out.contains("File/motd") == false)
      #expect(try await command("get", "-u", "web", "-o", "wide").out.contains("DIR/world/motd"))
      let json = try await command("get", "File/motd", "-o", "json")
      #expect(json.out.hasPrefix("{\n  \"apiVersion\": \"tend/v1\",\n  \"items\": ["))
      let describe = try await command("describe", "File/motd")
      #expect(describe.out.contains("depends on   Directory/world"))
      let diff = try await command("diff", "--detailed-exitcode")
      #expect(diff.out == "No changes. 3 resources are as declared.\n")
      #expect(diff.status == 0)
      let reconcile = try await command("reconcile", "File/motd")
      #expect(reconcile.status == 0, "\(reconcile.errors)")
      #expect(try await command("reconcile", "web").status == 0)
      let missing = try await command("reconcile", "nowhere")
      #expect(missing.status == 1)
      let unit = try await command("get", "-u", "nowhere")
      #expect(unit.status == 1 && unit.errors.contains("there is no unit nowhere"))
      #expect(try await command("history", "-u", "nowhere").status == 1)
    }
    #expect(ended.status == 0)
  }

  @Test("apply to a unit that it follows is refused, naming its pid; to another it is sent")
  func beside() async throws {
    let command = try Command()
    let repository = try await Self.repository(command)
    try command.folder.write(
      """
      apiVersion: files/v1
      kind: File
      metadata: {name: other}
      spec: {path: \(command.folder.path("other")), source: content/other.txt}
      """, to: "more/other.yaml")
    try command.folder.write([0, 1, 2, 255], to: "more/content/other.txt")
    let ended = try await command.agent("--git", repository.url) { pid in
      try await eventually("the unit is Ready") { try await command("status").status == 0 }
      let refused = try await command("apply", "-f", "desired", "--yes")
      #expect(refused.status == 1)
      #expect(
        refused.errors.hasPrefix(
          "error: unit default is followed by the agent with pid \(pid), which runs since TIME;"))

      let plan = try await command("plan", "-f", "more", "--unit", "more")
      #expect(plan.status == 0, "\(plan.errors)")
      let sent = try await command("apply", "-f", "more", "--unit", "more", "--yes")
      #expect(sent.status == 0, "\(sent.errors)")
      #expect(sent.out.contains("created File/other in DURATION"))
      let bytes = try await command.shell("od -An -tu1 other")
      #expect(bytes.out.split { !$0.isNumber } == ["0", "1", "2", "255"])
      #expect(try await command("get", "-u", "more").out.contains("File/other"))
      #expect(try await command("forget", "File/other").status == 0)
      #expect(command.folder.exists("other"))

      let second = try await command("agent", "-f", "desired")
      #expect(second.status == 1)
      #expect(second.errors.contains("\(pid)"))
    }
    #expect(ended.status == 0)
  }

  @Test("a commit that can't be used changes nothing, is said, and its fix is taken in")
  func mistakes() async throws {
    let command = try Command()
    let repository = try await Self.repository(command)
    let ended = try await command.agent("--git", repository.url) { _ in
      try await eventually("the unit is Ready") { try await command("status").status == 0 }
      let good = try await repository.git("show", "HEAD:site.yaml")
      try await repository.commit(["site.yaml": "kind: [\n"], message: "Break it")
      try await eventually("status says Stalled") {
        let status = try await command("status")
        return status.status == 1 && status.out.contains("site.yaml:")
      }
      #expect(try await Self.content(command) == "hello\nworld\n")
      try await repository.commit(
        ["site.yaml": good.replacing("hello", with: "again") + "\n"], message: "Mend it")
      try await eventually("the fix arrives") {
        try await Self.content(command) == "again\nworld\n"
      }
    }
    #expect(ended.status == 0)
  }

  @Test("a commit beyond the deletion budget is refused, and passes when it is approved")
  func approval() async throws {
    let command = try Command()
    let repository = try await GitRepository()
    for index in 0..<10 {
      try repository.write(command.file("f\(index)"), to: "f\(index).yaml")
    }
    try await repository.commit("Ten files")
    let ended = try await command.agent("--git", repository.url) { _ in
      try await eventually("the unit is Ready") { try await command("status").status == 0 }
      for index in 0..<8 { try repository.folder.remove("f\(index).yaml") }
      let id = try await repository.commit("Two files")
      try await eventually("it is refused") {
        try await command("status").out.contains("DeletionBudget")
      }
      #expect(command.folder.exists("lone-f0"))
      let status = try await command("status")
      #expect(status.out.contains("tend approve default REVISION"))
      let short = try await command("approve", "default", String(id.prefix(4)))
      #expect(short.status == 1)
      let approved = try await command("approve", "default", String(id.prefix(10)))
      #expect(approved.status == 0, "\(approved.errors)")
      try await eventually("it passes") { !command.folder.exists("lone-f0") }
    }
    #expect(ended.status == 0)
  }

  @Test("--once converges, prints a summary, and exits with 0; again it changes nothing")
  func once() async throws {
    let command = try Command()
    let repository = try await Self.repository(command)
    let first = try await command("agent", "--git", repository.url, "--once")
    #expect(first.status == 0, "\(first.errors)")
    #expect(first.out.hasSuffix("Unit default: Converged in DURATION. 3 created.\n"))
    #expect(try await Self.content(command) == "hello\nworld\n")
    let second = try await command("agent", "--git", repository.url, "--once")
    #expect(second.status == 0, "\(second.errors)")
    #expect(second.out == "Unit default: Converged in DURATION. Nothing was changed.\n")
  }

  @Test("a repository that is not there makes the agent Stalled, not dead; --once fails")
  func missing() async throws {
    let command = try Command()
    let nowhere = command.folder.path("nowhere")
    let once = try await command("agent", "--git", nowhere, "--once")
    #expect(once.status == 1)
    #expect(once.errors.contains("DIR/nowhere"))
    let ended = try await command.agent("--git", nowhere) { _ in
      try await eventually("status says why") {
        let status = try await command("status")
        return status.status == 1 && status.out.contains("Stalled") && status.out.contains("Source")
      }
    }
    #expect(ended.status == 0)
  }

  @Test(
    "T31 an agent whose state directory is taken away ends, so that none begins beside it",
    arguments: ["rm -r tend", "mv tend elsewhere", "rm tend/lock", "rm tend/tend.db"])
  func stateLost(loss: String) async throws {
    let command = try Command()
    try command.writeDesired()
    let ended = try await command.agent("-f", "desired") { agent in
      try await eventually("the unit is Ready") { try await command("status").status == 0 }
      _ = try await command.shell(loss)
      try await eventually("it ends") {
        try await command.shell("! grep -q '^State:.[^Z]' /proc/\(agent)/status").status == 0
      }
    }
    #expect(ended.status == 1)
    #expect(ended.errors.contains("DIR/tend was deleted or replaced while the agent ran"))
  }

  @Test("it follows a directory")
  func directory() async throws {
    let command = try Command()
    try command.writeDesired()
    let ended = try await command.agent("-f", "desired") { _ in
      try await eventually("it arrives") { try await Self.content(command) == "hello\nworld\n" }
      try command.writeDesired("changed")
      try await eventually("a change arrives") {
        try await Self.content(command) == "changed\nworld\n"
      }
    }
    #expect(ended.status == 0)
  }

  @Test("another user is not answered", .enabled(if: geteuid() == 0 && isInstalled("setpriv")))
  func otherUser() async throws {
    let command = try Command()
    let repository = try await Self.repository(command)
    let ended = try await command.agent("--git", repository.url) { _ in
      try await eventually("the unit is Ready") { try await command("status").status == 0 }
      // What the modes prevent is opened here, so that the kernel's word on the peer remains.
      let asked = try await command.shell(
        """
        chmod 755 . tend && chmod 666 tend/tend.sock
        cp "$tend" ./tend-copy && chmod 755 tend-copy
        as_nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
        $as_nobody ./tend-copy status --state-dir "$PWD/tend"
        """)
      #expect(asked.errors.contains("only root and the agent's own user may use this socket"))
      #expect(!asked.out.contains("Ready"))
    }
    #expect(ended.status == 0)
  }
}
