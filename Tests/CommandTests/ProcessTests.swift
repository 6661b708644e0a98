import Foundation
import TestSupport
import Testing

@Suite("Processes by command")
struct ProcessTests {
  private static let worker = """
    apiVersion: files/v1
    kind: File
    metadata: {name: conf}
    spec: {path: WORLD/conf, content: "one\\n"}
    ---
    apiVersion: processes/v1
    kind: Process
    metadata: {name: worker}
    spec:
      command: [/bin/sh, -c, "cat conf; exec sleep 1000"]
      directory: WORLD
      restartOn: [File/conf]
      readiness: {log: {pattern: "*o*"}}
      stop: [{signal: KILL}]

    """

  @Test("apply without an agent is refused with the remedy, and changes nothing")
  func withoutAgent() async throws {
    let command = try Command()
    try command.folder.makeFolder("world")
    try command.folder.write(
      Self.worker.replacing("WORLD", with: command.world), to: "desired/worker.yaml")
    let output = try await command.shell("$tend apply -f desired --yes")
    #expect(output.status == 1)
    #expect(output.errors.contains("Process/worker needs an agent"), "\(output.errors)")
    #expect(output.errors.contains("tend agent"))
    #expect(!command.folder.exists("world/conf"))
  }

  @Test("an agent keeps it, describes it, restarts it for its file, and leaves nothing behind")
  func kept() async throws {
    let command = try Command()
    try command.folder.makeFolder("world")
    try command.folder.write(
      Self.worker.replacing("WORLD", with: command.world), to: "desired/worker.yaml")
    let once = try await command.shell("$tend agent -f desired --once")
    #expect(once.status == 0, "\(once.out)\(once.errors)")
    let described = try await command.shell("$tend describe Process/worker")
    #expect(described.out.contains("ready"), "\(described.out)\(described.errors)")
    let first = try #require(Self.pid(described.out))
    #expect(Self.works(first, in: command.world), "it outlives the agent")

    let again = try await command.shell("$tend agent -f desired --once")
    #expect(again.status == 0, "\(again.out)\(again.errors)")
    #expect(Self.pid(try await command.shell("$tend describe Process/worker").out) == first)

    try command.folder.write(
      Self.worker.replacing("WORLD", with: command.world).replacing("one", with: "two"),
      to: "desired/worker.yaml")
    let plan = try await command.shell("$tend plan -f desired")
    #expect(plan.out.contains("restartOn"), "\(plan.out)\(plan.errors)")
    let changed = try await command.shell("$tend agent -f desired --once --stop-on-exit")
    #expect(changed.status == 0, "\(changed.out)\(changed.errors)")
    let logs = try await command.shell("$tend logs Process/worker")
    #expect(logs.out.contains(" one\n") && logs.out.contains(" two\n"), "\(logs.out)\(logs.errors)")
    #expect(!Self.works(first, in: command.world))
    let processes = try await command.shell("$tend describe Process/worker")
    #expect(Self.pid(processes.out) == nil, "\(processes.out)")
  }

  /// Whether this id is that of a process which works there, and of no stranger that got it since.
  static func works(_ process: Int32, in folder: String) -> Bool {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/cwd")) == folder
  }

  private static func pid(_ text: String) -> Int32? {
    text.split(separator: "\n").first { $0.hasPrefix("  pid ") }
      .flatMap { $0.split(separator: " ").last }.flatMap { Int32($0) }
  }
}
