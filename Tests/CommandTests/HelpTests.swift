import TestSupport
import Testing

@Suite("Help")
struct HelpTests {
  @Test("tend --help teaches and lists every verb, with the ways to start")
  func root() async throws {
    let output = try await Command()("--help")
    #expect(output.status == 0)
    #expect(output.errors == "")
    for verb in [
      "validate", "plan", "apply", "agent", "status", "get", "describe", "diff", "history",
      "events", "logs", "reconcile", "restart", "wait", "suspend", "resume", "restore",
      "approve", "forget", "explain", "metrics", "schema", "init",
      "completions",
    ] {
      #expect(output.out.contains("\n  \(verb) "), "\(verb)")
    }
    #expect(output.out.contains("tend agent --git URL"))
  }

  @Test(
    "every verb has help with an abstract, and no line is wider than a terminal",
    arguments: [
      "validate", "plan", "apply", "agent", "status", "get", "describe", "diff", "history",
      "events", "logs", "reconcile", "restart", "wait", "suspend", "resume", "restore",
      "approve", "forget", "explain", "metrics", "schema", "init",
      "completions",
    ])
  func verbs(verb: String) async throws {
    let output = try await Command()("help", verb)
    #expect(output.status == 0)
    #expect(output.out.hasPrefix("OVERVIEW: "))
    #expect(output.out.contains("USAGE: tend \(verb)"))
    let lines = output.out.split(separator: "\n").filter { !$0.hasPrefix("USAGE: ") }
    #expect(lines.filter { $0.count > 100 }.isEmpty)
  }

  @Test(
    "what can't be understood exits with 64 and says so on standard error",
    arguments: [
      (["frobnicate"], "no such verb"), (["plan"], "no path"), (["plan", "-f"], "half an option"),
      (["get", "-o", "xml"], "no such format"), (["history", "--limit", "0"], "no history at all"),
      (["apply", "-f", "x", "--allow-deletions", "-1"], "a negative number"),
      (["agent"], "nothing to follow"),
      (["agent", "--git", "u", "-f", "d"], "two things to follow"),
      (["agent", "-f", "d", "--branch", "b"], "a branch of a directory"),
      (["agent", "-f", "d", "--interval", "0s"], "no interval"),
      (["agent", "-f", "d", "--log-level", "loud"], "no such level"),
      (["suspend"], "nothing to suspend"), (["suspend", "web", "--all"], "two things to suspend"),
      (["suspend", "web", "--until", "2001-01-01T00:00:00Z"], "a time that is over"),
      (["resume"], "nothing to resume"), (["wait", "--timeout", "0s"], "no time at all"),
      (["restore"], "nothing to restore"),
      (["restore", "/x", "--at", "2100-01-01T00:00:00Z"], "a time to come"),
      (["restore", "/x", "--at", "1h", "--backup", "1"], "two backups"),
      (["wait", "--revision", "abc"], "what could be any revision"),
    ])
  func usage(arguments: [String], reason: String) async throws {
    let command = try Command()
    let line = "\"$tend\" " + arguments.joined(separator: " ")
    let output = try await command.shell(line)
    #expect(output.status == 64, "\(reason)")
    #expect(output.out == "", "\(reason)")
    #expect(output.errors.hasPrefix("Error: "), "\(reason)")
  }

  @Test("explain lists the kinds, and documents a kind or a field of it")
  func explain() async throws {
    let command = try Command()
    let kinds = try await command("explain")
    #expect(kinds.out.hasPrefix("KIND        VERSION       WHAT IT IS\nDirectory   files/v1      "))
    for name in ["File", "file", "files/v1/File"] {
      let output = try await command("explain", name)
      #expect(output.out.hasPrefix("KIND     File\nVERSION  files/v1\n"), "\(name)")
    }
    #expect(try await command("explain", "File.mode").out.contains("octal digits"))
    let unknown = try await command("explain", "Fil")
    #expect(unknown.status == 1)
    #expect(
      unknown.errors
        == "error: there is no kind Fil; "
        + "the kinds are files/v1/Directory, files/v1/File, files/v1/Symlink, "
        + "http/v1/API, http/v1/Object, http/v1/ObjectType, processes/v1/Process\n")
    let field = try await command("explain", "File.mod")
    #expect(field.status == 1)
    #expect(field.errors.contains("did you mean mode?"))
  }

  @Test("explain documents the kinds that a tree of manifests defines itself")
  func explainDefined() async throws {
    let command = try Command()
    let root = Tend.path.split(separator: "/.build").first.map(String.init) ?? ""
    let tree = "\(root)/Examples/quickstart"
    let output = try await command("explain", "Route", "-f", tree)
    #expect(output.out.hasPrefix("KIND     Route\nVERSION  caddy/v1\n"), "\(output.errors)")
    #expect(output.out.contains("The name of the server."))
    #expect(try await command("explain", "Route").status == 1)
    #expect(try await command("explain", "Route.sever", "-f", tree).errors.contains("server"))
  }

  @Test("the version is printed")
  func version() async throws {
    let output = try await Command()("--version")
    #expect(output.status == 0)
    #expect(output.out.contains(/^\d+\.\d+\.\d+/))
  }
}
