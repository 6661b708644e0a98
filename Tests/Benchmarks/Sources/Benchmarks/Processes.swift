import Foundation

/// Processes that say when they began, declared in a manifest and kept by an agent.
///
/// The agent and the holder are those of the `tend` command, so that nothing of the benchmark is
/// measured with them.
final class Processes: Sendable {
  let count: Int
  private let folder: String
  private let restart: String

  /// What is supervised, and what kills and waits; built beside the benchmarks.
  static func program() throws -> String {
    try URL(fileURLWithPath: Command.path()).deletingLastPathComponent().path() + "supervised"
  }

  init(_ count: Int, restart: String = "{stableAfter: 1s}") throws {
    self.count = max(1, count)
    self.restart = restart
    folder = FileManager.default.temporaryDirectory.path() + "/processes-\(getpid())"
    try FileManager.default.createDirectory(
      atPath: folder + "/desired", withIntermediateDirectories: true)
    try manifest().write(
      toFile: folder + "/desired/processes.yaml", atomically: true, encoding: .utf8)
  }

  private func manifest() throws -> String {
    let program = try Self.program()
    return (0..<count).map { number in
      """
      apiVersion: processes/v1
      kind: Process
      metadata: {name: p\(number)}
      spec:
        command: [\(program), stamp, \(times), "\(number)"]
        restart: \(restart)
        stop: [{signal: KILL}]
      ---

      """
    }.joined()
  }

  private var times: String { folder + "/times" }

  /// Has the program that measures look at all of them.
  func measure(_ verb: String, _ more: [String] = []) throws -> [String: Double] {
    try Program.figures(Self.program(), [verb, times, "\(count)"] + more)
  }

  /// The ids of all that began last.
  func ids() throws -> [Int32] {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: times)))
    return (0..<count).map { index in
      bytes.dropFirst(16 * index + 8).prefix(4).reversed().reduce(0) { $0 << 8 | Int32($1) }
    }
  }

  // MARK: The agent

  /// Has an agent converge and exit: what that took.
  func converge() throws -> Command.Usage {
    try Command.tend(arguments(["--once"]))
  }

  private func arguments(_ more: [String]) -> [String] {
    [
      "agent", "-f", folder + "/desired", "--state-dir", folder + "/state", "--log-level",
      "critical",
    ] + more
  }

  /// Keeps an agent while a body looks.
  func kept<Answer>(
    interval: String = "5m", _ body: (_ agent: Int32) async throws -> Answer
  ) async throws -> Answer {
    let agent = try Command.begin(Command.path(), arguments(["--interval", interval]))
    defer {
      kill(agent, SIGKILL)
      waitpid(agent, nil, 0)
    }
    _ = try measure("await")
    return try await body(agent)
  }

  /// Waits until all is as declared.
  func settle() async throws {
    for _ in 0..<600 {
      if (try? Command.tend(["status", "--state-dir", folder + "/state"])) != nil { return }
      try await Task.sleep(for: .milliseconds(200))
    }
    throw Program.Failure(description: "the agent does not converge")
  }

  /// Ends them, the holder and the agent, and leaves nothing.
  func remove() {
    _ = try? Command.tend(arguments(["--once", "--stop-on-exit"]))
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// The process that keeps them: what all of them have as their parent.
  func holder() throws -> Int32 {
    let first = try ids().first ?? 0
    let fields = try String(contentsOfFile: "/proc/\(first)/stat", encoding: .utf8)
      .split(separator: " ")
    guard fields.count > 3, let parent = Int32(fields[3]) else {
      throw Program.Failure(description: "process \(first) has no parent")
    }
    return parent
  }

  /// CPU of all threads, in nanoseconds.
  static func cpu(of process: Int32) throws -> Double {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task").reduce(0) {
      let path = "/proc/\(process)/task/\($1)/schedstat"
      let words = (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: " ")
      return $0 + (words?.first.flatMap { Double($0) } ?? 0)
    }
  }

  /// Bytes; of shared pages its part.
  static func memory(of process: Int32) throws -> Double {
    let text = try String(contentsOfFile: "/proc/\(process)/smaps_rollup", encoding: .utf8)
    let line = text.split(separator: "\n").first { $0.hasPrefix("Pss:") }
    let kibibytes = line?.split(separator: " ").dropFirst().first.flatMap { Double($0) }
    return (kibibytes ?? 0) * 1024
  }
}
