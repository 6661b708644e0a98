import TestSupport
import Testing

@Suite("tend validate")
struct ValidateTests {
  @Test("what is right is counted")
  func valid() async throws {
    let command = try Command()
    try command.writeDesired()
    let output = try await command("validate", "-f", "desired")
    #expect(output.status == 0)
    #expect(output.out == "Valid: 3 resources.\n")
    #expect(output.errors == "")
  }

  @Test("all mistakes of all files are reported in one run, each where an editor can jump to")
  func mistakes() async throws {
    let command = try Command()
    try command.folder.write(
      """
      apiVersion: files/v1
      kind: File
      metadata: {name: a}
      spec:
        path: /a
        mode: 0644
        contents: x
        owner: "a:b"
      ---
      apiVersion: files/v1
      kind: File
      metadata: {name: relative}
      spec:
        path: relative/../other
        content: 5
      """, to: "d/a.yaml")
    try command.folder.write("kind: [", to: "d/b.yaml")
    try command.folder.write(
      """
      apiVersion: files/v1
      kind: Fil
      metadata: {name: c}
      spec: {}
      """, to: "d/sub/c.yaml")
    let output = try await command("validate", "-f", "d")
    #expect(output.status == 1)
    #expect(output.out == "")
    let lines = output.errors.split(separator: "\n")
    for place in [
      "d/a.yaml:6:9", "d/a.yaml:7:3", "d/a.yaml:8:10", "d/a.yaml:14:9", "d/a.yaml:15:12",
      "d/b.yaml:", "d/sub/c.yaml:2:7",
    ] {
      #expect(lines.count { $0.hasPrefix(place) && $0.contains(": error: ") } == 1, "\(place)")
    }
  }

  @Test("a single file, a file of another folder, and standard input have places of their own")
  func places() async throws {
    let command = try Command()
    try command.folder.write("a: 1\n", to: "x/y.yaml")
    for path in ["x/y.yaml", "./x/y.yaml", command.folder.path("x/y.yaml")] {
      let output = try await command("validate", "-f", path)
      #expect(output.status == 1)
      let start = path.replacing(command.folder.path, with: "DIR")
      #expect(output.errors.hasPrefix("\(start):1:"), "\(output.errors)")
    }
    let output = try await command("validate", "-f", "-", input: "a: 1\n")
    #expect(output.status == 1)
    #expect(output.errors.hasPrefix("-:1:"), "\(output.errors)")
  }

  @Test("a path that is not there is an error, not an empty answer")
  func missing() async throws {
    let output = try await Command()("validate", "-f", "nowhere")
    #expect(output.status == 1)
    #expect(output.errors.contains("nowhere"))
  }

  @Test("the quickstart is valid")
  func quickstart() async throws {
    let root = Tend.path.split(separator: "/.build").first.map(String.init) ?? ""
    let output = try await Command()("validate", "-f", "\(root)/Examples/quickstart")
    #expect(output.status == 0, "\(output.errors)")
  }
}
