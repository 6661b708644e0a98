import Foundation
import TestSupport

/// One piece of work of the real agent that is disturbed at each of its calls.
protocol Scene: Sendable {
  var tend: Tend { get }
  /// The run that is disturbed, and that is run again to recover.
  var arguments: [String] { get }

  /// Brings about what is there before that run; whatever an earlier round left goes away.
  func reset() async throws
  /// What is not as it should be once a run went through, a line each.
  func problems() async throws -> [String]
  /// Ends what outlives the agent.
  func close() async throws
}

extension Scene {
  var arguments: [String] {
    [
      "apply", "-f", tend.manifests, "--yes", "--allow-deletions", "10", "--state-dir", tend.state,
    ]
  }

  func close() async throws {}

  /// An empty world, no state, and these manifests.
  func start(with manifests: String) throws {
    for folder in ["world", "state", "run", "manifests"] where tend.folder.exists(folder) {
      try tend.folder.remove(folder)
    }
    try tend.folder.makeFolder("world")
    try tend.folder.write(manifests, to: "manifests/all.yaml")
  }

  func declare(_ manifests: String) throws {
    try tend.folder.write(manifests, to: "manifests/all.yaml")
  }

  /// A run that nothing disturbs.
  func runThrough(_ arguments: [String]) async throws {
    let output = try await tend.run(arguments)
    guard output.status == 0 else {
      throw ProgramFailed(description: "\(output.status): \(output.errors)\(output.out)")
    }
  }

  /// What every scene has to be like in the end: nothing is left to do, all that is owned can be
  /// read, and no file stands beside those that belong there.
  func commonProblems() async throws -> [String] {
    var problems: [String] = []
    let plan = try await tend(
      "plan", "-f", tend.manifests, "--detailed-exitcode", "--state-dir", tend.state)
    if plan.status != 0 { problems.append("a plan shows \(plan.out)\(plan.errors)") }
    let owned = try await tend("get", "--state-dir", tend.state, "-o", "json")
    if owned.status != 0 { problems.append("what is owned can't be read: \(owned.errors)") }
    for name in try FileManager.default.subpathsOfDirectory(atPath: tend.state)
    where Self.isTemporary(name) {
      problems.append("left behind: state/\(name)")
    }
    return problems
  }

  private static func isTemporary(_ path: String) -> Bool {
    let name = path.split(separator: "/").last ?? ""
    return name.hasSuffix(".new") || name.hasPrefix(".") || name.hasSuffix("-journal")
      || name.contains(".corrupt") || name.contains("tmp")
  }
}
