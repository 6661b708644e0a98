import Foundation
import TestSupport
import Testing

@Suite("Content that others can't read")
struct PrivateContentTests {
  private static let manifest = """
    apiVersion: files/v1
    kind: File
    metadata: {name: key}
    spec: {path: WORLD/key, content: "first canary\\n", mode: "0600"}

    """

  private func declare(_ content: String, _ command: Command) throws {
    try command.folder.write(
      Self.manifest.replacing("WORLD", with: command.world)
        .replacing("first canary", with: content), to: "desired/key.yaml")
  }

  @Test(
    "where standard output is no terminal, asking for it is a usage error that says why",
    arguments: ["plan -f desired", "apply -f desired --yes", "diff"])
  func noTerminal(verb: String) async throws {
    let command = try Command()
    try command.folder.makeFolder("world")
    try declare("first canary", command)
    let output = try await command.shell("$tend \(verb) --show-private")
    #expect(output.status == 64)
    #expect(output.out == "")
    #expect(output.errors.contains("standard output is no terminal"), "\(output.errors)")
    #expect(!command.folder.exists("world/key"))
  }

  @Test("T62 a terminal shows it where that is asked for, and not otherwise")
  func terminal() async throws {
    let command = try Command()
    try command.folder.makeFolder("world")
    try declare("first canary", command)
    let hidden = try await onTerminal(command, "plan -f desired")
    if hidden.status == 127 { return }
    #expect(hidden.out.contains("sensitive") && !hidden.out.contains("canary"), "\(hidden.out)")
    let create = try await onTerminal(command, "plan -f desired --show-private")
    #expect(create.out.contains("first canary"), "\(create.out)")
    let applied = try await onTerminal(command, "apply -f desired --yes --show-private")
    #expect(applied.status == 0 && applied.out.contains("first canary"), "\(applied.out)")

    try declare("second canary", command)
    let update = try await onTerminal(command, "plan -f desired --show-private")
    #expect(
      update.out.contains("-first canary") && update.out.contains("+second canary"),
      "\(update.out)")
    try command.folder.write("drifted canary\n", to: "world/key")
    let json = try await onTerminal(command, "plan -f desired --show-private -o json")
    #expect(json.out.contains("content") && !json.out.contains("canary"), "\(json.out)")
    let kept = try await command.shell("$tend events -o json; cat tend/* 2>/dev/null")
    #expect(!kept.out.contains("canary"), "nothing of it is kept")
  }

  @Test("beside an agent tend diff looks by itself: the socket carries none of it")
  func besideAgent() async throws {
    let command = try Command()
    try command.folder.makeFolder("world")
    try declare("first canary", command)
    _ = try await command.agent("-f", "desired") { _ in
      try await eventually("the file is there") { command.folder.exists("world/key") }
      _ = try await command.shell("$tend suspend default --reason test")
      try command.folder.write("drifted canary\n", to: "world/key")
      let sent = try await command.shell("$tend diff -o json")
      #expect(sent.out.contains("sensitive") && !sent.out.contains("canary"), "\(sent.out)")
      let shown = try await onTerminal(command, "diff --show-private")
      if shown.status == 127 { return }
      #expect(shown.out.contains("-drifted canary"), "\(shown.out)\(shown.errors)")
    }
  }

  private func onTerminal(_ command: Command, _ line: String) async throws -> Tend.Output {
    try await command.shell("script -qec '\"$tend\" \(line)' /dev/null")
  }
}
