import CTendProcesses
import Foundation
import Tend
import TestSupport
import Testing

@testable import TendProcesses

@Suite("a stop ends the whole tree, and nothing else", .serialized)
struct TreeTests {
  static let quick: Value = [
    "stop": [["signal": "TERM", "wait": "100ms"], ["signal": "KILL"]]
  ]

  /// With cgroups, and with sessions, marks and parents alone.
  static let both = Cgroups().unified == nil ? [false] : [true, false]

  @Test(
    "T51: descendants that fork twice, make sessions and ignore TERM are gone", arguments: both)
  func wholeTree(usesCgroups: Bool) async throws {
    try await onStage(usesCgroups: usesCgroups) { stage in
      let spec = try stage.shell(
        "tree",
        "trap '' TERM; "
          + "(setsid sh -c 'trap \"\" TERM; echo deep $$; while :; do sleep 1; done' &) ; "
          + "echo main $$; while :; do sleep 1; done", Self.quick)
      try await stage.reconcile(spec)
      let found = await eventually { (try? stage.lines(spec))?.count == 2 }
      #expect(found)
      let processes = try stage.lines(spec).compactMap { line in
        line.split(separator: " ").last.flatMap { Int32($0) }
      }
      #expect(processes.count == 2)
      #expect(processes.allSatisfy(stage.isRunning))
      try await stage.delete(spec)
      #expect(!processes.contains(where: stage.isRunning))
    }
  }

  @Test("T52: a grandchild that keeps the pipe hides no exit, and goes", arguments: both)
  func inheritedPipe(usesCgroups: Bool) async throws {
    try await onStage(usesCgroups: usesCgroups) { stage in
      let spec = try stage.shell(
        "pipe", "sleep 1000 & echo $!; exit 0",
        ["restart": ["policy": "never"], "stop": [["signal": "TERM", "wait": "1s"]]])
      try await stage.reconcile(spec)
      let report = try await stage.wait(spec, for: "end") {
        $0.processes.first?.state == .finished
      }
      #expect(report.processes.first?.lastExit == .status(0))
      let child = try #require(Int32(try stage.lines(spec).first ?? ""))
      #expect(!stage.isRunning(child))
    }
  }

  @Test("T53: of 10,000 short children, half of them orphans, none becomes a zombie")
  func zombies() async throws {
    try await onStage { stage in
      let spec = try stage.shell(
        "short",
        "i=0; while [ $i -lt 5000 ]; do (true &) ; i=$((i+1)); done; echo done; exec sleep 1000")
      try await stage.reconcile(spec)
      try await stage.wait(spec, forLine: "done")
      let holder = try stage.holder()
      let clean = await eventually { zombies(of: holder) == 0 }
      #expect(clean)
    }
  }

  @Test("T55: a holder without a free descriptor ends the whole tree", arguments: both)
  func withoutDescriptors(usesCgroups: Bool) async throws {
    try await onStage(usesCgroups: usesCgroups) { stage in
      let spec = try stage.shell(
        "tree",
        "for i in 1 2 3 4 5 6 7 8 9; do "
          + "(setsid sh -c 'trap \"\" TERM; echo deep $$; while :; do sleep 1; done' &) ; done; "
          + "echo main $$; while :; do sleep 1; done", ["stop": [["signal": "KILL"]]])
      try await stage.reconcile(spec)
      let found = await eventually { (try? stage.lines(spec))?.count == 10 }
      #expect(found)
      let processes = try stage.lines(spec).compactMap { line in
        line.split(separator: " ").last.flatMap { Int32($0) }
      }
      let strangers = try await occupy(stage)
      _ = try stage.provider.home().connection.ask(.release(id: spec.id))
      let isEnded = await eventually { !processes.contains(where: stage.isRunning) }
      #expect(isEnded && !strangers.isEmpty)
    }
  }

  /// Lets the holder have no more descriptors than now, and takes those that it would lend.
  private func occupy(_ stage: Stage) async throws -> [Descriptor] {
    let holder = try stage.holder()
    let open = { try FileManager.default.contentsOfDirectory(atPath: "/proc/\(holder)/fd") }
    let most = try #require(try open().compactMap { Int($0) }.max()) + 1
    let (command, _) = try start(
      ["/usr/bin/prlimit", "--pid=\(holder)", "--nofile=\(most):\(most)"])
    var status: Int32 = -1
    try #require(waitpid(command, &status, 0) == command && status == 0)
    let folder = try Folder(at: stage.directory)
    let strangers = try (0..<most + 1).map { _ in
      try Descriptor(tend_connect(folder.raw, Holder.socketName, 10_000))
    }
    let isFull = await eventually { (try? open().count) == most }
    try #require(isFull)
    return strangers
  }

  private func zombies(of parent: Int32) -> Int {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return all.compactMap { Int32($0) }.count { process in
      guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
        let end = text.lastIndex(of: ")")
      else { return false }
      let fields = text[end...].split(separator: " ")
      return fields.count > 2 && fields[1] == "Z" && fields[2] == "\(parent)"
    }
  }

  private static let freezer = "/sys/fs/cgroup/freezer"

  @Test(
    "T60: one that can't end holds its deletion up, by name, and goes once it can",
    .enabled(if: access(freezer, W_OK) == 0, "no group can be frozen here so that KILL waits"))
  func frozen() async throws {
    try await onStage { stage in
      let group = "\(Self.freezer)/tend-test-\(getpid())"
      mkdir(group, 0o700)
      let spec = try stage.shell("stuck", "exec sleep 1000", Self.quick)
      try await stage.reconcile(spec)
      let process = try await stage.process(spec)
      try Data("\(process)".utf8).write(to: URL(fileURLWithPath: group + "/cgroup.procs"))
      // As one in a system call that does not come back.
      try Data("FROZEN".utf8).write(to: URL(fileURLWithPath: group + "/freezer.state"))
      defer {
        try? Data("THAWED".utf8).write(to: URL(fileURLWithPath: group + "/freezer.state"))
      }
      let current = try #require(try await stage.observe(spec))
      let error = await #expect(throws: ProviderError.self) {
        _ = try await stage.apply(Change(.delete(current), []))
      }
      #expect(error?.code == .transient)
      #expect(
        error?.message
          == "waits for the end of process \(process) of replica 0, which was sent KILL")
      try Data("THAWED".utf8).write(to: URL(fileURLWithPath: group + "/freezer.state"))
      let isEnded = await eventually { !stage.isRunning(process) }
      #expect(isEnded)
      let isGone = await eventually { rmdir(group) == 0 }
      #expect(isGone)
    }
  }

  @Test(
    "what a holder started just before it died, and did not write down, is ended by the next",
    arguments: both)
  func unrecorded(usesCgroups: Bool) async throws {
    try await onStage(usesCgroups: usesCgroups) { stage in
      let spec = try stage.shell("web", "exec sleep 1000")
      try await stage.reconcile(spec)
      let process = try await stage.process(spec)
      let holder = try stage.holder()
      kill(holder, SIGKILL)
      let isGone = await eventually { !stage.isRunning(holder) }
      #expect(isGone)
      try stage.folder.remove("processes/\(Records.name)")
      try await stage.reconcile(spec)
      let next = try await stage.process(spec)
      #expect(next != process)
      let isEnded = await eventually { !stage.isRunning(process) }
      #expect(isEnded)
    }
  }

  /// A process of these tests' own.
  private func start(_ command: [String]) throws -> (process: Int32, descriptor: Descriptor) {
    let null = try Folder(at: "/dev").open("null", OpenFlags.reading)
    return try Starter.start(
      Launch(
        command: command, directory: "/", environment: [], account: nil, openFiles: 0,
        notifies: false, watchdog: 0, digest: ""),
      in: .init(input: null.raw, output: null.raw))
  }

  @Test("T50: a stranger that got an old id is neither adopted nor signalled")
  func stranger() async throws {
    try await onStage { stage in
      let spec = try stage.shell("web", "exec sleep 1000")
      try await stage.reconcile(spec)
      let process = try await stage.process(spec)
      let holder = try stage.holder()
      let (stranger, _) = try start(["/bin/sleep", "1000"])
      defer {
        kill(stranger, SIGKILL)
        waitpid(stranger, nil, 0)
      }
      kill(holder, SIGKILL)
      let isGone = await eventually { !stage.isRunning(holder) }
      #expect(isGone)
      kill(process, SIGKILL)
      // As if the id had been used again: the same id, another start.
      let connection = try stage.provider.home().connection
      var record = try #require(connection.abandoned().first)
      let old = record.identity
      record.identity = ProcessIdentity(
        boot: old.boot, process: stranger, started: old.started - 100)
      try Records(in: Folder(at: stage.directory)).rewrite([record])
      try connection.require()
      _ = try await stage.reconcile(spec)
      let report = try await stage.wait(spec, for: "a new process") {
        $0.processes.first?.process ?? 0 > 0
      }
      #expect(report.processes.first?.process != stranger)
      try await stage.delete(spec)
      #expect(kill(stranger, 0) == 0)
    }
  }
}
