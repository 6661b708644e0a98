import Foundation
import Logging
import Tend
import TendEngine
import TendGit
import TendProcesses
import TendSQLite

/// What it costs to keep processes running.
enum ProcessBenchmarks {
  static let all = [restart, start, adopt]

  static let restart = Benchmark(
    name: "P-kill", what: "SIGKILL of one of 20 to the first instruction of the next, 200 times",
    peer: .init(source: "processes.c", arguments: ["kill"]),
    figures: [
      .init(name: "p50_us", unit: .microseconds, ratioAim: 2),
      .init(name: "p99_us", unit: .microseconds), .init(name: "max_us", unit: .microseconds),
    ]
  ) { percent in
    let work = try Processes(20)
    defer { work.remove() }
    return try await work.kept { _ in
      let kills = percent < 50 ? 20 : Int(2 * percent)
      return try Program.figures(
        Processes.peer, ["killer", work.times, "20", "\(kills)"])
    }
  }

  static let start = Benchmark(
    name: "P-start", what: "1,000 processes, from the plan to the first instruction of the last",
    peer: .init(source: "processes.c", arguments: ["start"]),
    figures: [
      .init(name: "wall_ms", unit: .milliseconds, ratioAim: 3),
      .init(name: "memory", unit: .bytes, aim: 100 * 1_048_576),
      .init(name: "rest_cpu_us", unit: .microseconds),
    ]
  ) { percent in
    let work = try Processes(max(1, Int(10 * percent)))
    defer { work.remove() }
    return try await work.kept { engine in
      var figures = ["wall_ms": Double(work.last - work.applied) / 1e6]
      figures["memory"] = try work.memory()
      let (begin, holder) = (Measure.cpu(), try work.holderCPU())
      try await Task.sleep(for: .seconds(10))
      let used = Measure.cpu() - begin + (try work.holderCPU()) - holder
      figures["rest_cpu_us"] = used / 10_000 / Double(work.count)
      return figures
    }
  }

  static let adopt = Benchmark(
    name: "P-adopt", what: "a new engine finds 1,000 processes that another one left",
    peer: nil,
    figures: [
      .init(name: "wall_ms", unit: .milliseconds, aim: 1000),
      .init(name: "restarted", unit: .count, aim: 0),
    ]
  ) { percent in
    let work = try Processes(max(1, Int(10 * percent)))
    defer { work.remove() }
    return try await work.kept(isLast: false) { _ in
      let before = work.processes
      let begin = Measure.now()
      return try await work.kept { _ in
        let wall = Double(Measure.now() - begin) / 1e6
        let restarted = zip(before, work.processes).count { $0 != $1 }
        return ["wall_ms": wall, "restarted": Double(restarted)]
      }
    }
  }
}

/// Processes that say when they began, declared in a manifest.
private final class Processes {
  let count: Int
  private let folder: String
  private let slots: UnsafeMutablePointer<(began: Int64, process: Int64)>
  /// When the last apply began.
  private(set) var applied: Int64 = 0

  /// The program that they run, compiled for this run.
  static var peer: String { FileManager.default.temporaryDirectory.path() + "/processes" }
  var times: String { folder + "/times" }
  private static let size = 4096 * 16

  init(_ count: Int) throws {
    guard FileManager.default.isExecutableFile(atPath: Self.peer) else {
      throw Program.Failure(description: "processes.c is run here too: do not leave the peers out")
    }
    self.count = count
    folder = FileManager.default.temporaryDirectory.path() + "/processes-\(getpid())"
    try FileManager.default.createDirectory(
      atPath: folder + "/desired", withIntermediateDirectories: true)
    let file = open(folder + "/times", O_RDWR | O_CREAT, 0o600)
    guard file >= 0, ftruncate(file, Self.size) == 0,
      let memory = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0),
      memory != MAP_FAILED
    else { throw Program.Failure(description: "no memory to share") }
    close(file)
    slots = memory.assumingMemoryBound(to: (began: Int64, process: Int64).self)
    try manifest().write(
      toFile: folder + "/desired/processes.yaml", atomically: true, encoding: .utf8)
  }

  private func manifest() -> String {
    (0..<count).map { number in
      """
      apiVersion: processes/v1
      kind: Process
      metadata: {name: p\(number)}
      spec:
        command: [\(Self.peer), stamp, \(times), "\(number)"]
        restart: {stableAfter: 1s}
        stop: [{signal: KILL}]
      ---

      """
    }.joined()
  }

  func remove() { munmap(slots, Self.size) }

  var processes: [Int64] { (0..<count).map { slots[$0].process } }
  /// When the last one began.
  var last: Int64 { (0..<count).map { slots[$0].began }.max() ?? 0 }

  /// Has an engine keep them while a body looks; ends them after the last one.
  func kept(
    isLast: Bool = true, _ body: (Engine) async throws -> [String: Double]
  ) async throws -> [String: Double] {
    let store = try SQLiteStore(at: folder + "/state")
    var configuration = Engine.Configuration()
    configuration.residence = Residence(directory: folder + "/state", isAgent: true)
    let silent = Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() }
    let engine = try Engine(
      store: store, configuration: configuration, logger: silent, providers: [ProcessProvider()])
    let source = DirectorySource(DirectoryConfiguration(path: folder + "/desired"))
    guard case .changed(let snapshot) = try await source.refresh(after: nil) else {
      throw Program.Failure(description: "the manifests can't be read")
    }
    let figures = try await engine.running { engine in
      var unit = Unit("processes")
      unit.policy.interval = .seconds(5)
      let plan = try await engine.prepare(snapshot, for: unit)
      self.applied = Measure.now()
      let report = try await engine.apply(plan, by: "benchmark")
      guard report.converged else {
        throw Program.Failure(description: "\(report.problems.count) did not converge")
      }
      while self.processes.contains(0) { try await Task.sleep(for: .milliseconds(1)) }
      return try await body(engine)
    }
    if isLast { await engine.vacate() }
    await store.close()
    return figures
  }

  /// The process that keeps them: what all of them have as their parent.
  private func holder() throws -> Int32 {
    let text = try String(contentsOfFile: "/proc/\(slots[0].process)/stat", encoding: .utf8)
    let fields = text.split(separator: " ")
    guard fields.count > 3, let parent = Int32(fields[3]) else {
      throw Program.Failure(description: "no parent in \(text)")
    }
    return parent
  }

  func holderCPU() throws -> Double {
    let text = try String(contentsOfFile: "/proc/\(try holder())/schedstat", encoding: .utf8)
    return text.split(separator: " ").first.flatMap { Double($0) } ?? 0
  }

  /// What both take, shared pages counted in parts.
  func memory() throws -> Double {
    try ["self", "\(try holder())"].reduce(0) { sum, process in
      let text = try String(contentsOfFile: "/proc/\(process)/smaps_rollup", encoding: .utf8)
      let line = text.split(separator: "\n").first { $0.hasPrefix("Pss:") }
      let kibibytes = line?.split(separator: " ").dropFirst().first.flatMap { Double($0) }
      return sum + (kibibytes ?? 0) * 1024
    }
  }
}
