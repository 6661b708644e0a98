import Foundation
import Tend
import TestSupport
import Testing

@testable import TendProcesses

@Suite("a change restarts what it must, and nothing else", .serialized)
struct ChangeTests {
  @Test("an edit of care is an update that restarts nothing, and the plan says only that")
  func care() async throws {
    try await onStage { stage in
      let spec = try stage.shell("web", "exec sleep 1000")
      try await stage.reconcile(spec)
      let process = try await stage.process(spec)
      let edited = try stage.shell(
        "web", "exec sleep 1000",
        ["logs": ["keep": 2], "stop": [["signal": "INT", "wait": "1s"], ["signal": "KILL"]]])
      let paths = edited.differences(from: try await stage.observe(edited)).map(\.path)
      #expect(paths == ["logs.keep", "stop"])
      #expect(try await stage.reconcile(edited) == .done)
      #expect(try await stage.process(edited) == process)
      #expect(try await stage.reconcile(edited) == nil)
    }
  }

  @Test("another command is planned as a restart with its reason, and done replica by replica")
  func command() async throws {
    try await onStage { stage in
      let more: Value = [
        "replicas": 2, "environment": ["A": "1"],
        "readiness": ["log": ["pattern": "ready"]], "stop": [["signal": "KILL"]],
      ]
      let spec = try stage.shell("web", "echo ready {replica}; exec sleep 1000", more)
      try await stage.reconcile(spec)
      try await stage.wait(spec, for: "readiness") { $0.processes.allSatisfy(\.isReady) }
      #expect(try stage.lines(spec, replica: 1) == ["ready 1"])
      let edited = try stage.shell("web", "echo ready {replica} again; exec sleep 1001", more)
      let differences = edited.differences(from: try await stage.observe(edited))
      #expect(differences.map(\.path) == ["command", "restart"])
      #expect(differences.last?.desired == .value("anew, because of command"))
      var outcome = try await stage.reconcile(edited)
      while case .underway? = outcome {
        let report = try #require(try stage.report(edited))
        #expect(report.processes.count { $0.isReady } >= 1, "one serves at any time")
        try await Task.sleep(for: .milliseconds(5))
        outcome = try await stage.reconcile(edited)
      }
      let report = try await stage.wait(edited, for: "readiness") {
        $0.processes.allSatisfy { $0.isReady && $0.isCurrent }
      }
      #expect(report.processes.count == 2)
    }
  }

  @Test("a new version that never works leaves the old ones serving, and says so")
  func brokenRollout() async throws {
    try await onStage { stage in
      let more: Value = [
        "replicas": 3, "stop": [["signal": "KILL"]],
        "readiness": ["log": ["pattern": "ready"], "deadline": "200ms"],
      ]
      let spec = try stage.shell("web", "echo ready; exec sleep 1000", more)
      try await stage.reconcile(spec)
      try await stage.wait(spec, for: "readiness") { $0.processes.allSatisfy(\.isReady) }
      let broken = try stage.shell("web", "echo broken; exec sleep 1001", more)
      _ = try await stage.reconcile(broken)
      let report = try await stage.wait(broken, for: "stop") { $0.stuck != nil }
      #expect(report.processes.count { $0.isReady && !$0.isCurrent } == 2)
      let error = await #expect(throws: ProviderError.self) { try await stage.reconcile(broken) }
      #expect(error?.message.contains("broken") == true, "\(String(describing: error))")
      try await stage.reconcile(spec)
      try await stage.wait(spec, for: "the way back") {
        $0.processes.allSatisfy { $0.isReady && $0.isCurrent }
      }
    }
  }

  @Test("T62: a secret is nowhere but in the environment, and another one restarts")
  func secrets() async throws {
    try await onStage { stage in
      let source = SecretSource.file("/run/token")
      stage.surroundings.set("canary-1", at: source)
      let more: Value = ["environment": ["TOKEN": ["file": "/run/token"]]]
      let spec = try stage.shell("web", "echo $TOKEN | wc -c; exec sleep 1000", more)
      try await stage.reconcile(spec)
      let process = try await stage.process(spec)
      try await stage.wait(spec, forLine: "9")
      #expect(try await stage.reconcile(spec) == nil)
      stage.surroundings.set("canary-22", at: source)
      let differences = spec.differences(from: try await stage.observe(spec))
      #expect(differences.map(\.path) == ["environment.TOKEN", "restart"])
      #expect(differences.first?.isSensitive == true)
      try await stage.reconcile(spec)
      try await stage.wait(spec, forLine: "10")
      #expect(try await stage.process(spec) != process)
      let traces = try await run(
        "sh", ["-c", "grep -rl canary \(stage.folder.path) || true"])
      #expect(traces == "")
      #expect(try stage.report(spec)?.face.contains("canary") == false)
    }
  }

  @Test("fields that are left alone keep the value that they have")
  func ignored() async throws {
    try await onStage { stage in
      let spec = try stage.shell("web", "exec sleep 1000", ["logs": ["keep": 2]])
      try await stage.reconcile(spec)
      let process = try await stage.process(spec)
      let edited = try stage.shell("web", "exec sleep 1001", ["logs": ["keep": 3]])
      let current = try #require(try await stage.observe(edited))
      let named = edited.differences(from: current).filter { $0.path == "logs.keep" }
      _ = try await stage.apply(Change(.update(current, to: edited), named))
      #expect(try await stage.process(spec) == process)
      let rest = edited.differences(from: try await stage.observe(edited)).map(\.path)
      #expect(rest == ["command", "restart"])
    }
  }

  @Test("a request starts it anew; one that is not kept can't be")
  func restart() async throws {
    try await onStage { stage in
      let spec = try stage.shell("web", "exec sleep 1000")
      await #expect(throws: ProviderError.self) {
        try await stage.provider.restart(spec.id, stage.context)
      }
      try await stage.reconcile(spec)
      let process = try await stage.process(spec)
      try await stage.provider.restart(spec.id, stage.context)
      try await stage.wait(spec, for: "restart") {
        $0.processes.first.map { $0.process > 0 && $0.process != process } ?? false
      }
      #expect(try await stage.reconcile(spec) == nil)
    }
  }

  @Test("more and fewer replicas touch only those that come and go")
  func scaling() async throws {
    try await onStage { stage in
      let two = try stage.shell("web", "exec sleep 1000", ["replicas": 2])
      try await stage.reconcile(two)
      let process = try await stage.process(two)
      let one = try stage.shell("web", "exec sleep 1000")
      try await stage.reconcile(one)
      try await stage.wait(one, for: "one") { $0.processes.count == 1 }
      #expect(try await stage.process(one) == process)
    }
  }
}
