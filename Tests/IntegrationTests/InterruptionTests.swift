import Foundation
import Glibc
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// An apply that is stopped on its way, and another one that comes meanwhile.
@Suite(.serialized)
struct InterruptionTests {
  private func write(_ content: String, count: Int, _ tend: Tend) throws {
    let documents = (0..<count).map { number in
      """
      apiVersion: files/v1
      kind: File
      metadata: {name: f\(number)}
      spec: {path: \(tend.world)/f\(number), content: \(content)}
      """
    }
    try tend.folder.write(documents.joined(separator: "\n---\n") + "\n", to: "manifests/all.yaml")
  }

  private func arguments(_ tend: Tend) -> [String] {
    ["apply", "-f", tend.manifests, "--yes", "--state-dir", tend.state]
  }

  /// What all files hold, and that there is nothing else.
  private func contents(_ count: Int, _ tend: Tend) throws -> Set<String> {
    let names = try tend.folder.names("world")
    #expect(Set(names) == Set((0..<count).map { "f\($0)" }), "nothing else is left behind")
    return Set(try names.map { try String(contentsOfFile: "\(tend.world)/\($0)", encoding: .utf8) })
  }

  @Test("T29 ended by SIGTERM at any moment, every file is whole, and the next run goes on")
  func terminated() async throws {
    let tend = try Tend()
    try write("round-0", count: 200, tend)
    #expect(try await tend.run(arguments(tend)).status == 0)
    for round in 1...12 {
      try write("round-\(round)", count: 200, tend)
      _ = try await tend.run(arguments(tend)) { _ in
        try await ContinuousClock().sleep(for: .milliseconds(8 * round))
      }
      let found = try contents(200, tend)
      #expect(found.isSubset(of: Set((0...round).map { "round-\($0)" })), "\(found)")
    }
    let last = try await tend.run(arguments(tend))
    #expect(last.status == 0, "\(last.errors)")
    #expect(try contents(200, tend) == ["round-12"])
  }

  @Test("T30 T31 stopped in the middle it keeps its lock: who comes later is told, nothing mixes")
  func suspended() async throws {
    let tend = try Tend()
    try write("old", count: 400, tend)
    #expect(try await tend.run(arguments(tend)).status == 0)
    try write("new", count: 400, tend)
    let first = try await Subprocess.run(
      .path(FilePath(Tend.path)), arguments: Arguments(arguments(tend)),
      workingDirectory: FilePath(tend.folder.path), input: .none,
      output: .string(limit: 1 << 20), error: .string(limit: 1 << 20)
    ) { execution in
      try await eventually("it has begun") {
        // A temporary file may be gone before it is read.
        try tend.folder.names("world").contains {
          (try? String(contentsOfFile: "\(tend.world)/\($0)", encoding: .utf8)) == "new"
        }
      }
      try execution.send(signal: .suspend)
      try write("newer", count: 400, tend)
      let second = try await tend.run(arguments(tend))
      try execution.send(signal: .resume)
      let pid = execution.processIdentifier.value
      return (second, "\(pid)")
    }
    let (second, pid) = first.closureResult
    // The first may have been through when the signal came.
    if second.status != 0 {
      #expect(second.errors.contains(pid), "it names who holds it: \(second.errors)")
      #expect(try contents(400, tend) == ["new"])
    }
    #expect(first.terminationStatus == .exited(0))
    let last = try await tend.run(arguments(tend))
    #expect(last.status == 0, "\(last.errors)")
    #expect(try contents(400, tend) == ["newer"])
  }
}
