import Foundation
import Tend
import TestSupport
import Testing

@testable import TendProcesses

@Suite("a process lives as it is declared", .serialized)
struct LifeTests {
  @Test("it is started, looked after, and gone when it is no longer declared")
  func life() async throws {
    try await onStage { stage in
      let spec = try stage.shell("web", "echo hello; exec sleep 1000")
      #expect(try await stage.observe(spec) == nil)
      #expect(try await stage.reconcile(spec) == .done)
      let process = try await stage.process(spec)
      #expect(stage.isRunning(process))
      try await stage.wait(spec, forLine: "hello")
      #expect(try await stage.reconcile(spec) == nil, "a second pass plans no change")
      try await stage.delete(spec)
      #expect(!stage.isRunning(process))
      #expect(try await stage.observe(spec) == nil)
    }
  }

  @Test("one that is killed comes back, by event")
  func comesBack() async throws {
    try await onStage { stage in
      let spec = try stage.shell("web", "exec sleep 1000")
      try await stage.reconcile(spec)
      let first = try await stage.process(spec)
      kill(first, SIGKILL)
      let report = try await stage.wait(spec, for: "restart") { report in
        report.processes.first.map { $0.process != first && $0.isReady } ?? false
      }
      #expect(report.processes.first?.restarts == 1)
      #expect(report.processes.first?.lastExit == .signal(9))
      #expect(try await stage.reconcile(spec) == nil)
    }
  }
}
