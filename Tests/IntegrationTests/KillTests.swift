import Foundation
import TestSupport
import Testing

/// SIGKILL at random moments: what is left is always something that the next run converges from.
@Suite(.serialized)
struct KillTests {
  /// What one revision declares: paths below the world with their content.
  private typealias Declared = [String: String]

  @Test("T20 killed at random moments 200 times, everything converges, once, and nothing is left")
  func randomKills() async throws {
    let tend = try Tend()
    var random = Seeded(state: 42)
    var declared: Declared = [:]
    var killed = 0
    for round in 0..<200 {
      declared = change(declared, round, &random)
      try write(declared, tend)
      let after = Duration.microseconds(Int64.random(in: 5_000...90_000, using: &random))
      let output = try await tend.run(arguments(tend), killAfter: after)
      if output.status == -9 { killed += 1 }
      if round % 10 == 9 { try await checkConverged(declared, tend) }
    }
    try await checkConverged(declared, tend)
    #expect(killed > 100, "most runs must have been killed on their way, not after their end")
  }

  private func arguments(_ tend: Tend) -> [String] {
    [
      "apply", "-f", tend.manifests, "--yes", "--allow-deletions", "1000", "--state-dir",
      tend.state,
    ]
  }

  /// Adds, changes and removes some files.
  private func change(
    _ declared: Declared, _ round: Int, _ random: inout Seeded
  ) -> Declared {
    var declared = declared
    for _ in 0..<5 {
      let folder = Int.random(in: 0..<3, using: &random)
      let path = "d\(folder)/f\(Int.random(in: 0..<10, using: &random))"
      if Int.random(in: 0..<4, using: &random) == 0 {
        declared[path] = nil
      } else {
        declared[path] = "round \(round)\n"
      }
    }
    declared["always"] = "here\n"
    return declared
  }

  private func write(_ declared: Declared, _ tend: Tend) throws {
    let folders = Set(declared.keys.compactMap { $0.split(separator: "/").dropLast().first })
    var documents = folders.sorted().map { folder in
      """
      apiVersion: files/v1
      kind: Directory
      metadata: {name: \(folder)}
      spec: {path: \(tend.world)/\(folder)}
      """
    }
    documents += declared.sorted { $0.key < $1.key }.map { path, content in
      """
      apiVersion: files/v1
      kind: File
      metadata: {name: \(path.replacing("/", with: "-"))}
      spec: {path: \(tend.world)/\(path), content: "\(content.dropLast())\\n"}
      """
    }
    try tend.folder.write(documents.joined(separator: "\n---\n") + "\n", to: "manifests/all.yaml")
  }

  /// One run to the end, then the world is exactly what is declared, and nothing is left to do.
  private func checkConverged(_ declared: Declared, _ tend: Tend) async throws {
    let output = try await tend.run(arguments(tend))
    #expect(output.status == 0, "\(output.errors)\(output.out)")
    #expect(try contents(of: tend.world) == declared)
    let plan = try await tend(
      "plan", "-f", tend.manifests, "--detailed-exitcode", "--state-dir", tend.state)
    #expect(plan.status == 0, "a second plan shows nothing: \(plan.out)")
    let owned = try await tend("get", "--state-dir", tend.state, "-o", "json")
    let names = owned.out.matches(of: /"identity": ?"([^"]+)"/).map { String($0.output.1) }
    let files = names.filter { FileManager.default.isRegularFile($0) }
    #expect(
      Set(files) == Set(declared.keys.map { "\(tend.world)/\($0)" }),
      "what is owned is what is declared")
  }

  /// All files below a folder, with hidden ones: what a killed run left behind would be among them.
  private func contents(of folder: String) throws -> Declared {
    var found: Declared = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder)
    where FileManager.default.isRegularFile("\(folder)/\(path)") {
      found[path] = try String(contentsOfFile: "\(folder)/\(path)", encoding: .utf8)
    }
    return found
  }
}

extension FileManager {
  fileprivate func isRegularFile(_ path: String) -> Bool {
    (try? attributesOfItem(atPath: path)[.type] as? FileAttributeType) == .typeRegular
  }
}

/// The same moments in every run.
struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
