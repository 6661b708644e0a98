import Foundation
import Tend
import TestSupport
import Testing

@testable import TendProcesses

@Suite("limits hold a process and its descendants", .serialized)
struct LimitTests {
  private static let cgroups = Cgroups()

  static func can(_ controller: Cgroups.Controller) -> Bool {
    cgroups.controllers[controller] != nil
  }

  @Test(
    "T61: a fork bomb is contained, and the others are untouched",
    .enabled(if: can(.pids), "no group with the controller pids can be made here"))
  func processes() async throws {
    try await onStage { stage in
      let other = try stage.shell("other", "exec sleep 1000")
      try await stage.reconcile(other)
      let process = try await stage.process(other)
      let bomb = try stage.shell(
        "bomb", "i=0; while [ $i -lt 50 ]; do sleep 1000 & i=$((i+1)); done; echo all; wait",
        ["limits": ["processes": 10], "restart": ["policy": "never"], "stop": [["signal": "KILL"]]])
      try await stage.reconcile(bomb)
      let found = await eventually {
        (try? stage.lines(bomb))?.contains { $0.contains("fork") } == true
      }
      #expect(found, "\((try? stage.lines(bomb)) ?? [])")
      #expect(try await stage.process(other) == process)
      try await stage.delete(bomb)
    }
  }

  @Test(
    "T61: one that takes too much memory is ended, and starts again",
    .enabled(if: can(.memory), "no group with the controller memory can be made here"))
  func memory() async throws {
    try await onStage { stage in
      let spec = try stage.shell(
        "hog", "head -c 100m /dev/zero | tail",
        ["limits": ["memory": "16Mi"], "restart": ["policy": "never"]])
      try await stage.reconcile(spec)
      let report = try await stage.wait(spec, for: "end") {
        $0.processes.first?.state == .finished
      }
      #expect(report.processes.first?.lastExit?.isSuccess == false)
    }
  }

  @Test(
    "limits are changed while it runs",
    .enabled(if: can(.pids), "no group with the controller pids can be made here"))
  func changed() async throws {
    try await onStage { stage in
      let script = "exec sleep 1000"
      let spec = try stage.shell("web", script, ["limits": ["processes": 10]])
      try await stage.reconcile(spec)
      let process = try await stage.process(spec)
      let more = try stage.shell("web", script, ["limits": ["processes": 20]])
      try await stage.reconcile(more)
      #expect(try await stage.process(more) == process)
      #expect(try limit(of: process) == "20")
      try await stage.reconcile(try stage.shell("web", script))
      #expect(try limit(of: process) == "max")
    }
  }

  private func limit(of process: Int32) throws -> String {
    let (tree, isUnified) = try #require(Self.cgroups.controllers[.pids])
    let group = try group(of: process, isUnified ? "" : "pids")
    let text = try String(contentsOfFile: "\(tree)\(group)/pids.max", encoding: .utf8)
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// In the tree of a controller; that of v2 has no name.
  private func group(of process: Int32, _ controller: String) throws -> Substring {
    let groups = try String(contentsOfFile: "/proc/\(process)/cgroup", encoding: .utf8)
    let own = groups.split(separator: "\n").first { line in
      line.split(separator: ":", omittingEmptySubsequences: false).dropFirst().first?
        .split(separator: ",", omittingEmptySubsequences: false).contains(controller[...]) == true
    }
    return try #require(own?.split(separator: ":").last)
  }

  @Test(
    "what it may use of the processors is set in the group of all its descendants",
    .enabled(if: can(.cpu), "no group with the controller cpu can be made here"))
  func cpu() async throws {
    try await onStage { stage in
      let spec = try stage.shell("busy", "exec sleep 1000", ["limits": ["cpu": 0.5]])
      try await stage.reconcile(spec)
      let process = try await stage.process(spec)
      let (tree, isUnified) = try #require(Self.cgroups.controllers[.cpu])
      let group = try group(of: process, isUnified ? "" : "cpu")
      let file = isUnified ? "cpu.max" : "cpu.cfs_quota_us"
      let text = try String(contentsOfFile: "\(tree)\(group)/\(file)", encoding: .utf8)
      #expect(text.hasPrefix("50000"))
    }
  }

  @Test("without any cgroup a limit that needs one is refused by the plan, and nothing is started")
  func refused() async throws {
    try await onStage(usesCgroups: false) { stage in
      let spec = try stage.shell("web", "exec sleep 1000", ["limits": ["memory": "64Mi"]])
      let error = await #expect(throws: ProviderError.self) { _ = try await stage.observe(spec) }
      #expect(error?.field == "limits.memory")
      #expect(error?.message.contains("controller memory") == true)
      let free = try stage.shell("free", "exec sleep 1000")
      try await stage.reconcile(free)
      _ = try await stage.process(free)
      let details = stage.provider.details(of: free.id)
      #expect(details.contains { $0.name == "tree" && $0.value == .string("best effort") })
    }
  }

  @Test("a limit that can't be kept is refused with the controller that is missing")
  func missing() {
    let limits = ResourceLimits(memory: 1 << 30, processes: nil, cpu: nil)
    let found = Cgroups(unified: nil, controllers: [:]).missing(for: limits)
    #expect(found?.field == "limits.memory")
    #expect(found?.controller == .memory)
  }
}
