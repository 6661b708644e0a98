import Foundation
import Tend
import TestSupport
import Testing

@testable import TendProcesses

@Suite("what a process prints is kept, within bounds", .serialized)
struct LogTests {
  @Test("lines keep their times and their order, whichever stream they come from")
  func lines() async throws {
    try await onStage { stage in
      let spec = try stage.shell("web", "echo one; echo two >&2; printf three; exec sleep 1000")
      try await stage.reconcile(spec)
      try await stage.wait(spec, forLine: "two")
      #expect(try stage.lines(spec) == ["one", "two"])
      let path = try #require(stage.provider.logs(of: spec.id).first?.path)
      let text = try String(contentsOfFile: path + "/current", encoding: .utf8)
      let time = try #require(text.split(separator: " ").first)
      #expect(Timestamp(String(time)) != nil)
      try await stage.delete(spec)
    }
  }

  @Test("one that has printed nothing has a log that can be followed, and no file in it")
  func silent() async throws {
    try await onStage { stage in
      let spec = try stage.shell("web", "exec sleep 1000", ["replicas": 2])
      try await stage.reconcile(spec)
      _ = try await stage.process(spec)
      let folders = stage.provider.logs(of: spec.id)
      #expect(folders.map(\.part) == ["0", "1"])
      let names = try folders.flatMap { folder in
        try FileManager.default.contentsOfDirectory(atPath: folder.path)
      }
      #expect(names == [])
    }
  }

  @Test("T59: a flood stays within its files, and the newest lines are the ones that are kept")
  func flood() async throws {
    try await onStage { stage in
      let spec = try stage.shell(
        "flood", "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; exec sleep 1000",
        ["logs": ["maximumSize": "64Ki", "keep": 2]])
      try await stage.reconcile(spec)
      try await stage.wait(spec, forLine: "line 19999")
      let path = try #require(stage.provider.logs(of: spec.id).first?.path)
      let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
      #expect(names == ["1", "2", "current"])
      for name in ["1", "2", "current"] {
        let size = try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")[.size]
        #expect((size as? Int ?? .max) <= 64 << 10)
      }
    }
  }

  @Test(
    "T59: a log that is taken away is begun anew, also with its folder",
    arguments: ["/current", ""])
  func removed(_ what: String) async throws {
    try await onStage { stage in
      let spec = try stage.shell("web", "while :; do echo tick; sleep 0.02; done")
      try await stage.reconcile(spec)
      try await stage.wait(spec, forLine: "tick")
      let path = try #require(stage.provider.logs(of: spec.id).first?.path)
      try FileManager.default.removeItem(atPath: path + what)
      let isBack = await eventually { (try? stage.lines(spec))?.contains("tick") == true }
      #expect(isBack)
    }
  }

  @Test("T59: a full disk loses lines and says how many, and blocks nobody", .enabled(if: isRoot))
  func fullDisk() async throws {
    let folder = try TemporaryFolder("full")
    try folder.makeFolder("disk")
    try await run("mount", ["-t", "tmpfs", "-o", "size=512k", "tmpfs", folder.path("disk")])
    defer { umount2(folder.path("disk"), 2) }
    let output = try Output(
      ["disk"], in: Folder(at: folder.path), through: "pipe", in: Folder(at: folder.path),
      LogLimits(maximumSize: 1 << 30, keep: 0), account: nil)
    let writer = try output.openForProcess()
    let line = Array((String(repeating: "x", count: 1000) + "\n").utf8)
    var wall: Int64 = 0
    for _ in 0..<1000 {
      try writer.write(line)
      wall += 1
      _ = output.drain(at: wall)
    }
    try FileManager.default.removeItem(atPath: folder.path("disk/current"))
    // What was removed need not be free at once.
    var text = ""
    try await eventually("lines are kept again") {
      try writer.write(line)
      _ = output.drain(at: wall)
      text = try String(contentsOfFile: folder.path("disk/current"), encoding: .utf8)
      return text.contains("xxx")
    }
    #expect(text.contains("lines were lost"))
    #expect(text.contains("xxx"))
  }

  @Test(
    "T59: a disk that fills blocks no process, and what is printed once there is room is kept",
    .enabled(if: isRoot, "a small disk can't be mounted here"))
  func diskFullAndRecovered() async throws {
    try await onStage("disk") { stage in
      try stage.folder.makeFolder("processes/logs")
      let disk = stage.folder.path("processes/logs")
      try await run("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk])
      defer { umount2(disk, 2) }
      let count = stage.folder.path("count")
      let spec = try stage.shell(
        "noisy",
        "i=0; while :; do i=$((i+1)); echo line $i $(printf %0900d 0); echo $i > \(count); done")
      try await stage.reconcile(spec)
      let reaches = { (goal: Int) in
        await eventually {
          let text = try? String(contentsOfFile: count, encoding: .utf8)
          return (text.flatMap { Int($0.dropLast()) } ?? 0) >= goal
        }
      }
      // More than fits on the disk and in the pipe together.
      #expect(await reaches(600), "it is not blocked")
      try await run("mount", ["-o", "remount,size=64m", disk])
      let goesOn = await eventually {
        (try? stage.lines(spec))?.contains { $0.contains("lines were lost") } == true
      }
      #expect(goesOn)
      #expect(try stage.report(spec)?.processes.first?.restarts == 0)
    }
  }

  @Test(
    "T59: one that prints as fast as it can takes no memory, and the others are looked after",
    .disabled(
      if: ProcessInfo.processInfo.environment["TEND_SANITIZER"] != nil,
      "a sanitizer takes memory of its own"))
  func firehose() async throws {
    try await onStage { stage in
      let other = try stage.shell("other", "exec sleep 1000")
      try await stage.reconcile(other)
      let process = try await stage.process(other)
      let holder = try stage.holder()
      let before = try #require(Usage(of: holder)).memory
      let spec = try stage.shell(
        "hose", "exec yes \(String(repeating: "x", count: 120))",
        ["logs": ["maximumSize": "256Ki", "keep": 2]])
      try await stage.reconcile(spec)
      let path = stage.folder.path("processes/logs/\(FolderName.of(spec.id))/0/2")
      // Each time that the oldest file is another one, that much has gone through.
      for _ in 0..<20 {
        let old = inode(path)
        let isRotated = await eventually { inode(path) != old }
        #expect(isRotated)
      }
      kill(process, SIGKILL)
      try await stage.wait(other, for: "restart") { $0.processes.first?.restarts == 1 }
      let after = try #require(Usage(of: holder)).memory
      #expect(after - before < 16 << 20, "\(before) bytes became \(after)")
    }
  }

  private func inode(_ path: String) -> UInt64 {
    var status = stat()
    return stat(path, &status) == 0 ? UInt64(status.st_ino) : 0
  }

  @Test("a line without an end is cut at 16 KiB, bytes that are no text pass")
  func oddLines() throws {
    let folder = try TemporaryFolder("odd")
    let output = try Output(
      [], in: Folder(at: folder.path), through: "pipe", in: Folder(at: folder.path), LogLimits(),
      account: nil)
    let writer = try output.openForProcess()
    try writer.write([UInt8](repeating: 65, count: 40_000))
    for _ in 0..<10 { _ = output.drain(at: 0) }
    try writer.write([0xff, 0xfe, 0x0a])
    _ = output.drain(at: 0)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.path("current")))
    #expect(bytes.split(separator: 10).allSatisfy { $0.count <= Output.longestLine + 30 })
    #expect(bytes.contains(0xff))
  }
}
