import Foundation
import Logging
import Tend
import TendAgent
import TendEngine
import TendGit
import TendHTTP
import TendSQLite

/// Objects of a service, declared by its API, their type and one document for each.
struct Items {
  /// How many are declared in one manifest.
  private static let perFile = 1000

  let folder: String
  let count: Int

  var manifests: String { folder + "/manifests" }
  var state: String { folder + "/state" }

  /// Declares items of the web server; `type` has more fields of their type, `api` of the API.
  init(_ count: Int, at url: String, api: String = "", type: String = "") throws {
    let head = """
      apiVersion: http/v1
      kind: API
      metadata: {name: web}
      spec:
        url: \(url)
        \(api)
      ---
      apiVersion: http/v1
      kind: ObjectType
      metadata: {name: Item}
      spec:
        api: web
        parameters:
          name: {required: true}
          size: {type: integer, default: 10}
          owner: {default: team-a}
          tags: {type: list, default: [blue, large]}
        path: /items/{name}
        body: {size: "{size}", owner: "{owner}", tags: "{tags}"}
        \(type)

      """
    try self.init(count, head) { number in
      "apiVersion: web/v1\nkind: Item\nmetadata: {name: i\(number)}\nspec: {name: i\(number)}\n"
    }
  }

  /// Writes a manifest with the head, and others with the documents.
  init(_ count: Int, _ head: String, _ document: (Int) -> String) throws {
    self.count = max(1, count)
    folder = FileManager.default.temporaryDirectory.path() + "/items-\(getpid())"
    try? FileManager.default.removeItem(atPath: folder)
    try FileManager.default.createDirectory(atPath: manifests, withIntermediateDirectories: true)
    try head.write(toFile: manifests + "/head.yaml", atomically: true, encoding: .utf8)
    for first in stride(from: 0, to: self.count, by: Self.perFile) {
      let numbers = first..<min(self.count, first + Self.perFile)
      try numbers.map { "---\n" + document($0) }.joined()
        .write(toFile: manifests + "/\(first).yaml", atomically: true, encoding: .utf8)
    }
  }

  /// Runs an engine that has taken them in, while the body runs.
  func kept(
    every interval: Duration, _ body: @Sendable (Engine) async throws -> [String: Double]
  ) async throws -> [String: Double] {
    let store = try SQLiteStore(at: state)
    let silent = Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() }
    var configuration = Engine.Configuration()
    configuration.secrets = Secrets.read
    let engine = try Engine(
      store: store, configuration: configuration, logger: silent, providers: [HTTPProvider()])
    var unit = Unit("items")
    unit.policy.interval = interval
    let source = DirectorySource(DirectoryConfiguration(path: manifests))
    guard case .changed(let snapshot) = try await source.refresh(after: nil) else {
      throw Program.Failure(description: "the manifests can't be read")
    }
    let figures = try await engine.running { [unit] engine in
      let plan = try await engine.prepare(snapshot, for: unit)
      let report = try await engine.apply(plan, by: "benchmark")
      guard report.converged else {
        throw Program.Failure(description: "did not converge: \(report.problems.prefix(1))")
      }
      return try await body(engine)
    }
    await store.close()
    return figures
  }

  /// An agent that keeps them, as a process of its own, while the body runs.
  func kept<Answer>(_ body: (_ agent: pid_t) async throws -> Answer) async throws -> Answer {
    let agent = try Command.begin(
      Command.path(),
      ["agent"] + arguments + ["--interval", "15s", "--log-level", "critical"])
    defer {
      kill(agent, SIGTERM)
      waitpid(agent, nil, 0)
    }
    try WebServer.wait(for: "what is declared") {
      (try? Command.tend(["status", "--state-dir", state], isQuiet: true)) != nil
    }
    return try await body(agent)
  }

  /// What tells the command of them.
  var arguments: [String] { ["-f", manifests, "--state-dir", state] }
}

extension Engine {
  /// How many reconciles there were.
  var runs: Int { Int(schedulerMetrics.lanes.reduce(0) { $0 + $1.counts.runs }) }
}
