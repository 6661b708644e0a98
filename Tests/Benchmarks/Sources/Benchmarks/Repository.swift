import Foundation
import TendEngine
import TendGit

/// A Git repository of the manifests, packed as one that was pushed to, and a mirror that is
/// fetched beside for comparison.
struct Repository: Sendable {
  let files: Files
  var path: String { files.manifests }
  private var mirror: String { files.folder + "/mirror.git" }
  private static let commits = 12

  init(_ files: Files) throws {
    self.files = files
    try git("init", "--quiet", "--initial-branch=main")
    try commit("everything")
    try git("repack", "-a", "-d", "--quiet")
    try Command.run("git", ["clone", "--quiet", "--mirror", path, mirror])
  }

  /// What an engine follows it by.
  func source() throws -> GitSource {
    try GitSource(GitConfiguration(repository: path, mirrors: files.folder + "/mirrors"))
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
    try await settled(engine)
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
      try await wait(seconds: 30, path) { size(of: path) > files.lines * 64 }
      totals.append(Double(Measure.now() - begin) / 1e6)
      try await wait(seconds: 30, "the end of change \(number)") { isSettled(engine) }
    }
    let (fetch, total) = (Measure.median(fetches), Measure.median(totals))
    return ["fetch_ms": fetch, "total_ms": total, "over_ms": total - fetch]
  }

  /// Waits until all is as the first revision declares.
  func settled(_ engine: Engine) async throws {
    try await wait(seconds: 600, "the first revision", every: .milliseconds(5)) {
      isSettled(engine)
    }
  }

  private func size(of path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_size : 0
  }

  /// Whether all was looked at and found as declared, and not only when the last engine ended.
  private func isSettled(_ engine: Engine) -> Bool {
    let units = engine.units()
    return !units.isEmpty
      && units.allSatisfy {
        $0.asOf == nil && $0.ready == $0.resources && $0.resources >= files.count
      }
  }

  /// Looks every half millisecond, or as seldom as costs nothing beside what is measured.
  private func wait(
    seconds: Double, _ what: String, every pause: Duration = .microseconds(500),
    _ isDone: () -> Bool
  ) async throws {
    let end = Measure.now() + Int64(seconds * 1e9)
    while !isDone() {
      guard Measure.now() < end else {
        throw Program.Failure(description: "waited \(seconds) s for \(what)")
      }
      try await Task.sleep(for: pause)
    }
  }
}
