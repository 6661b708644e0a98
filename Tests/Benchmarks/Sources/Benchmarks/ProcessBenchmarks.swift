import Foundation

/// What it costs to keep processes running.
enum ProcessBenchmarks {
  static let all = [kill, killRunit, start, rest(100), rest(1000), adopt]

  private static func peer(_ arguments: String..., needs program: String? = nil) -> Benchmark.Peer {
    .init(source: "processes.c", arguments: arguments, needs: program)
  }

  static let kill = Benchmark(
    name: "P-kill", what: "SIGKILL of one of 20 to the first instruction of the next, 200 times",
    peer: peer("kill"),
    figures: [
      .init(name: "p50_us", unit: .microseconds, ratioAim: 2),
      .init(name: "p99_us", unit: .microseconds), .init(name: "max_us", unit: .microseconds),
    ], run: killed)

  static let killRunit = Benchmark(
    name: "P-kill-runit", what: "the same beside runit",
    peer: peer("runit-kill", needs: "runsvdir"),
    figures: [
      .init(name: "p50_us", unit: .microseconds, ratioAim: 1),
      .init(name: "p99_us", unit: .microseconds, ratioAim: 1),
    ], run: killed)

  @Sendable
  private static func killed(_ percent: Double) async throws -> [String: Double] {
    let work = try Processes(20)
    defer { work.remove() }
    return try await work.kept { _ in
      try await work.settle()
      return try work.measure("kill", ["\(percent < 50 ? 5 : Int(2 * percent))"])
    }
  }

  static let start = Benchmark(
    name: "P-start", what: "tend agent --once starts 1,000, to the first instruction of the last",
    peer: peer("start"), figures: [.init(name: "wall_ms", unit: .milliseconds, ratioAim: 3)]
  ) { percent in
    let work = try Processes(Int(10 * percent))
    defer { work.remove() }
    // What was written just now is read only once it has rested.
    try await Task.sleep(for: .milliseconds(1200))
    let begin = Double(Measure.now())
    _ = try work.converge()
    let last = try work.measure("await")["last"] ?? 0
    return ["wall_ms": (last - begin) / 1e6]
  }

  /// Two resync intervals, each with a look at every process.
  private static func rest(_ count: Int) -> Benchmark {
    Benchmark(
      name: "P-rest-\(count)", what: "\(count) at rest through two resync intervals, memory",
      peer: peer("runit-rest", "\(count)", needs: "runsvdir"),
      figures: [
        .init(name: "look_us", unit: .microseconds, aimBeyond: 10),
        // The agent itself, which is there once, is what most of it is where there are few.
        .init(
          name: "memory", unit: .bytes, aim: 100 * 1_048_576, ratioAim: count < 1000 ? nil : 1),
      ]
    ) { percent in
      let work = try Processes(Int(Double(count) * percent / 100))
      defer { work.remove() }
      let seconds = percent < 50 ? 1 : 15
      return try await work.kept(interval: "\(seconds)s") { agent in
        try await work.settle()
        let holder = try work.holder()
        // What was only needed for the start is given back.
        try await Task.sleep(for: .seconds(seconds))
        let before = try Processes.cpu(of: agent) + Processes.cpu(of: holder)
        try await Task.sleep(for: .seconds(2 * seconds))
        let after = try Processes.cpu(of: agent) + Processes.cpu(of: holder)
        return [
          "look_us": (after - before) / 1e3 / 2 / Double(work.count),
          "memory": try Processes.memory(of: agent) + Processes.memory(of: holder),
        ]
      }
    }
  }

  static let adopt = Benchmark(
    name: "P-adopt", what: "tend agent --once finds 1,000 that a killed agent has left",
    figures: [
      .init(name: "wall_ms", unit: .milliseconds, aim: 1000),
      .init(name: "restarted", unit: .count, aim: 0),
    ]
  ) { percent in
    let work = try Processes(Int(10 * percent))
    defer { work.remove() }
    try await work.kept { _ in try await work.settle() }
    let before = try work.ids()
    let usage = try work.converge()
    let restarted = zip(before, try work.ids()).count { $0 != $1 }
    return ["wall_ms": usage.wall / 1e6, "restarted": Double(restarted)]
  }
}
