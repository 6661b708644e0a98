import Foundation
import Logging
import Tend
import TendAgent
import TendEngine
import TendManifest

/// What 100,000 files cost: to take in, to start again with, to keep, and beside 10,000.
enum ScaleBenchmarks {
  static let all = [growth, commitGrowth, convergence, restart, rest]

  /// What one unit may declare, less its directories.
  private static func many(_ percent: Double) -> Int {
    max(10 * Files.perDirectory, Int(percent * 990))
  }

  private static func files(_ percent: Double) throws -> Files {
    try Files(count: many(percent), lines: 4)
  }

  // MARK: Growth

  static let growth = Benchmark(
    name: "growth", what: "CPU of 100,000 files for that of 10,000",
    figures: [
      .init(name: "parse", unit: .ratio, aim: 11), .init(name: "plan", unit: .ratio, aim: 11),
      .init(name: "resync", unit: .ratio, aim: 11),
    ]
  ) { percent in
    let large = try Files(count: many(percent), lines: 4)
    let small = try Files(count: many(percent) / 10, lines: 4, named: "small")
    var ratios = ["parse": try parse(large) / parse(small)]
    for files in [large, small] { try apply(files) }
    Measure.sleep(2.5)
    for files in [large, small] { try apply(files) }
    ratios["plan"] = try plan(large) / plan(small)
    let looks =
      try await FileBenchmarks.looking(at: large, every: .seconds(1))
      / FileBenchmarks.looking(at: small, every: .seconds(1))
    ratios["resync"] = looks * Double(large.count) / Double(small.count)
    return ratios
  }

  private static func parse(_ files: Files) throws -> Double {
    let names = try FileManager.default.contentsOfDirectory(atPath: files.manifests).sorted()
    let manifests = names.map { name in
      let data = FileManager.default.contents(atPath: "\(files.manifests)/\(name)") ?? Data()
      return ManifestFile(path: name, digest: .gitBlob(name), bytes: Array(data))
    }
    // The first finds the heap cold, and the next ones not.
    return try Measure.median(
      (0..<3).map { _ in
        let begin = Measure.cpu()
        let reading = ManifestReader().read(manifests)
        guard reading.declarations.count == files.count + files.directories else {
          throw Program.Failure(description: "\(reading.diagnostics)")
        }
        return Measure.cpu() - begin
      })
  }

  private static func apply(_ files: Files) throws {
    try Command.tend(["apply"] + arguments(files) + ["--yes"])
  }

  private static func plan(_ files: Files) throws -> Double {
    try Measure.median(
      (0..<3).map { _ in
        try Command.tend(["plan"] + arguments(files) + ["--detailed-exitcode"]).cpu
      })
  }

  /// The unit is the one that `looking` keeps.
  private static func arguments(_ files: Files) -> [String] {
    ["-f", files.manifests, "--state-dir", files.state, "--unit", "files"]
  }

  static let commitGrowth = Benchmark(
    name: "growth-commit", what: "the commit of one file among 100,000 for that among 10,000",
    figures: [
      .init(name: "ratio", unit: .ratio, aim: 1.5),
      .init(name: "small_ms", unit: .milliseconds), .init(name: "large_ms", unit: .milliseconds),
    ]
  ) { percent in
    let small = try await commit(
      Repository(Files(count: many(percent) / 10, lines: 4, named: "small")))
    let large = try await commit(Repository(Files(count: many(percent), lines: 4)))
    return ["ratio": large / small, "small_ms": small, "large_ms": large]
  }

  private static func commit(_ repository: Repository) async throws -> Double {
    try await FileBenchmarks.following(repository) { engine in
      try await repository.follow(engine)
    }["over_ms"] ?? .nan
  }

  // MARK: Taking in

  static let convergence = Benchmark(
    name: "converge", what: "first convergence of 100,000 files from a repository, durable",
    peer: .init(source: "files.c", arguments: ["write-many"]),
    figures: [
      .init(name: "wall_ms", unit: .milliseconds, ratioAim: 2),
      .init(name: "cpu_ms", unit: .milliseconds), .init(name: "peak", unit: .bytes),
    ]
  ) { percent in
    let repository = try Repository(files(percent))
    let begin = (wall: Measure.now(), cpu: Measure.cpu())
    return try await FileBenchmarks.following(repository) { engine in
      try await repository.settled(engine)
      return [
        "wall_ms": Double(Measure.now() - begin.wall) / 1e6,
        "cpu_ms": (Measure.cpu() - begin.cpu) / 1e6, "peak": Measure.peak(),
      ]
    }
  }

  static let restart = Benchmark(
    name: "restart", what: "from the start of an agent with 100,000 files to Ready",
    figures: [
      .init(name: "wall_ms", unit: .milliseconds, aim: 3000),
      .init(name: "cpu_ms", unit: .milliseconds),
    ]
  ) { percent in
    let repository = try Repository(files(percent))
    // Twice, since what was just written is read again.
    for _ in 0..<2 {
      _ = try await FileBenchmarks.following(repository) { engine in
        try await repository.settled(engine)
        try await Task.sleep(for: .seconds(3))
        return [:]
      }
    }
    let begin = (wall: Measure.now(), cpu: Measure.cpu())
    return try await FileBenchmarks.following(repository) { engine in
      try await repository.settled(engine)
      return [
        "wall_ms": Double(Measure.now() - begin.wall) / 1e6,
        "cpu_ms": (Measure.cpu() - begin.cpu) / 1e6,
      ]
    }
  }

  // MARK: Rest

  static let rest = Benchmark(
    name: "rest", what: "100,000 files at rest over two intervals of five minutes",
    figures: [
      .init(name: "cpu_ms", unit: .milliseconds, aim: 3),
      .init(name: "resident", unit: .bytes, aim: 150 * 1_048_576),
    ]
  ) { percent in
    AgentProcess.shareHeap()
    let repository = try Repository(files(percent))
    let interval = max(2, 3 * percent)
    return try await FileBenchmarks.following(
      repository, interval: .milliseconds(Int64(interval * 1000))
    ) { engine in
      try await repository.settled(engine)
      // The second look at a file is the first that need not read it.
      try await Task.sleep(for: .seconds(interval * 1.2))
      let begin = (wall: Measure.now(), cpu: Measure.cpu())
      try await Task.sleep(for: .seconds(2 * interval))
      let seconds = Double(Measure.now() - begin.wall) / 1e9
      return [
        "cpu_ms": (Measure.cpu() - begin.cpu) / 1e6 / seconds, "resident": Measure.resident(),
      ]
    }
  }
}
