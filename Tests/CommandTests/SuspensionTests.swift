import Tend
import TestSupport
import Testing

@testable import TendCLI

@Suite("tend suspend and resume", .serialized)
struct SuspensionTests {
  private static func ready(_ command: Command) async throws {
    try await eventually("the unit is Ready") { try await command("status").status == 0 }
  }

  private static func motd(_ command: Command) async throws -> String {
    try await command.shell("cat world/motd").out
  }

  @Test("a unit is left alone, says why, and is repaired when it goes on")
  func unit() async throws {
    let command = try Command()
    try command.writeDesired()
    let ended = try await command.agent("-f", "desired", "--unit", "web") { _ in
      try await Self.ready(command)
      let suspend = try await command("suspend", "web", "--reason", "incident 12", "--until", "2h")
      #expect(
        suspend.out == """
          Suspended unit web until TIME: nothing of it is observed, changed or taken in.
          To go on: tend resume web

          """, "\(suspend.errors)")
      try command.folder.write("mine\n", to: "world/motd")
      let status = try await command("status")
      #expect(status.status == 1)
      #expect(status.out.contains("3, 0 Ready, 0 Stalled, 3 Suspended\n"))
      #expect(status.out.contains(/Unknown  Suspended: by .+ since TIME, until TIME: incident 12/))
      #expect(status.out.contains("to go on     tend resume web\n"))
      // Longer than several intervals of the agent.
      _ = try await command.shell("sleep 1")
      #expect(try await Self.motd(command) == "mine\n")

      for what in ["web", "File/motd"] {
        let asked = try await command("reconcile", what)
        #expect(asked.status == 1 && asked.out == "", "\(asked.out)")
        #expect(asked.errors.contains("unit web is suspended by "), "\(asked.errors)")
        #expect(asked.errors.hasSuffix("; `tend resume web` ends that\n"))
      }
      #expect(try await command("reconcile").status == 0)

      let resource = try await command("resume", "File/motd")
      #expect(resource.out == "File/motd was not suspended.\n")
      #expect(resource.errors.hasPrefix("note: unit web is suspended by "))
      let resume = try await command("resume", "web")
      #expect(resume.out.hasPrefix("Resumed unit web, suspended by "))
      try await eventually("it is repaired") {
        try await Self.motd(command) == "hello\nworld\n"
      }
      let events = try await command("events")
      #expect(events.out.contains("TIME suspend web for request: suspended by "))
      #expect(events.out.contains("TIME resume web for request: resumed by "))
    }
    #expect(ended.status == 0)
  }

  @Test("a resource is left alone over a restart, and without an agent the store is asked")
  func resource() async throws {
    let command = try Command()
    try command.writeDesired()
    _ = try await command("apply", "-f", "desired", "--unit", "web", "--yes")
    let suspend = try await command("suspend", "file/motd", "--reason", "mine")
    #expect(
      suspend.out == """
        Suspended File/motd: it is neither observed nor changed.
        To go on: tend resume File/motd

        """, "\(suspend.errors)")
    try command.folder.write("mine\n", to: "world/motd")
    let ended = try await command.agent("-f", "desired", "--unit", "web") { _ in
      try await Self.ready(command)
      #expect(try await Self.motd(command) == "mine\n")
      let status = try await command("status")
      #expect(status.out.contains("Ready: 2 resources are as declared, 1 suspended\n"))
      let describe = try await command("describe", "File/motd")
      #expect(describe.out.contains("to go on     tend resume File/motd\n"))
      let json = try await command("get", "File/motd", "-o", "json")
      #expect(json.out.contains("\"note\": \"mine\""))
      let asked = try await command("reconcile", "File/motd")
      #expect(asked.status == 1)
      #expect(asked.errors.contains("File/motd is suspended by "), "\(asked.errors)")
      #expect(try await command("resume", "File/motd").status == 0)
      try await eventually("it is repaired") {
        try await Self.motd(command) == "hello\nworld\n"
      }
    }
    #expect(ended.status == 0)
  }

  @Test("everything is left alone by a file, with and without an agent")
  func everything() async throws {
    let command = try Command()
    try command.writeDesired()
    _ = try await command("apply", "-f", "desired", "--unit", "web", "--yes")
    let suspend = try await command("suspend", "--all", "--reason", "fire")
    #expect(
      suspend.out == """
        Suspended everything: nothing is observed, changed or taken in. \
        No agent runs; one that starts keeps to it.
        To go on: tend resume --all

        """, "\(suspend.errors)")
    #expect(command.folder.exists("tend/suspended"))
    try command.folder.write("mine\n", to: "world/motd")
    let apply = try await command("apply", "-f", "desired", "--unit", "web", "--yes")
    #expect(apply.status == 1)
    #expect(apply.errors.contains("error: everything is suspended by "))
    let once = try await command("agent", "-f", "desired", "--unit", "web", "--once")
    #expect(once.status == 1)
    let ended = try await command.agent("-f", "desired", "--unit", "web") { _ in
      try await eventually("the agent answers") {
        try await command("status").errors.isEmpty
      }
      _ = try await command.shell("sleep 1")
      #expect(try await Self.motd(command) == "mine\n")
      let resume = try await command("resume", "--all")
      #expect(resume.out == "Resumed everything.\n", "\(resume.errors)")
      try await eventually("it is repaired") {
        try await Self.motd(command) == "hello\nworld\n"
      }
      try command.folder.write("nonsense", to: "tend/suspended")
      #expect(try await command("status").out.contains("can't be read"))
      try command.folder.write("mine\n", to: "world/motd")
      _ = try await command.shell("sleep 1")
      #expect(try await Self.motd(command) == "mine\n")
      #expect(try await command("suspend", "web").status == 0)
      let still = try await command("resume", "--all")
      #expect(
        still.errors
          == "note: unit web is suspended by itself; tend resume web ends that\n")
    }
    #expect(ended.status == 0)
  }

  @Test("what is not there can't be suspended")
  func mistakes() async throws {
    let command = try Command()
    try command.writeDesired()
    _ = try await command("apply", "-f", "desired", "--unit", "web", "--yes")
    let unit = try await command("suspend", "wbe")
    #expect(unit.status == 1)
    #expect(unit.errors == "error: there is no unit wbe; the units are web\n")
    let resource = try await command("suspend", "File/nothing")
    #expect(resource.errors == "error: there is no File/nothing; tend get lists what there is\n")
  }

  @Test(
    "a moment to come is a time from now or one of RFC 3339",
    arguments: [
      ("2h", 7200, "a time from now"), ("1970-01-01T00:20:00Z", 1200 - 1000, "a moment"),
      ("1970-01-01T01:20:00+01:00", 1200 - 1000, "elsewhere"),
      ("1970-01-01T00:16:40Z", nil, "now is over"), ("0s", nil, "now"),
      ("2 h", nil, "no such time"),
      ("soon", nil, "a word"), ("9999999999d", nil, "beyond all clocks"),
    ] as [(String, Int64?, String)])
  func moments(text: String, seconds: Int64?, reason: String) {
    let moment = MomentArgument(text, now: .init(seconds: 1000))?.moment
    #expect(moment == seconds.map { .init(seconds: 1000 + $0) }, "\(reason)")
  }
}
