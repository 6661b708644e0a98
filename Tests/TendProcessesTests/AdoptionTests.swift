import Foundation
import Tend
import TestSupport
import Testing

@testable import TendProcesses

@Suite("what runs outlives those who look after it", .serialized)
struct AdoptionTests {
  @Test("T58: a new agent finds 100 processes and restarts none, again and again")
  func agentRestarts() async throws {
    try await onStage { stage in
      let specs = try (0..<100).map { try stage.shell("p\($0)", "exec sleep 1000") }
      for spec in specs { try await stage.reconcile(spec) }
      let before = try await processes(specs, stage)
      for _ in 0..<5 {
        let provider = stage.successor()
        for (spec, process) in zip(specs, before) {
          let state = try #require(
            try await provider.observe(
              Target(id: spec.id, desired: spec, memory: nil), stage.context))
          #expect(spec.differences(from: state).isEmpty)
          #expect(state.report?.processes.first?.process == process)
          let health = try await provider.health(of: state, as: spec, stage.context)
          #expect(health == .healthy, "readiness is remembered")
        }
      }
      #expect(try await processes(specs, stage) == before)
    }
  }

  private func processes(_ specs: [ProcessSpec], _ stage: Stage) async throws -> [Int32] {
    var all: [Int32] = []
    for spec in specs { all.append(try await stage.process(spec)) }
    return all
  }

  @Test("a holder that dies is followed by one that adopts, goes on logging and restarts")
  func holderDies() async throws {
    try await onStage { stage in
      let spec = try stage.shell("web", "while :; do echo tick; sleep 0.05; done")
      try await stage.reconcile(spec)
      let process = try await stage.process(spec)
      let holder = try stage.holder()
      kill(holder, SIGKILL)
      _ = await eventually { !stage.isRunning(holder) }
      #expect(stage.isRunning(process), "its children live on")
      let state = try #require(try await stage.observe(spec))
      #expect(spec.differences(from: state).map(\.path) == ["supervised"])
      try await stage.reconcile(spec)
      #expect(try stage.report(spec)?.processes.first?.process == process)
      #expect(try await stage.reconcile(spec) == nil)
      let count = try stage.lines(spec).count
      let goesOn = await eventually { ((try? stage.lines(spec).count) ?? 0) > count + 3 }
      #expect(goesOn)
      kill(process, SIGKILL)
      let report = try await stage.wait(spec, for: "restart") {
        $0.processes.first.map { $0.process > 0 && $0.process != process } ?? false
      }
      #expect(report.processes.first?.lastExit == .unknown, "nobody saw it")
    }
  }

  @Test("a holder that keeps nothing goes with its folder, and holds up nobody in its place")
  func folderGoes() async throws {
    try await onStage { stage in
      let spec = try stage.shell("web", "exec sleep 1000")
      try await stage.reconcile(spec)
      _ = try await stage.process(spec)
      let holder = try stage.holder()
      try await stage.delete(spec)
      try stage.folder.remove("processes")
      let isGone = await eventually(within: .seconds(5)) { !stage.isRunning(holder) }
      #expect(isGone, "sooner than it would go by itself")
    }
  }

  @Test("one that ended for good stays so without a holder, until its declaration changes")
  func completed() async throws {
    try await onStage { stage in
      let spec = try stage.shell("once", "exit 0", ["restart": ["policy": "onFailure"]])
      try await stage.reconcile(spec)
      try await stage.wait(spec, for: "end") { $0.processes.first?.state == .finished }
      let memory = try #require(try await stage.observe(spec)?.memory)
      #expect(memory.ends.map(\.exit) == [.status(0)])
      let holder = try stage.holder()
      kill(holder, SIGKILL)
      _ = await eventually { !stage.isRunning(holder) }
      let state = try #require(try await stage.observe(spec, memory: memory))
      #expect(spec.differences(from: state).isEmpty)
      #expect(try await stage.provider.health(of: state, as: spec, stage.context) == .healthy)
      let other = try stage.shell("once", "exit 0; :", ["restart": ["policy": "onFailure"]])
      #expect(try await stage.observe(other, memory: memory) == nil, "another one runs again")
      let never = try stage.shell("once", "exit 0", ["restart": ["policy": "always"]])
      #expect(try await stage.observe(never, memory: memory) == nil)
    }
  }

  @Test("a command that only looks starts no holder and changes nothing")
  func looking() async throws {
    try await onStage { stage in
      let spec = try stage.shell("web", "exec sleep 1000")
      let provider = stage.successor(isAgent: false)
      #expect(
        try await provider.observe(Target(id: spec.id, desired: spec, memory: nil), stage.context)
          == nil)
      #expect(!FileManager.default.fileExists(atPath: stage.directory))
      let error = await #expect(throws: ProviderError.self) {
        _ = try await provider.apply(
          Change(.create(spec), []), Journal { (_: ProcessMemory) throws(ProviderError) in },
          stage.context)
      }
      #expect(error?.remedy?.contains("tend agent") == true)
    }
  }
}
