import TestSupport
import Testing

@Suite("Watching a running agent", .serialized)
struct WatchTests {
  private static func lines(_ command: Command, _ file: String) async throws -> [Substring] {
    try await command.shell("cat \(file)").out.split(separator: "\n")
  }

  @Test("wait ends with 0 once a unit or a resource is Ready at a revision")
  func ready() async throws {
    let command = try Command()
    let repository = try await GitRepository()
    let first = try await repository.commit(["a.yaml": command.file("a")])
    let ended = try await command.agent("--git", repository.url, "--unit", "web") { _ in
      try await eventually("the agent answers") {
        try await command("status").errors.isEmpty
      }
      let any = try await command("wait", "--timeout", "20s")
      #expect(any.out == "Unit web is Ready.\n", "\(any.errors)")
      #expect(try await command("wait", "web", "--revision", first).status == 0)
      let second = try await repository.commit(["b.yaml": command.file("b")])
      let wait = try await command("wait", "--revision", second, "--timeout", "20s")
      #expect(wait.status == 0, "\(wait.errors)")
      #expect(command.folder.exists("lone-b"))
      let resource = try await command("wait", "File/b", "--revision", second)
      #expect(resource.out == "File/b is Ready.\n")
    }
    #expect(ended.status == 0)
  }

  @Test("wait ends with 1 where it is Stalled or the time is up, and names what holds it")
  func stalled() async throws {
    let command = try Command()
    let repository = try await GitRepository()
    try await repository.commit(["a.yaml": command.file("a")])
    let ended = try await command.agent("--git", repository.url, "--unit", "web") { _ in
      try await eventually("the unit is Ready") { try await command("status").status == 0 }
      let late = try await command("wait", "--revision", "0123456789ab", "--timeout", "300ms")
      #expect(late.status == 1)
      #expect(
        late.errors
          == "error: unit web is not Ready after 300ms: revision REVISION is in force\n")
      let bad = command.file("bad").replacing("lone-bad", with: "no/where/bad")
      let id = try await repository.commit(["bad.yaml": bad])
      let wait = try await command("wait", "--revision", id, "--timeout", "20s")
      #expect(wait.status == 1)
      #expect(
        wait.errors.hasPrefix(
          "error: unit web is Stalled: ResourcesStalled: 1 resource is stalled\n  File/bad: "))
      let broken = try await repository.commit(["bad.yaml": "kind: [\n"])
      let invalid = try await command("wait", "--revision", broken, "--timeout", "20s")
      #expect(invalid.status == 1)
      #expect(invalid.errors.hasPrefix("error: unit web is Stalled: Invalid: revision REVISION"))
      let nowhere = try await command("wait", "wbe")
      #expect(nowhere.errors == "error: there is no unit wbe; the units are web\n")
    }
    #expect(ended.status == 0)
    let nobody = try await command("wait")
    #expect(nobody.status == 1)
    #expect(nobody.errors.hasPrefix("error: no agent runs on"))
  }

  @Test("get --watch and events --follow tell each change once, also over a restart of the agent")
  func following() async throws {
    let command = try Command()
    try command.folder.write(command.file("a"), to: "desired/a.yaml")
    _ = try await command.agent("-f", "desired") { _ in
      try await eventually("the unit is Ready") { try await command("status").status == 0 }
      _ = try await command.shell(
        """
        "$tend" events --follow -o json > events 2> notes & echo $! > pids
        "$tend" get --watch > watch 2> /dev/null & echo $! >> pids
        """)
      // In one step: of a change that falls into our own write nobody knows when it began.
      _ = try await command.shell("echo mine > new && mv new lone-a")
      try await eventually("the repair is told") {
        try await Self.lines(command, "events").contains { $0.contains("\"cause\":\"drift\"") }
      }
      let drift = try await command("events", "File/a")
      #expect(drift.out.contains(/\(content\) for drift .*: updated content; it differed for \d/))
    }
    try await eventually("it is noticed that the agent is gone") {
      try await command.shell("cat notes").out.contains("note: the agent is gone")
    }
    _ = try await command.agent("-f", "desired") { _ in
      try await eventually("the unit is Ready") { try await command("status").status == 0 }
      try command.folder.write(command.file("b"), to: "desired/b.yaml")
      try await eventually("what came after the restart is told") {
        let events = try await Self.lines(command, "events")
        let rows = try await Self.lines(command, "watch")
        return events.contains { $0.contains("File/b") } && rows.contains { $0.contains("File/b") }
      }
      _ = try await command.shell("kill $(cat pids)")
      let all = try await command("events", "--after", "0", "-o", "json")
      let told = try await Self.lines(command, "events").compactMap(Self.number)
      #expect(told == Array(1...Int64(told.count)), "in their order, without a gap")
      #expect(all.out.contains("\"number\": \(told.count)"))
    }
    let rows = try await Self.lines(command, "watch")
    #expect(rows.first?.hasPrefix("RESOURCE") == true)
    #expect(rows.count { $0.hasPrefix("RESOURCE") } == 1)
  }

  private static func number(_ line: Substring) -> Int64? {
    line.firstMatch(of: /^\{"number":(\d+)/).flatMap { Int64($0.output.1) }
  }

  @Test("events --after goes on where a reader ended, and says where that is gone")
  func after() async throws {
    let command = try Command()
    try command.writeDesired()
    _ = try await command("apply", "-f", "desired", "--yes")
    let wide = try await command("events", "--after", "2", "-o", "wide")
    #expect(wide.out.hasPrefix("3 TIME "))
    let gone = try await command("events", "--after", "100")
    #expect(gone.status == 1)
    #expect(
      gone.errors
        == "error: the events that came after number 100 are no longer kept; "
        + "list them anew, and go on from the newest\n")
  }
}
