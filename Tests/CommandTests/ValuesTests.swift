import TestSupport
import Testing

@Suite("Forty hosts from one repository")
struct ValuesTests {
  private static let hosts = (1...40).map { "web\($0)" }

  private func prepare() throws -> Command {
    let command = try Command()
    try command.folder.write(
      "name: site\nvalues: [common.yaml, \"hosts/${host.name}.yaml\"]\n", to: "desired/tend.yaml")
    try command.folder.write("greeting: hello\nport: 80\n", to: "desired/common.yaml")
    for (index, host) in Self.hosts.enumerated() {
      try command.folder.write(
        "world: \(command.folder.path(host))\nport: \(8000 + index)\n",
        to: "desired/hosts/\(host).yaml")
    }
    try command.folder.write(
      """
      apiVersion: files/v1
      kind: Directory
      metadata: {name: world}
      spec: {path: "${world}"}
      ---
      apiVersion: files/v1
      kind: File
      metadata: {name: port}
      spec:
        path: ${world}/port
        content: "${greeting} from ${host.name} in ${unit.name} at ${port}, not $${port}\\n"
        expand: true
      ---
      apiVersion: files/v1
      kind: File
      metadata: {name: script}
      spec:
        path: ${world}/script
        content: "echo ${HOME}\\n"

      """, to: "desired/site.yaml")
    return command
  }

  @Test("they are all checked at once, without naming one")
  func validate() async throws {
    let command = try prepare()
    let output = try await command("validate", "-f", "desired")
    #expect(output.out == "Valid: 3 resources on each of 40 hosts.\n", "\(output.errors)")
    let one = try await command("validate", "-f", "desired", "--host", "web7")
    #expect(one.out == "Valid: 3 resources.\n", "\(one.errors)")
  }

  @Test("what is wrong on some of them names them; what is wrong on all is said once")
  func mistakes() async throws {
    let command = try prepare()
    for host in ["web3", "web9"] {
      try command.folder.write("prot: 1\n", to: "desired/hosts/\(host).yaml")
    }
    try command.folder.write("world: relative\n", to: "desired/hosts/web5.yaml")
    try command.folder.write("kind: [\n", to: "desired/broken.yaml")
    let output = try await command("validate", "-f", "desired")
    #expect(output.status == 1)
    let lines = output.errors.split(separator: "\n").map(String.init)
    #expect(lines.count { $0.contains("broken.yaml") && $0.contains("error:") } == 1)
    #expect(
      lines.contains(
        "desired/site.yaml:4:14: error: path asks for the value world, which nobody gives, on "
          + "web3, web9; add it to a file of values or to the unit's values, or write $${world} "
          + "for the text"), "\(output.errors)")
    #expect(
      lines.contains(
        "desired/site.yaml:4:14: error: path is not an absolute path, on web5; begin it with a "
          + "slash"), "\(output.errors)")
    let unknown = try await command("validate", "-f", "desired", "--host", "web99")
    #expect(unknown.status == 1 && unknown.errors.contains("asks for the value world"))
  }

  @Test("the plan of one of them is the plan for that host, and a change of its values a revision")
  func plan() async throws {
    let command = try prepare()
    let plan = try await command("plan", "-f", "desired", "--host", "web7")
    #expect(
      plan.out == """
        + Directory/world  DIR/web7  (desired/site.yaml:1:1)
            mode: "0755"  (desired/site.yaml:4:1)

        + File/port  DIR/web7/port  (desired/site.yaml:6:1)
            content:  (desired/site.yaml:11:12)
              +hello from web7 in site at 8006, not ${port}
            mode: "0644"  (desired/site.yaml:9:1)

        + File/script  DIR/web7/script  (desired/site.yaml:14:1)
            content:  (desired/site.yaml:19:12)
              +echo ${HOME}
            mode: "0644"  (desired/site.yaml:17:1)

        3 to create.

        """, "\(plan.out)\(plan.errors)")
    let apply = try await command("apply", "-f", "desired", "--host", "web7", "--yes")
    #expect(apply.status == 0, "\(apply.errors)")
    #expect(
      try command.folder.text("web7/port") == "hello from web7 in site at 8006, not ${port}\n")
    #expect(try command.folder.text("web7/script") == "echo ${HOME}\n")
    #expect(try await command("diff", "--detailed-exitcode").status == 0)

    try command.folder.write("port: 1\n", to: "desired/hosts/web8.yaml")
    let same = try await command("plan", "-f", "desired", "--host", "web7", "--detailed-exitcode")
    #expect(same.status == 0, "\(same.out)")
    try command.folder.write(
      "world: \(command.folder.path("web7"))\nport: 9\n", to: "desired/hosts/web7.yaml")
    let changed = try await command("plan", "-f", "desired", "--host", "web7")
    #expect(changed.out.contains("~ File/port"))
    #expect(changed.out.hasSuffix("1 to update; 2 resources are as declared.\n"), "\(changed.out)")
  }

  @Test("an agent takes its host and its values from its configuration, and changes with it")
  func agent() async throws {
    let command = try prepare()
    @Sendable func write(_ greeting: String, host: String = "web2") throws {
      try command.folder.write(
        """
        host: \(host)
        units:
          - name: site
            source: {directory: \(command.folder.path("desired"))}
            values: {greeting: \(greeting)}
            refresh: 1s

        """, to: "agent.yaml")
    }
    try write("one")
    _ = try await command.configured { _ in
      try await eventually("the first values are there") {
        (try? command.folder.text("web2/port")) == "one from web2 in site at 8001, not ${port}\n"
      }
      try await eventually("it is Ready") { try await command("status").status == 0 }
      try write("two")
      try await eventually("the second values are there") {
        (try? command.folder.text("web2/port")) == "two from web2 in site at 8001, not ${port}\n"
      }
      try write("{nothing: }")
      try await eventually("the broken file is seen") { try await command("status").status == 1 }
      let status = try await command("status")
      #expect(status.errors.contains("agent.yaml:5:"), "\(status.errors)")
    }
    let diff = try await command("diff", "--detailed-exitcode")
    #expect(diff.status == 0, "\(diff.out)\(diff.errors)")
  }

  @Test("a root puts all paths below it, for plan, apply and diff")
  func root() async throws {
    let command = try Command()
    let image = command.folder.path("image")
    try command.folder.makeFolder("image")
    try command.folder.write(
      """
      apiVersion: files/v1
      kind: File
      metadata: {name: a}
      spec: {path: /a, content: "${unit.root}", expand: true}

      """, to: "desired/a.yaml")
    let apply = try await command("apply", "-f", "desired", "--root", "image", "--yes")
    #expect(apply.status == 0, "\(apply.errors)")
    #expect(try command.folder.text("image/a") == image)
    #expect(try await command("diff", "--detailed-exitcode").status == 0)
    try command.folder.write("", to: "desired/a.yaml")
    let prune = try await command("apply", "-f", "desired", "--root", "image", "--yes")
    #expect(prune.status == 0, "\(prune.errors)")
    #expect(!command.folder.exists("image/a"))
    let restore = try await command("restore", "./image/../image/a", "--yes")
    #expect(restore.status == 0, "\(restore.errors)")
    #expect(try command.folder.text("image/a") == image)
    try command.folder.write(
      """
      apiVersion: processes/v1
      kind: Process
      metadata: {name: p}
      spec: {command: [/bin/sleep, "1"]}

      """, to: "desired/p.yaml")
    let process = try await command("plan", "-f", "desired", "--root", "image")
    #expect(process.status == 1)
    #expect(
      process.errors == "desired/p.yaml:1:1: error: Process/p can't lie below DIR/image, the root "
        + "of unit default; declare it in a unit without a root\n")
  }
}
