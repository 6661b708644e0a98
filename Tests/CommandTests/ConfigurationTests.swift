import Glibc
import TestSupport
import Testing

@Suite("tend agent --config", .serialized)
struct ConfigurationTests {
  /// The configuration of an agent in the folder of a command.
  static func write(_ text: String, for command: Command) throws {
    try command.folder.write(text, to: "agent.yaml")
  }

  @Test("it follows several units, each as the file says")
  func units() async throws {
    let command = try Command()
    try command.folder.write(command.file("one"), to: "one/a.yaml")
    try command.folder.write(command.file("two"), to: "two/a.yaml")
    try Self.write(
      """
      units:
        - {name: one, source: {directory: \(command.folder.path("one"))}}
        - {name: two, source: {directory: \(command.folder.path("two"))}, mode: observe}
      """, for: command)
    let once = try await command("agent", "--config", "agent.yaml", "--once")
    #expect(once.out.contains("Unit one: "), "\(once.out)\(once.errors)")
    #expect(command.folder.exists("lone-one"))
    #expect(!command.folder.exists("lone-two"))
    let units = try await command("get", "units")
    #expect(units.out.contains("\none ") && units.out.contains("\ntwo "))
  }

  @Test("T07: a configuration that can't be used starts nothing, and all that is wrong is shown")
  func refused() async throws {
    let command = try Command()
    try Self.write(
      "unitz: []\nunits:\n  - {name: one, source: {directory: here}}\n", for: command)
    for arguments in [["agent", "--config"], ["validate", "--config"]] {
      let ended = try await command(arguments[0], arguments[1], "agent.yaml")
      #expect(ended.status == 1)
      #expect(ended.out == "")
      #expect(
        ended.errors
          == "agent.yaml:1:1: error: unitz is not a field here; did you mean units?\n"
          + "agent.yaml:3:37: error: source.directory is not an absolute path; "
          + "begin it with a slash\n")
    }
    #expect(!command.folder.exists("tend"))
    let missing = try await command("agent", "--config", "nowhere.yaml")
    #expect(missing.status == 1)
    #expect(
      missing.errors == "error: the configuration nowhere.yaml can't be read: No such file or "
        + "directory; the agent does not run without it\n")
  }

  @Test("validate says that a configuration can be used, without a look at what it names")
  func valid() async throws {
    let command = try Command()
    try Self.write("units: [{name: a, source: {directory: /nowhere/at/all}}]\n", for: command)
    let ended = try await command("validate", "--config", "agent.yaml")
    #expect(ended.out == "Valid: 1 unit.\n")
    #expect(ended.status == 0)
  }

  @Test("explain documents the file and each field of it")
  func explain() async throws {
    let command = try Command()
    let whole = try await command("explain", "agent")
    #expect(whole.out.hasPrefix("FILE     agent\n"))
    #expect(whole.out.contains("\nFIELDS\n  units <list of map, required>\n"))
    #expect(try await command("explain", "agent.units.mode").out.contains("enforce | observe"))
    #expect(try await command("explain", "tend.yaml.include").out.contains("Patterns"))
    let wrong = try await command("explain", "agent.unit")
    #expect(wrong.status == 1)
    #expect(wrong.errors == "error: agent has no field unit; did you mean units?\n")
  }

  @Test(
    "what contradicts the file is a usage error",
    arguments: [
      ["agent", "--config", "a", "-f", "b"], ["agent", "--config", "a", "--unit", "b"],
      ["agent", "--config", "a", "--interval", "5s"], ["agent", "--config", "a", "--branch", "b"],
      ["validate", "--config", "a", "-f", "b"], ["validate"],
    ])
  func usage(arguments: [String]) async throws {
    let ended = try await Command().shell("\"$tend\" " + arguments.joined(separator: " "))
    #expect(ended.status == 64, "\(arguments)")
  }
}
