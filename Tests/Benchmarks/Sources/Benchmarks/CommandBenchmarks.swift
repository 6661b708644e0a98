import Foundation

/// What the command costs as a process.
enum CommandBenchmarks {
  static let all = [create, createAgent, plan, planAgent, repairAgent, help]

  private static func agent(_ mode: String) -> Benchmark.Peer {
    .init(source: "files.c", arguments: [mode], needs: "cf-agent")
  }

  static let create = Benchmark(
    name: "F1-apply", what: "tend apply of 10,000 new files, durable",
    peer: .init(source: "files.c", arguments: ["write"]),
    figures: [
      .init(name: "wall_ms", unit: .milliseconds, ratioAim: 2),
      .init(name: "cpu_ms", unit: .milliseconds),
    ], run: { try created($0) })

  static let createAgent = Benchmark(
    name: "F1-apply-cfengine", what: "the same beside cf-agent, which syncs nothing",
    peer: agent("cf-create"),
    figures: [
      .init(name: "wall_ms", unit: .milliseconds, ratioAim: 0.5),
      .init(name: "cpu_ms", unit: .milliseconds),
    ], run: { try created($0) })

  static let plan = Benchmark(
    name: "F2-plan", what: "tend plan of 10,000 unchanged files",
    peer: .init(source: "files.c", arguments: ["stat"]),
    figures: [
      .init(name: "cpu_ms", unit: .milliseconds), .init(name: "wall_ms", unit: .milliseconds),
    ], run: { try planned($0) })

  static let planAgent = Benchmark(
    name: "F2-plan-cfengine", what: "the same beside cf-agent, each file declared",
    peer: agent("cf-plan"),
    figures: [
      .init(name: "cpu_ms", unit: .milliseconds, ratioAim: 0.1),
      .init(name: "wall_ms", unit: .milliseconds),
    ], run: { try planned($0) })

  static let repairAgent = Benchmark(
    name: "F3-repair-cfengine", what: "tend apply after 1 % changed, 1 % deleted, 1 % wrong mode",
    peer: agent("cf-repair"),
    figures: [
      .init(name: "cpu_ms", unit: .milliseconds, ratioAim: 0.1),
      .init(name: "wall_ms", unit: .milliseconds),
    ]
  ) { percent in
    let files = try Files(percent)
    try apply(files)
    try settle(files)
    try files.drift()
    let usage = try apply(files)
    try files.check()
    return usage.figures
  }

  static let help = Benchmark(
    name: "command", what: "tend --help, and the executable as it is installed",
    figures: [
      .init(name: "help_ms", unit: .milliseconds, aim: 40),
      .init(name: "size", unit: .bytes, aim: 90 * 1_048_576),
    ]
  ) { _ in
    let walls = try (0..<20).map { _ in try Command.tend(["--help"]).wall / 1e6 }
    var figures = ["help_ms": Measure.median(walls)]
    var status = stat()
    if stat(try Command.installed(), &status) == 0 { figures["size"] = Double(status.st_size) }
    return figures
  }

  private static func created(_ percent: Double) throws -> [String: Double] {
    let files = try Files(percent)
    let usage = try apply(files)
    try files.check()
    return usage.figures
  }

  private static func planned(_ percent: Double) throws -> [String: Double] {
    let files = try Files(percent)
    try apply(files)
    try settle(files)
    let arguments = ["plan", "-f", files.manifests, "--state-dir", files.state]
    return try Command.tend(arguments + ["--detailed-exitcode"]).figures
  }

  @discardableResult
  private static func apply(_ files: Files) throws -> Command.Usage {
    try Command.tend(["apply", "-f", files.manifests, "--state-dir", files.state, "--yes"])
  }

  /// What was written within two seconds of a look at it is read again; a second apply after that
  /// time remembers what lasts.
  private static func settle(_ files: Files) throws {
    Measure.sleep(2.5)
    try apply(files)
  }
}
