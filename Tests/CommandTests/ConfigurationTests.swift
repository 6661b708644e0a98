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

  @Test("T04, T07: units come, change and leave while it runs; a broken file changes nothing")
  func reload() async throws {
    let command = try Command()
    let folder = command.folder
    try folder.write(command.file("one"), to: "one/a.yaml")
    try folder.write(command.file("two"), to: "two/a.yaml")
    let one = "  - {name: one, source: {directory: \(folder.path("one"))}, refresh: 1s}\n"
    let two = "  - {name: two, source: {directory: \(folder.path("two"))}, refresh: 1s}\n"
    try Self.write("units:\n" + one, for: command)
    let ended = try await command.configured { pid in
      try await eventually("one is Ready") { try await command("status").status == 0 }
      #expect(!folder.exists("lone-two"))

      try Self.write("units:\n" + one + two, for: command)
      kill(pid, SIGHUP)
      try await eventually("two has come") { folder.exists("lone-two") }
      try await eventually("both are Ready") { try await command("status").status == 0 }

      try Self.write("units:\n" + one + "  - {name: two}\n", for: command)
      kill(pid, SIGHUP)
      try await eventually("the broken file is seen") { try await command("status").status == 1 }
      let status = try await command("status")
      #expect(
        status.errors == "agent.yaml:3:5: error: units[1].source is missing; add it: Where the "
          + "declarations come from: git or directory.\nnote: agent.yaml can't be used; what was "
          + "read of it at TIME stays in force\n")
      #expect(status.out.contains("Ready        True"))
      #expect(try await command("status", "-o", "json").out.contains("units[1].source is missing"))

      try Self.write("units:\n" + two + "drain: 1s\n", for: command)
      try await eventually("the change is seen without a signal") {
        try await command("get", "units").out.contains("no longer configured")
      }
      let after = try await command("status")
      #expect(after.status == 0, "\(after.out)\(after.errors)")
      #expect(after.out.contains("left behind  1 on TIME, no longer ours:"))
      #expect(after.out.contains("File/one"))
      #expect(
        after.errors == "note: drain in agent.yaml takes effect at the next start of the agent\n")
      #expect(folder.exists("lone-one"))
      #expect(try await command("get").out.contains("File/one") == false)
    }
    #expect(ended.status == 0, "\(ended.errors)")
    #expect(ended.errors.contains("configuration can't be used, the old one stays in force"))
  }

  @Test("a unit with another name keeps its resources over a start; the order of units holds")
  func rename() async throws {
    let command = try Command()
    try command.folder.write(command.file("one"), to: "one/a.yaml")
    try command.folder.write(command.file("two"), to: "two/a.yaml")
    func write(_ name: String, _ more: String = "") throws {
      try Self.write(
        """
        units:
          - name: top
            source: {directory: \(command.folder.path("two"))}
            dependsOn: [\(name)]
          - name: \(name)
            source: {directory: \(command.folder.path("one"))}
            \(more)

        """, for: command)
    }
    try write("old")
    let first = try await command("agent", "--config", "agent.yaml", "--once")
    #expect(first.status == 0, "\(first.errors)")
    let order = first.out.matches(of: /Unit (\w+):/).map { "\($0.output.1)" }
    #expect(order == ["old", "top"])
    try write("new", "renamedFrom: old")
    let second = try await command("agent", "--config", "agent.yaml", "--once")
    #expect(second.status == 0, "\(second.errors)")
    let units = try await command("get", "units")
    #expect(units.out.contains("\nnew ") && !units.out.contains("\nold "), "\(units.out)")
    #expect(try await command("get", "-u", "new").out.contains("File/one"))
    #expect(try await command("events", "-u", "new").out.contains("was unit old before"))
  }

  @Test("--once: a unit that can't be taken in keeps no other from its turn")
  func onceBesides() async throws {
    let command = try Command()
    try command.folder.write(command.file("two"), to: "two/a.yaml")
    try Self.write(
      """
      units:
        - {name: one, source: {directory: \(command.folder.path("one"))}}
        - {name: two, source: {directory: \(command.folder.path("two"))}}
        - {name: top, source: {directory: \(command.folder.path("two"))}, dependsOn: [one]}
      """, for: command)
    let once = try await command("agent", "--config", "agent.yaml", "--once")
    #expect(once.status == 1)
    #expect(once.out.contains("Unit two: Converged"), "\(once.out)\(once.errors)")
    #expect(command.folder.exists("lone-two"))
    #expect(once.errors.contains("Unit one was not taken in:\nerror: "), "\(once.errors)")
    #expect(once.errors.contains("Unit top was not taken in:\nerror: "), "\(once.errors)")
  }

  @Test("--once: one commit swaps what two units have")
  func onceInExchange() async throws {
    let command = try Command()
    try Self.write(
      """
      units:
        - {name: one, source: {directory: \(command.folder.path("one"))}}
        - {name: two, source: {directory: \(command.folder.path("two"))}}
      """, for: command)
    for files in [("a", "b"), ("b", "a")] {
      try command.folder.write(command.file(files.0), to: "one/a.yaml")
      try command.folder.write(command.file(files.1), to: "two/a.yaml")
      let once = try await command("agent", "--config", "agent.yaml", "--once")
      #expect(once.status == 0, "\(once.out)\(once.errors)")
    }
    let get = try await command("get", "-u", "one")
    #expect(get.out.contains("File/b") && !get.out.contains("File/a"), "\(get.out)")
    let events = try await command("events")
    #expect(!events.out.contains(" delete ") && events.out.contains("moved here from unit two"))
  }

  @Test("allow: what is not allowed is not touched, and the error names both lines")
  func allow() async throws {
    let command = try Command()
    try command.folder.write(command.file("one"), to: "one/a.yaml")
    try command.folder.write(command.file("two"), to: "one/b.yaml")
    try Self.write(
      """
      units:
        - name: one
          source: {directory: \(command.folder.path("one"))}
          allow:
            kinds: [File]
            paths: ["\(command.folder.path("lone-one"))"]

      """, for: command)
    let once = try await command("agent", "--config", "agent.yaml", "--once")
    #expect(once.status == 1)
    #expect(
      once.out.contains(
        "path DIR/lone-two is not allowed for unit one: agent.yaml:6:15 allows DIR/lone-one"),
      "\(once.out)\(once.errors)")
    #expect(command.folder.exists("lone-one") && !command.folder.exists("lone-two"))
    let ended = try await command.configured { _ in
      try await eventually("it says what is allowed") {
        try await command("status").out.contains("kinds File")
      }
      #expect(try await command("status").out.contains("paths DIR/lone-one"))
      try await eventually("the place is shown") {
        try await command("describe", "File/two").out.contains("b.yaml:1:1")
      }
    }
    #expect(ended.status == 0)
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
