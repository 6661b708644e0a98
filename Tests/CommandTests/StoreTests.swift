import TestSupport
import Testing

@Suite("Commands without an agent")
struct StoreTests {
  @Test("a unit or a kind that there is not is an error, and never an empty list")
  func unknown() async throws {
    let command = try Command()
    try command.writeDesired()
    _ = try await command("apply", "-f", "desired", "--unit", "web", "--yes")
    for arguments in [["get"], ["get", "units"], ["events"], ["history"]] {
      let asked = try await command.shell("$tend \(arguments.joined(separator: " ")) -u wbe")
      #expect(asked.status == 1 && asked.out == "", "\(arguments): \(asked.out)")
      #expect(asked.errors == "error: there is no unit wbe; the units are web\n")
    }
    let kind = try await command("get", "Fil")
    #expect(kind.status == 1)
    #expect(kind.errors == "error: there is no kind Fil; did you mean File?\n")
    let none = try await command("get", "process")
    #expect(none.status == 0 && none.out == "No resources.\n", "\(none.out)\(none.errors)")
  }

  @Test("where nothing is stored they say so and make nothing, and status exits with 2")
  func nothing() async throws {
    let command = try Command()
    for line in [
      "get", "history", "events", "suspend base", "resume base", "forget File/motd",
      "approve base REVISION",
    ] {
      let output = try await command.shell("$tend \(line)")
      #expect(output.status == 1, "\(line)")
      #expect(output.errors.hasPrefix("error: no agent runs on DIR/tend, and nothing is stored"))
    }
    #expect(try await command.shell("ls tend").status != 0)
    let status = try await command("status")
    #expect(status.status == 2)
    #expect(status.errors.hasPrefix("error: no agent runs on DIR/tend"))
  }

  @Test("they read what was stored")
  func reading() async throws {
    let command = try Command()
    try command.writeDesired()
    _ = try await command("apply", "-f", "desired", "--yes")
    let get = try await command("get")
    #expect(get.status == 0)
    #expect(get.out.hasPrefix("RESOURCE         READY"))
    #expect(get.out.contains("\nFile/motd "))
    #expect(get.out.contains("  True   True    Ready, as of TIME\n"))
    let describe = try await command("describe", "file/motd")
    #expect(describe.status == 0, "\(describe.errors)")
    #expect(describe.out.contains("  declared at"))
    #expect(describe.out.contains("TIME create File/motd (content, mode) for revision"))
    let history = try await command("history")
    #expect(history.out.contains("converged  3 "))
    #expect(history.out.contains("DIR/desired"))
    let status = try await command("status")
    #expect(status.status == 2)
    #expect(status.errors.contains("note: no agent runs on DIR/tend"))
    #expect(status.out.contains("3, 3 Ready, 0 Stalled"))
    #expect(status.out.contains("as of        TIME"))
    #expect(status.out.contains("Ready        True  Ready: 3 resources are as declared"))
    let missing = try await command("describe", "File/nothing")
    #expect(missing.status == 1)
    #expect(
      missing.errors == "error: there is no File/nothing; tend get lists what there is\n")
  }

  @Test("forget ends ownership and touches nothing")
  func forget() async throws {
    let command = try Command()
    try command.writeDesired()
    _ = try await command("apply", "-f", "desired", "--yes")
    let forget = try await command("forget", "Symlink/link")
    #expect(forget.status == 0, "\(forget.errors)")
    #expect(forget.out == "Symlink/link is no longer owned; DIR/world/link stays as it is.\n")
    #expect(try await command.shell("readlink world/link").out == "motd\n")
    #expect(try await command("get").out.contains("Symlink/link") == false)
  }

  @Test("what needs an agent says so, with the remedy")
  func needsAgent() async throws {
    let command = try Command()
    try command.writeDesired()
    _ = try await command("apply", "-f", "desired", "--yes")
    let reconcile = try await command("reconcile")
    #expect(reconcile.status == 1)
    #expect(reconcile.errors.contains("no agent runs"))
  }

  @Test("diff compares with what is in force, read again where it came from")
  func diff() async throws {
    let command = try Command()
    try command.writeDesired()
    _ = try await command("apply", "-f", "desired", "--yes")
    let same = try await command("diff", "--detailed-exitcode")
    #expect(same.out == "No changes. 3 resources are as declared.\n", "\(same.errors)")
    #expect(same.status == 0)
    try command.folder.write("mine\n", to: "world/motd")
    let differs = try await command("diff", "File/motd", "--detailed-exitcode")
    #expect(differs.status == 2)
    #expect(differs.out.contains("-mine\n"))
    #expect(try await command("diff", "Symlink", "--detailed-exitcode").status == 0)
    try command.writeDesired("newer")
    let newer = try await command("diff")
    #expect(newer.status == 1)
    #expect(newer.errors.contains("the declarations of unit default can't be read again"))
  }

  @Test("diff of a repository reads the mirror, also when the repository is gone")
  func mirror() async throws {
    let command = try Command()
    let repository = try await GitRepository()
    try await repository.commit(["a.yaml": command.file("a")])
    let once = try await command("agent", "--git", repository.url, "--once")
    #expect(once.status == 0, "\(once.errors)")
    try command.folder.remove("lone-a")
    try repository.folder.remove(".git")
    let diff = try await command("diff")
    #expect(diff.status == 0, "\(diff.errors)")
    #expect(diff.out.contains("+ File/a "))
  }
}
