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
  private static func looking(at files: Files, every interval: Duration) async throws -> Double {
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
    let source = try GitSource(
      GitConfiguration(
        repository: repository.path, mirrors: repository.files.folder + "/mirrors"))
    let engine = try engine(SQLiteStore(at: repository.files.state))
    var unit = Unit("files")
    unit.policy.refreshInterval = .seconds(3600)
    try engine.follow(source, as: unit)
    return try await withThrowingTaskGroup(of: [String: Double]?.self) { group in
      group.addTask {
        try await engine.run()
        return nil
      }
      group.addTask { try await repository.follow(engine) }
      let figures = try await group.next() ?? nil
      group.cancelAll()
      return figures ?? [:]
    }
  }
}

/// A Git repository of the manifests, and a mirror that is fetched beside for comparison.
private struct Repository {
  let files: Files
  var path: String { files.manifests }
  private var mirror: String { files.folder + "/mirror.git" }
  private static let commits = 12

  init(_ files: Files) throws {
    self.files = files
    try git("init", "--quiet", "--initial-branch=main")
    try commit("everything")
    try Command.run("git", ["clone", "--quiet", "--mirror", path, mirror])
  }

  private func git(_ arguments: String...) throws {
    let identity = ["-c", "user.name=b", "-c", "user.email=b@localhost", "-c", "gc.auto=0"]
    try Command.run("git", ["-C", path] + identity + arguments)
  }

  private func commit(_ message: String) throws {
    try git("add", "--all")
    try git("commit", "--quiet", "--message", message)
  }

  /// Commits again and again, and measures each way to the disk.
  func follow(_ engine: Engine) async throws -> [String: Double] {
    let last = files.path(files.count - 1)
    try await wait(seconds: 120, "the first revision") { access(last, F_OK) == 0 }
    try await wait(seconds: 60, "the first revision's end") { isSettled(engine) }
    var (fetches, totals): ([Double], [Double]) = ([], [])
    for number in 0..<Self.commits {
      let file = number * 7919 % files.count
      try files.writeManifest(
        file / Files.perDirectory, changed: (file, "commit \(number)"))
      try commit("change \(number)")
      fetches.append(
        try Command.run("git", ["-C", mirror, "fetch", "--quiet", "origin"]).wall / 1e6)
      let begin = Measure.now()
      try engine.refresh()
      let path = files.path(file)
      try await wait(seconds: 30, path) { size(of: path) > 1024 }
      totals.append(Double(Measure.now() - begin) / 1e6)
      try await wait(seconds: 30, "the end of change \(number)") { isSettled(engine) }
    }
    let (fetch, total) = (Measure.median(fetches), Measure.median(totals))
    return ["fetch_ms": fetch, "total_ms": total, "over_ms": total - fetch]
  }

  private func size(of path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_size : 0
  }

  private func isSettled(_ engine: Engine) -> Bool {
    engine.units().allSatisfy { $0.ready == $0.resources && $0.resources >= files.count }
  }

  /// Looks every half millisecond.
  private func wait(
    seconds: Double, _ what: String, _ isDone: () -> Bool
  ) async throws {
    let end = Measure.now() + Int64(seconds * 1e9)
    while !isDone() {
      guard Measure.now() < end else {
        throw Program.Failure(description: "waited \(seconds) s for \(what)")
      }
      try await Task.sleep(for: .microseconds(500))
    }
  }
}
