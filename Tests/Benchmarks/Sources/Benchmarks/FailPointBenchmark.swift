import Foundation

/// How often the built command converges after one of its calls failed.
///
/// `failpoint`, compiled beside the benchmarks, counts the calls of an apply and lets one of them
/// fail; the tests do the same with more kinds of work.
enum FailPointBenchmark {
  static let all = [kill]

  private static let program = (try? Command.path().dropLast("tend".count) + "failpoint") ?? ""

  static let kill = Benchmark(
    name: "fail-points",
    what: "tend apply is killed at each call that changes something, and run once more",
    needs: [program],
    figures: [
      Benchmark.Figure(name: "exercised", unit: .count, risesWithQuality: true),
      Benchmark.Figure(name: "converged", unit: .count, risesWithQuality: true),
      Benchmark.Figure(name: "failed", unit: .count, aim: 0),
    ]
  ) { percent in
    let scene = try Scene()
    try scene.reset()
    let count = try scene.apply(killedAt: 0).count
    var (exercised, converged) = (0, 0)
    for number in stride(from: 1, through: count, by: max(1, Int(100 / percent))) {
      try scene.reset()
      guard try scene.apply(killedAt: number).isKilled else { continue }
      exercised += 1
      if scene.converges() { converged += 1 }
    }
    return [
      "exercised": Double(exercised), "converged": Double(converged),
      "failed": Double(exercised - converged),
    ]
  }

  /// Files, a directory and a link, of which some are made, changed and deleted.
  private struct Scene {
    let folder: String
    private var world: String { folder + "/world" }
    private var arguments: [String] {
      ["-f", path("manifests"), "--state-dir", path("state")]
    }
    private var apply: [String] { ["apply"] + arguments + ["--yes", "--allow-deletions", "10"] }

    init() throws {
      folder = FileManager.default.temporaryDirectory.path() + "fail-points-\(getpid())"
      try FileManager.default.createDirectory(
        atPath: path("manifests"), withIntermediateDirectories: true)
    }

    /// What there is before the apply that is disturbed.
    func reset() throws {
      for name in ["world", "state"] { try? FileManager.default.removeItem(atPath: path(name)) }
      try FileManager.default.createDirectory(atPath: world, withIntermediateDirectories: true)
      try declare(["changed": "one", "gone": "gone", "kept": "kept"], linkTo: "changed")
      try Command.tend(apply, isQuiet: true)
      try declare(["changed": "two", "made": "made", "kept": "kept"], linkTo: "kept")
    }

    /// Calls that count, and whether it was killed at one of them.
    func apply(killedAt number: Int) throws -> (count: Int, isKilled: Bool) {
      let log = path("calls")
      let process = try Command.begin(
        FailPointBenchmark.program, [log, "kill", "\(number)", try Command.path()] + apply,
        isQuiet: true)
      var status = Int32()
      while waitpid(process, &status, 0) < 0, errno == EINTR {}
      let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
      return (lines.count, lines.contains { $0.hasPrefix("failed ") })
    }

    /// Whether one more apply ends as it should, and leaves nothing to do.
    func converges() -> Bool {
      let plan = ["plan"] + arguments + ["--detailed-exitcode"]
      guard (try? Command.tend(apply, isQuiet: true)) != nil,
        (try? Command.tend(plan, isQuiet: true)) != nil
      else { return false }
      let names = (try? FileManager.default.contentsOfDirectory(atPath: world))?.sorted()
      return names == ["changed", "kept", "link", "made"] && text("changed") == "two"
        && text("made") == "made" && text("kept") == "kept" && text("link") == "kept"
    }

    private func path(_ name: String) -> String { "\(folder)/\(name)" }

    private func text(_ name: String) -> String? {
      try? String(contentsOfFile: "\(world)/\(name)", encoding: .utf8)
    }

    private func declare(_ contents: [String: String], linkTo target: String) throws {
      var documents = contents.sorted { $0.key < $1.key }.map { name, content in
        document("File", name, "content: \(content)")
      }
      documents.append(document("Symlink", "link", "target: \(target)"))
      try documents.joined(separator: "---\n").write(
        toFile: path("manifests/all.yaml"), atomically: true, encoding: .utf8)
    }

    private func document(_ kind: String, _ name: String, _ field: String) -> String {
      """
      apiVersion: files/v1
      kind: \(kind)
      metadata: {name: \(name)}
      spec: {path: \(world)/\(name), \(field)}

      """
    }
  }
}
