import Foundation
import Logging
import Tend
import TendAgent
import TendEngine
import TendFiles
import TendGit
import TendSQLite

/// How long a change by others is seen.
enum DriftBenchmark {
  static let all = [drift]

  private static let drifts = 200

  static let drift = Benchmark(
    name: "drift", what: "from a write into a file to its repair, durable, 200 times in an agent",
    peer: .init(source: "drift.c", arguments: ["fsync"]),
    figures: [
      .init(name: "p50_us", unit: .microseconds, ratioAim: 1.5),
      .init(name: "p99_us", unit: .microseconds, ratioAim: 2),
      .init(name: "max_us", unit: .microseconds),
      .init(name: "reconciles", unit: .ratio),
    ]
  ) { _ in
    let files = try Files(1)
    let store = try SQLiteStore(at: files.state)
    let backups = BackupDirectory(at: files.folder + "/backups")
    let silent = Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() }
    var configuration = Engine.Configuration()
    configuration.backups = backups
    let engine = try Engine(
      store: store, configuration: configuration, logger: silent, providers: [FileProvider()])
    var unit = Unit("files")
    // One file drifts on purpose, 200 times: it is not to be taken for a fight.
    unit.policy.detectsContest = false
    let source = DirectorySource(DirectoryConfiguration(path: files.manifests))
    guard case .changed(let snapshot) = try await source.refresh(after: nil) else {
      throw Program.Failure(description: "the manifests can't be read")
    }
    let figures = try await engine.running { [unit] engine in
      let plan = try await engine.prepare(snapshot, for: unit)
      guard try await engine.apply(plan, by: "benchmark").converged else {
        throw Program.Failure(description: "it did not converge")
      }
      let before = runs(engine)
      var figures = Measure.percentiles(try repairs(of: files.path(0)))
      figures["reconciles"] = Double(runs(engine) - before) / Double(drifts)
      return figures
    }
    await store.close()
    return figures
  }

  private static func runs(_ engine: Engine) -> UInt64 {
    engine.schedulerMetrics.lanes.reduce(0) { $0 + $1.counts.runs }
  }

  /// Appends to the file every ten milliseconds or so, and looks until it has its size again.
  private static func repairs(of path: String) throws -> [Int64] {
    let size = try size(of: path)
    return try (0..<drifts).map { number in
      usleep(UInt32(8000 + Measure.random(number) % 4000))
      let file = open(path, O_WRONLY | O_APPEND)
      guard file >= 0 else { throw Program.Failure(description: "\(path) can't be opened") }
      let begin = Measure.now()
      guard write(file, "x\n", 2) == 2 else {
        throw Program.Failure(description: "\(path) can't be written")
      }
      close(file)
      while try self.size(of: path) != size {
        guard Measure.now() - begin < 30_000_000_000 else {
          throw Program.Failure(description: "\(path) was not repaired")
        }
        usleep(20)
      }
      return Measure.now() - begin
    }
  }

  private static func size(of path: String) throws -> Int {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw Program.Failure(description: "\(path) is gone")
    }
    return status.st_size
  }
}
