import Foundation

@main
struct Benchmarks {
  /// Every benchmark there is; a group of them is a file.
  static let all =
    SchedulerBenchmarks.all + EngineBenchmarks.all + ManifestBenchmark.all + FileBenchmarks.all
    + DriftBenchmark.all + CommandBenchmarks.all + ScaleBenchmarks.all
    + ProcessBenchmarks.all + HTTPBenchmarks.all + SimulationBenchmark.all + KitBenchmarks.all
    + SearchBenchmarks.all + FailPointBenchmark.all

  static func main() async {
    do {
      let arguments = CommandLine.arguments.dropFirst()
      if arguments.contains("--list") { return list() }
      let options = try Options(Array(arguments))
      if options.isChild { try await runChild(options) } else { try runAll(options) }
    } catch {
      FileHandle.standardError.write(Data("\(error)\n".utf8))
      exit(1)
    }
  }

  static func list() {
    for benchmark in all { print("\(benchmark.name)  \(benchmark.what)") }
  }

  /// Measures one benchmark, a process for each run, ours and the peer's by turns.
  static func measure(_ benchmark: Benchmark, _ options: Options, _ folder: String) throws {
    if let missing = benchmark.needs.first(where: { !Program.isInstalled($0) }) {
      return Table.skip(benchmark, "\(missing) is not installed")
    }
    let size = "\(options.percent)"
    var (ours, theirs): ([[String: Double]], [[String: Double]]) = ([], [])
    var peer: String?
    if let program = benchmark.peer, let peers = options.peers,
      program.needs.map(Program.isInstalled) ?? true
    {
      peer = try Program.build(program, in: folder, peers: peers)
    }
    for _ in 0..<options.runs {
      let own = ["--child", benchmark.name, "--size", size]
      ours.append(try Program.figures("/proc/self/exe", own))
      if let peer, let arguments = benchmark.peer?.arguments {
        theirs.append(try Program.figures(peer, arguments + [size]))
      }
      if let rival = benchmark.rival, options.peers != nil, rival.isInstalled() {
        theirs.append(try Program.figures("/proc/self/exe", own + ["--rival"]))
      }
    }
    Table.print(benchmark, ours: ours, peer: theirs)
  }

  /// Does one benchmark here and prints its figures for the parent.
  static func runChild(_ options: Options) async throws {
    guard let benchmark = all.first(where: { $0.name == options.names.first }) else {
      throw Program.Failure(description: "no benchmark \(options.names)")
    }
    let run = options.isRival ? benchmark.rival?.run : benchmark.run
    let figures = try await run?(options.percent) ?? [:]
    print(figures.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " "))
  }

  static func runAll(_ options: Options) throws {
    let chosen = all.filter { benchmark in
      options.names.isEmpty || options.names.contains { benchmark.name.hasPrefix($0) }
    }
    guard !chosen.isEmpty else { throw Program.Failure(description: "no such benchmark") }
    let folder = FileManager.default.temporaryDirectory.appending(path: "peers-\(getpid())").path()
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    // Whatever the runs leave goes with it at the end.
    setenv("TMPDIR", folder, 1)
    // What peers supervise is what ours does.
    setenv("SUPERVISED", try Processes.program(), 1)
    if let peers = options.peers { setenv("PEERS", peers, 1) }
    defer { try? FileManager.default.removeItem(atPath: folder) }
    Table.header()
    for benchmark in chosen { try measure(benchmark, options, folder) }
  }
}
