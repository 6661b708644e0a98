import Foundation
import Logging
import Tend
import TendEngine
import TendFiles
import TendGit
import TendSQLite

/// What files cost inside an agent: looking at them again, and following a repository.
enum FileBenchmarks {
  static let all = [resync, commit]

  static let resync = Benchmark(
    name: "F2-resync", what: "resync of 10,000 unchanged files inside an agent",
    peer: .init(source: "files.c", arguments: ["stat"]),
    figures: [
      .init(name: "cpu_ns", unit: .nanoseconds, ratioAim: 2.5),
      .init(name: "spread_cpu_ns", unit: .nanoseconds),
    ]
  ) { percent in
    let files = try Files(percent)
    let spread = try await looking(at: files, every: .seconds(1))
    return [
      "cpu_ns": try await looking(at: files, every: .milliseconds(50)), "spread_cpu_ns": spread,
    ]
  }

  /// CPU for each look at a file, over five seconds.
  static func looking(at files: Files, every interval: Duration) async throws -> Double {
    let store = try SQLiteStore(at: files.state)
    let engine = try engine(store)
    var unit = Unit("files")
    unit.policy.interval = interval
    let source = DirectorySource(DirectoryConfiguration(path: files.manifests))
    guard case .changed(let snapshot) = try await source.refresh(after: nil) else {
      throw Program.Failure(description: "the manifests can't be read")
    }
    let used = try await engine.running { [unit] engine in
      let plan = try await engine.prepare(snapshot, for: unit)
      let report = try await engine.apply(plan, by: "benchmark")
      guard report.converged else {
        throw Program.Failure(description: "\(report.problems.count) did not converge")
      }
      // A file that was just written is read again until its times tell of every later change.
      try await Task.sleep(for: .seconds(6))
      let (begin, first) = (Measure.cpu(), runs(engine))
      try await Task.sleep(for: .seconds(5))
      return (Measure.cpu() - begin) / Double(runs(engine) - first)
    }
    await store.close()
    return used
  }

  private static func engine(_ store: SQLiteStore) throws -> Engine {
    let silent = Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() }
    return try Engine(store: store, logger: silent, providers: [FileProvider()])
  }

  private static func runs(_ engine: Engine) -> UInt64 {
    engine.schedulerMetrics.lanes.reduce(0) { $0 + $1.counts.runs }
  }

  static let commit = Benchmark(
    name: "commit", what: "one of 10,000 documents changed by a commit, refresh to disk",
    figures: [
      .init(name: "fetch_ms", unit: .milliseconds), .init(name: "total_ms", unit: .milliseconds),
      .init(name: "over_ms", unit: .milliseconds, aim: 60),
    ]
  ) { percent in
    let repository = try Repository(Files(percent))
    return try await following(repository) { try await repository.follow($0) }
  }

  /// Runs an engine that follows a repository while the body runs, on the state that is there.
  static func following(
    _ repository: Repository, interval: Duration = .seconds(300),
    _ body: @escaping @Sendable (Engine) async throws -> [String: Double]
  ) async throws -> [String: Double] {
    let store = try SQLiteStore(at: repository.files.state)
    let engine = try engine(store)
    var unit = Unit("files")
    unit.policy.refreshInterval = .seconds(3600)
    unit.policy.interval = interval
    try engine.follow(repository.source(), as: unit)
    let figures = try await withThrowingTaskGroup(of: [String: Double]?.self) { group in
      group.addTask {
        try await engine.run()
        return nil
      }
      group.addTask { try await body(engine) }
      let figures = try await group.next() ?? nil
      group.cancelAll()
      while let rest = await group.nextResult() { _ = try? rest.get() }
      return figures ?? [:]
    }
    await store.close()
    return figures
  }
}
