import Foundation
import Tend
import Testing

@testable import TendFiles

@Suite("nothing half done is ever seen, or left behind")
struct AtomicityTests {
  @Test("T72 a reader sees whole old or whole new content, with its mode, from the first instant")
  func tornContent() async throws {
    let here = try Playground()
    let specs = try ["old", "new"].map {
      try here.file("f", String(repeating: $0, count: 20_000), mode: "0640")
    }
    try await here.reconcile(specs[0])
    let reader = Watcher(here.path) { path, status in
      guard path.hasSuffix("/f") else { return true }
      guard status.st_mode & 0o7777 == 0o640, let text = text(of: path) else { return false }
      return text.utf8.count == 60_000
        && (text.hasPrefix("old") ? text.hasSuffix("old") : text.hasSuffix("new"))
    }
    for round in 0..<200 { try await here.reconcile(specs[round % 2]) }
    let (seen, violations) = reader.stop()
    #expect(violations == 0)
    #expect(seen > 100)
  }

  @Test("T72 a create is complete when it is first seen")
  func tornCreate() async throws {
    let here = try Playground()
    let specs = [
      try here.file("f", String(repeating: "x", count: 100_000), mode: "0604"),
      try here.directory("d", ["mode": "0705"]),
    ]
    let reader = Watcher(here.path) { path, status in
      switch path.split(separator: "/").last {
      case "f": status.st_mode & 0o7777 == 0o604 && status.st_size == 100_000
      case "d": status.st_mode & 0o7777 == 0o705
      default: true
      }
    }
    for _ in 0..<60 {
      for spec in specs { try await here.reconcile(spec) }
      for spec in specs { try await here.prune(spec) }
    }
    #expect(reader.stop().violations == 0)
  }

  @Test("T72 killed at any moment, the next run finishes the work and leaves nothing behind")
  func killed() async throws {
    let here = try Playground()
    // What the killed runs need for themselves lies beside what they write.
    for name in ["runs", "work"] { mkdir(here(name), 0o755) }
    let work = here("work")
    var leftBehind = 0
    for round in 0..<40 {
      let (path, microseconds) = (here.path, UInt32.random(in: 500..<15_000))
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [path = path as String, microseconds = microseconds as UInt32] in
        try await Self.writeUntilKilled(in: path, after: microseconds)
      }
      leftBehind += names(in: work).count { $0.contains(".tend-") }
      if let text = text(of: "\(work)/f") {
        #expect(text.utf8.count == 30_000, "round \(round)")
        #expect(Set(text.utf8).count == 1, "round \(round)")
      }
      let next = try Playground()
      for spec in try Self.specs(2 + round % 2, in: work) { try await next.reconcile(spec) }
      #expect(names(in: work) == ["d", "f", "l"], "round \(round)")
    }
    #expect(leftBehind > 0, "no kill came at a moment that leaves something behind")
  }

  private static func specs(_ round: Int, in path: String) throws -> [EntrySpec] {
    let content = String(repeating: ["a", "b", "c", "d"][round % 4], count: 30_000)
    return [
      try declare("File", "\(path)/f", .init([.init(key: "content", value: .string(content))])),
      try declare(
        "Symlink", "\(path)/l", .init([.init(key: "target", value: .string("\(round)"))])),
      try declare("Directory", "\(path)/d", .init()),
    ]
  }

  private static func writeUntilKilled(in folder: String, after microseconds: UInt32) async throws {
    let here = try Playground(in: "\(folder)/runs")
    let path = "\(folder)/work"
    for spec in try specs(0, in: path) { try await here.reconcile(spec) }
    Thread.detachNewThread {
      usleep(microseconds)
      kill(getpid(), SIGKILL)
    }
    for round in 1... {
      for spec in try specs(round % 2, in: path) { try await here.reconcile(spec) }
      if round % 3 == 0 { for spec in try specs(0, in: path) { try await here.prune(spec) } }
    }
  }
}
