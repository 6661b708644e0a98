import Foundation
import Tend
import TestSupport
import Testing

@testable import TendProcesses

@Suite("a process that goes on under another name", .serialized)
struct RenameTests {
  private static let script = "trap 'echo hup' HUP; while :; do echo tick; sleep 0.05; done"

  private func rename(_ stage: Stage, _ old: ProcessSpec, _ new: ProcessSpec) async throws {
    try await stage.provider.rename(old.id, to: new.id, stage.context)
  }

  @Test("it keeps its process, its log and its record, and is not touched by its next observation")
  func goesOn() async throws {
    try await onStage { stage in
      let old = try stage.shell("old", Self.script)
      let new = try stage.shell("new", Self.script)
      try await stage.reconcile(old)
      let process = try await stage.process(old)
      try await stage.wait(old, forLine: "tick")
      try await rename(stage, old, new)
      #expect(try stage.report(old) == nil)
      #expect(try await stage.reconcile(new) == nil, "nothing is to be done")
      #expect(try await stage.process(new) == process)
      let count = try stage.lines(new).count
      #expect(await eventually { ((try? stage.lines(new).count) ?? 0) > count + 2 })
      try await rename(stage, old, new)
      #expect(try await stage.process(new) == process, "once more is nothing")
      try await stage.delete(new)
      #expect(!stage.isRunning(process))
    }
  }

  @Test("a holder that dies after it is followed by one that knows it by its new name")
  func outlivesTheHolder() async throws {
    try await onStage { stage in
      let old = try stage.shell("old", Self.script)
      let new = try stage.shell("new", Self.script)
      try await stage.reconcile(old)
      let process = try await stage.process(old)
      try await rename(stage, old, new)
      let holder = try stage.holder()
      kill(holder, SIGKILL)
      _ = await eventually { !stage.isRunning(holder) }
      #expect(stage.provider.abandoned == [new.id])
      try await stage.reconcile(new)
      #expect(try await stage.process(new) == process)
      #expect(try stage.report(old) == nil)
      try await stage.delete(new)
      #expect(
        !stage.isRunning(process),
        "all that belongs to it is found by the name that it was born with")
    }
  }

  @Test("another one of the old name has nothing in common with it")
  func reused() async throws {
    try await onStage { stage in
      let script = "sleep 1000 & exec sleep 1000"
      let old = try stage.shell("old", script)
      let new = try stage.shell("new", script)
      try await stage.reconcile(old)
      let first = try await stage.process(old)
      try await rename(stage, old, new)
      try await stage.reconcile(old)
      let second = try await stage.process(old)
      #expect(first != second && stage.isRunning(first))
      try await stage.delete(old)
      #expect(stage.isRunning(first) && !stage.isRunning(second))
      #expect(try await stage.process(new) == first)
    }
  }

  @Test("where the new name is taken nothing happens")
  func taken() async throws {
    try await onStage { stage in
      let old = try stage.shell("old", Self.script)
      let new = try stage.shell("new", Self.script)
      for spec in [old, new] { try await stage.reconcile(spec) }
      let processes = [try await stage.process(old), try await stage.process(new)]
      try await rename(stage, old, new)
      #expect([try await stage.process(old), try await stage.process(new)] == processes)
    }
  }

  @Test("a notice reaches the renamed one, also after it was started again")
  func notices() async throws {
    try await onStage { stage in
      let script = """
        python3 -c 'import os,socket,time
        s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)
        a=os.environ["NOTIFY_SOCKET"].replace("@","\\0",1)
        s.sendto(b"READY=1",a)
        time.sleep(1000)'
        """
      let more: Value = ["readiness": ["notify": true]]
      let old = try stage.shell("old", script, more)
      let new = try stage.shell("new", script, more)
      try await stage.reconcile(old)
      let first = try await stage.process(old)
      try await rename(stage, old, new)
      kill(first, SIGKILL)
      try await stage.wait(new, for: "a second one that is ready") {
        $0.processes.first.map { $0.isReady && $0.process != first } ?? false
      }
    }
  }
}

extension ProcessProvider {
  fileprivate var abandoned: [String] {
    (try? home().connection.abandoned().map(\.id)) ?? []
  }
}
