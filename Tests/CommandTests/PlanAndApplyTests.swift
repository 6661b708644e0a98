import Glibc
import TestSupport
import Testing

@Suite("tend plan and tend apply")
struct PlanAndApplyTests {
  @Test("a plan shows each change with its line, apply does it, and a second plan shows nothing")
  func wholeWay() async throws {
    let command = try Command()
    try command.writeDesired()
    let expected = """
      + Directory/world  DIR/world  (desired/site.yaml:1:1)
          mode: "0755"  (desired/site.yaml:5:1)

      + File/motd  DIR/world/motd  (desired/site.yaml:8:1)
          content:  (desired/site.yaml:14:12)
            +hello
            +world
          mode: "0644"  (desired/site.yaml:17:9)

      + Symlink/link  DIR/world/link  (desired/site.yaml:19:1)
          target: "motd"  (desired/site.yaml:25:11)

      3 to create.

      """
    let plan = try await command("plan", "-f", "desired", "--detailed-exitcode")
    #expect(plan.out == expected)
    #expect(plan.errors == "")
    #expect(plan.status == 2)
    #expect(!command.folder.exists("world"), "a plan changes nothing")
    #expect(!command.folder.exists("tend"), "a plan makes no state directory")

    let apply = try await command("apply", "-f", "desired", "--yes")
    #expect(apply.status == 0, "\(apply.errors)")
    #expect(apply.out.hasPrefix(expected))
    #expect(apply.out.contains("\ncreated File/motd in DURATION\n"))
    #expect(apply.out.hasSuffix("Converged in DURATION. 3 created.\n"))
    #expect(apply.errors == "")

    let second = try await command("plan", "-f", "desired", "--detailed-exitcode")
    #expect(second.out == "No changes. 3 resources are as declared.\n")
    #expect(second.status == 0)
  }

  @Test("drift is shown as what it is, as a diff with its surroundings, and repaired")
  func drift() async throws {
    let command = try Command()
    try command.writeDesired()
    _ = try await command("apply", "-f", "desired", "--yes")
    try command.folder.write("hello\nuniverse\n", to: "world/motd")
    chmod(command.world + "/motd", 0o664)
    let plan = try await command("plan", "-f", "desired")
    #expect(
      plan.out == """
        ~ File/motd  DIR/world/motd  (desired/site.yaml:8:1)
            changed since it was applied, without a new revision
            content:  (desired/site.yaml:14:12)
              @@ -1,2 +1,2 @@
               hello
              -universe
              +world
            mode: "0664" -> "0644"  (desired/site.yaml:17:9)

        1 to update; 2 resources are as declared.

        """)
    #expect(try await command("apply", "-f", "desired", "--yes").status == 0)
    #expect(try await command("plan", "-f", "desired", "--detailed-exitcode").status == 0)
  }

  @Test("what was there before is adopted, which is said, and a copy of it is kept")
  func adoption() async throws {
    let command = try Command()
    try command.writeDesired()
    try command.folder.write("precious\n", to: "world/motd")
    let plan = try await command("plan", "-f", "desired")
    #expect(plan.out.contains("is not owned yet: it is adopted and changed, after a backup"))
    #expect(try await command("apply", "-f", "desired", "--yes").status == 0)
    let folders = try command.folder.names("tend/backups")
    let folder = try #require(folders.first)
    let copy = try command.folder.names("tend/backups/\(folder)")
    #expect(copy == ["1.data", "1.json"])
    let bytes = try await command.shell("cat tend/backups/\(folder)/1.data")
    #expect(bytes.out == "precious\n")
  }

  @Test("what is no longer declared in a directory is deleted; a single file deletes nothing")
  func pruning() async throws {
    let command = try Command()
    try command.folder.write(command.file("a"), to: "d/a.yaml")
    try command.folder.write(command.file("b"), to: "d/b.yaml")
    #expect(try await command("apply", "-f", "d", "--yes").status == 0)

    let single = try await command("plan", "-f", "d/a.yaml", "--detailed-exitcode")
    #expect(single.status == 0, "\(single.out)")
    let standard = try await command(
      "apply", "-f", "-", "--yes", input: command.file("c"))
    #expect(standard.status == 0, "\(standard.errors)")
    #expect(command.folder.exists("lone-c"))
    #expect(command.folder.exists("lone-b"))

    try command.folder.remove("d/b.yaml")
    try command.folder.write(command.file("c"), to: "d/c.yaml")
    let plan = try await command("plan", "-f", "d")
    #expect(plan.out.contains("- File/b  DIR/lone-b  (d/b.yaml:1:1)\n"))
    #expect(plan.out.contains("no longer declared: it is deleted"))
    #expect(try await command("apply", "-f", "d", "--yes").status == 0)
    #expect(!command.folder.exists("lone-b"))
    #expect(command.folder.exists("lone-c"))
  }

  @Test("a file moves from one unit to another by two applies, and is not touched")
  func move() async throws {
    let command = try Command()
    try command.folder.write(command.file("a"), to: "one/a.yaml")
    try command.folder.write(command.file("b"), to: "one/b.yaml")
    try command.folder.write(command.file("a"), to: "two/a.yaml")
    #expect(try await command("apply", "-f", "one", "--unit", "one", "--yes").status == 0)
    let before = try await command.shell("stat -c '%i %z' lone-a")
    let claim = try await command("apply", "-f", "two", "--unit", "two", "--yes")
    #expect(claim.status == 1)
    #expect(claim.errors.contains("which unit one declares at a.yaml:1:1"))
    #expect(claim.errors.contains("take it out of unit one, which then hands it over"))
    try command.folder.remove("one/a.yaml")
    #expect(try await command("apply", "-f", "one", "--unit", "one", "--yes").status == 0)
    let get = try await command("get", "-u", "one")
    #expect(get.out.contains("HandedOver: no longer declared here; handed over to unit two"))
    #expect(try await command("apply", "-f", "two", "--unit", "two", "--yes").status == 0)
    #expect(try await command.shell("stat -c '%i %z' lone-a").out == before.out)
    #expect(try await command("get", "-u", "two").out.contains("File/a"))
  }

  @Test("a directory that would delete all that another one declared is refused, naming both")
  func outside() async throws {
    let command = try Command()
    try command.folder.write(command.file("a"), to: "one/a.yaml")
    try command.folder.write(command.file("b"), to: "two/b.yaml")
    #expect(try await command("apply", "-f", "one", "--yes").status == 0)
    for verb in ["plan", "apply"] {
      let arguments = verb == "apply" ? "--yes" : "--detailed-exitcode"
      let output = try await command(verb, "-f", "two", arguments)
      #expect(output.status == 1, "\(output.out)")
      #expect(output.out.contains("Refused (OutsidePath)"))
      #expect(output.out.contains("DIR/one"))
      #expect(output.out.contains("DIR/two"))
    }
    #expect(command.folder.exists("lone-a"))
    #expect(!command.folder.exists("lone-b"))
    let named = try await command(
      "apply", "-f", "two", "--unit", "default", "--allow-deletions", "1", "--yes")
    #expect(named.status == 0, "\(named.out)")
    #expect(!command.folder.exists("lone-a"))
  }

  @Test("more deletions than the budget are refused, and pass with --allow-deletions")
  func budget() async throws {
    let command = try Command()
    for index in 0..<10 {
      try command.folder.write(command.file("f\(index)"), to: "d/f\(index).yaml")
    }
    #expect(try await command("apply", "-f", "d", "--yes").status == 0)
    for index in 0..<7 { try command.folder.remove("d/f\(index).yaml") }
    let refused = try await command("apply", "-f", "d", "--yes")
    #expect(refused.status == 1)
    #expect(refused.out.contains("Refused (DeletionBudget)"))
    #expect(command.folder.exists("lone-f0"))
    let allowed = try await command("apply", "-f", "d", "--yes", "--allow-deletions", "7")
    #expect(allowed.status == 0, "\(allowed.out)")
    #expect(!command.folder.exists("lone-f0"))
  }

  @Test("without a terminal apply needs --yes, and then nothing is done")
  func unconfirmed() async throws {
    let command = try Command()
    try command.writeDesired()
    let output = try await command("apply", "-f", "desired")
    #expect(output.status == 1)
    #expect(
      output.errors
        == "error: there is no terminal to ask on; give --yes to apply without being asked\n")
    #expect(!command.folder.exists("world"))
  }

  @Test("a content that only its owner may read is not shown")
  func secret() async throws {
    let command = try Command()
    try command.folder.write(
      """
      apiVersion: files/v1
      kind: File
      metadata: {name: token}
      spec: {path: \(command.folder.path("token")), content: "hunter2", mode: "0600"}
      """, to: "d/token.yaml")
    for arguments in [["plan"], ["plan", "-o", "json"], ["plan", "-o", "yaml"]] {
      let line = "\"$tend\" \(arguments.joined(separator: " ")) -f d"
      let output = try await command.shell(line)
      #expect(output.status == 0)
      #expect(!(output.out + output.errors).contains("hunter2"))
    }
    let plan = try await command("plan", "-f", "d")
    #expect(plan.out.contains("content: (sensitive"))
    _ = try await command("apply", "-f", "d", "--yes")
    let traces = try await command.shell("grep -r hunter2 tend; echo $?")
    #expect(traces.out == "1\n", "a secret never reaches the state directory")
  }

  @Test("JSON and YAML of a plan can be read by programs, and have no colour")
  func machines() async throws {
    let command = try Command()
    try command.writeDesired()
    let json = try await command.shell(
      "\"$tend\" plan -f desired -o json | python3 -c 'import json,sys; d=json.load(sys.stdin);"
        + " print(d[\"apiVersion\"], d[\"unit\"], d[\"summary\"][\"create\"],"
        + " d[\"changes\"][1][\"source\"][\"line\"])'")
    if json.errors.contains("python3: command not found") { return }
    #expect(json.out == "tend/v1 default 3 8\n")
    let yaml = try await command("plan", "-f", "desired", "-o", "yaml")
    #expect(yaml.out.hasPrefix("apiVersion: tend/v1\nunit: default\n"))
    let report = try await command("apply", "-f", "desired", "--yes", "-o", "json")
    #expect(report.out.hasPrefix("{\n  \"apiVersion\": \"tend/v1\",\n  \"done\": ["))
  }

  @Test("colour is only for terminals, and not with NO_COLOR")
  func colour() async throws {
    let command = try Command()
    try command.writeDesired()
    let piped = try await command("plan", "-f", "desired")
    #expect(!piped.out.contains("\u{1b}"))
    // script(1) gives the command a terminal.
    let terminal = "script -qec '\"$tend\" plan -f desired' /dev/null"
    let coloured = try await command.shell(terminal)
    if coloured.status == 127 { return }
    #expect(coloured.out.contains("\u{1b}[32m+\u{1b}[0m"))
    let plain = try await command.shell("NO_COLOR=1 " + terminal)
    #expect(!plain.out.contains("\u{1b}["))
    let dumb = try await command.shell("TERM=dumb " + terminal)
    #expect(!dumb.out.contains("\u{1b}["))
  }

  @Test("on a terminal apply asks, and only yes will do")
  func asking() async throws {
    let command = try Command()
    try command.writeDesired()
    let no = try await command.shell(
      "echo y | script -qec '\"$tend\" apply -f desired' /dev/null")
    if no.status == 127 { return }
    #expect(no.status == 1)
    #expect(no.out.contains("Nothing was changed."))
    #expect(!command.folder.exists("world"))
    let yes = try await command.shell(
      "echo yes | script -qec '\"$tend\" apply -f desired' /dev/null")
    #expect(yes.status == 0)
    #expect(command.folder.exists("world/motd"))
  }

  @Test("a reader that has gone, and a closed standard output, are no errors")
  func closed() async throws {
    let command = try Command()
    try command.writeDesired()
    let head = try await command.shell("\"$tend\" plan -f desired | head -1; echo ${PIPESTATUS[0]}")
    #expect(head.out.hasSuffix("\n0\n"))
    #expect(head.errors == "")
    let closed = try await command.shell("\"$tend\" apply -f desired --yes >&-; echo $?")
    #expect(closed.out == "0\n")
    #expect(closed.errors == "")
    #expect(command.folder.exists("world/motd"))
  }

  @Test("plan and get work without the right to write, and write nothing")
  func readOnly() async throws {
    let command = try Command()
    try command.writeDesired()
    _ = try await command("apply", "-f", "desired", "--yes")
    let before = try await command.shell("find tend -printf '%p %s %T@\\n' | sort")
    #expect(try await command("plan", "-f", "desired").status == 0)
    #expect(try await command("get").status == 0)
    let after = try await command.shell("find tend -printf '%p %s %T@\\n' | sort")
    #expect(before.out == after.out)
  }

  @Test("the unit is that of --unit, else of tend.yaml, else default")
  func units() async throws {
    let command = try Command()
    try command.folder.write(command.file("a"), to: "d/a.yaml")
    #expect(try await command("plan", "-f", "d", "-o", "yaml").out.contains("\nunit: default\n"))
    try command.folder.write("name: web\n", to: "d/tend.yaml")
    #expect(try await command("plan", "-f", "d", "-o", "yaml").out.contains("\nunit: web\n"))
    let named = try await command("plan", "-f", "d", "-o", "yaml", "--unit", "mine")
    #expect(named.out.contains("\nunit: mine\n"))
  }
}
