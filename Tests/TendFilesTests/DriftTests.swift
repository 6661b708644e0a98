import Foundation
import Synchronization
import Tend
import Testing

@testable import TendFiles

/// What a watch has reported, for a test to wait for.
private final class Reports: Sendable {
  private let stream: AsyncStream<EntryPath?>
  private let continuation: AsyncStream<EntryPath?>.Continuation
  private let limits = Mutex<[String]>([])

  init() {
    (stream, continuation) = AsyncStream.makeStream()
  }

  var drift: Drift<EntryPath> {
    Drift(
      report: { [continuation] in continuation.yield($0) },
      limit: { reason in self.limits.withLock { $0.append(reason ?? "whole") } })
  }

  var reasons: [String] { limits.withLock { $0 } }

  /// All that comes up to the report of this entry; it must come within two minutes.
  func upTo(_ path: EntryPath) async throws -> [EntryPath?] {
    try await within("a report of \(path)") { [stream] in
      var seen: [EntryPath?] = []
      for await report in stream {
        if report == path { break }
        seen.append(report)
      }
      return seen
    }
  }

  /// The next report.
  func next() async throws -> EntryPath?? {
    try await within("a report") { [stream] in
      for await report in stream { return report }
      return nil
    }
  }

  private func within<Answer: Sendable>(
    _ what: String, _ body: @escaping @Sendable () async -> Answer
  ) async throws -> Answer {
    try await withThrowingTaskGroup(of: Answer?.self) { group in
      group.addTask { await body() }
      group.addTask {
        try await ContinuousClock().sleep(for: .seconds(120))
        return nil
      }
      let answer = try await group.next() ?? nil
      group.cancelAll()
      return try #require(answer, "there was never \(what)")
    }
  }
}

@Suite("drift of files is reported as it happens")
struct DriftTests {
  /// Watches while a body runs; what was looked at before is looked at once more.
  private func watching(
    _ ground: Playground, _ body: (Reports) async throws -> Void
  ) async throws {
    let reports = Reports()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        do throws(ProviderError) {
          try await ground.provider.watch(reports.drift)
        } catch  where error.code == .cancelled {}
      }
      // The watch has begun once an entry can be watched.
      let probe = try ground.file("probe")
      while ground.provider.watch.count == 0 {
        try await ground.reconcile(probe)
        await Task.yield()
      }
      try await body(reports)
      group.cancelAll()
      try await group.waitForAll()
    }
  }

  /// What was reported before a foreign change to the probe, which comes last.
  private func reported(_ ground: Playground, _ reports: Reports) async throws -> [EntryPath?] {
    try write("foreign", to: ground("probe"))
    let probe = try ground.file("probe")
    let seen = try await reports.upTo(probe.id).filter { $0 != nil && $0 != probe.id }
    try await ground.reconcile(probe)
    return seen
  }

  enum Meddling: String, CaseIterable, Sendable {
    case append, cut, replace, delete, mode, moveAway, directory

    func meddle(_ path: String) throws {
      switch self {
      case .append:
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.seekToEnd()
        try file.write(contentsOf: Data("x".utf8))
        try file.close()
      case .cut: truncate(path, 0)
      case .replace:
        try write("other", to: path + ".other")
        rename(path + ".other", path)
      case .delete: unlink(path)
      case .mode: chmod(path, 0o600)
      case .moveAway: rename(path, path + ".away")
      case .directory:
        unlink(path)
        mkdir(path, 0o755)
      }
    }
  }

  @Test("whatever others do to a file is reported", arguments: Meddling.allCases)
  func meddling(_ meddling: Meddling) async throws {
    let ground = try Playground()
    try await watching(ground) { reports in
      let file = try ground.file("a", mode: "0644")
      try await ground.reconcile(file)
      try meddling.meddle(ground("a"))
      _ = try await reports.upTo(file.id)
      let differences = try await ground.differences(file)
      #expect(!differences.isEmpty)
    }
  }

  @Test("what we write ourselves is not reported: create, content, mode, kind, delete")
  func ownWrites() async throws {
    let ground = try Playground()
    try await watching(ground) { reports in
      for _ in 0..<20 {
        try await ground.reconcile(try ground.directory("d"))
        try await ground.reconcile(try ground.file("d/a", "one\n"))
        try await ground.reconcile(try ground.file("d/a", "two\n"))
        try await ground.reconcile(try ground.file("d/a", "two\n", mode: "0600"))
        try await ground.reconcile(try ground.link("d/a", to: "b"))
        try await ground.reconcile(try ground.file("d/a", "three\n", ["replace": "inPlace"]))
        try await ground.reconcile(try ground.file("d/a", "four\n", ["replace": "inPlace"]))
        try await ground.prune(try ground.file("d/a"))
        try await ground.prune(try ground.directory("d"))
      }
      let news = try await reported(ground, reports)
      #expect(news.isEmpty, "\(news)")
    }
  }

  @Test("a repair of what others changed is not reported, and the next change is")
  func repair() async throws {
    let ground = try Playground()
    try await watching(ground) { reports in
      let file = try ground.file("a", mode: "0644")
      try await ground.reconcile(file)
      _ = try await reported(ground, reports)
      for _ in 0..<50 {
        try Meddling.mode.meddle(ground("a"))
        _ = try await reports.upTo(file.id)
        try await ground.reconcile(file)
        let news = try await reported(ground, reports)
        #expect(news.isEmpty, "\(news)")
        try await ground.reconcile(file)
      }
    }
  }

  @Test("what others write between our write and the look that follows is theirs, not ours")
  func rightAfterwards() async throws {
    let ground = try Playground()
    let file = try ground.file("a")
    let change = ground.plan(file, nil, file.differences(from: nil))
    _ = try await ground.apply(change)
    try write("theirs", to: ground("a"))
    let error = await failure { _ = try await ground.observe(file) }
    #expect(error?.code == .conflict)
    #expect(try await ground.paths(file) == ["content"])
    try await ground.reconcile(file)
    #expect(text(of: ground("a")) == "hello\n")
  }

  @Test("a thousand files in ten directories take ten watches, and none once they are forgotten")
  func watches() async throws {
    let ground = try Playground()
    try await watching(ground) { _ in
      let before = ground.provider.watch.count
      var files: [EntrySpec] = []
      for number in 0..<10 {
        try FileManager.default.createDirectory(
          atPath: ground("d\(number)"), withIntermediateDirectories: false)
        for file in 0..<100 { files.append(try ground.file("d\(number)/f\(file)")) }
      }
      for file in files { _ = try await ground.observe(file) }
      #expect(ground.provider.watch.count == before + 10)
      for file in files { ground.provider.forget(file.id) }
      #expect(ground.provider.watch.count == before)
    }
  }

  @Test("a file whose directory nobody has made is reported when it appears, step by step")
  func missingParents() async throws {
    let ground = try Playground()
    try await watching(ground) { reports in
      let file = try ground.file("x/y/z")
      let first = await failure { _ = try await ground.observe(file) }
      #expect(first?.code == .permanent)
      try FileManager.default.createDirectory(
        atPath: ground("x"), withIntermediateDirectories: false)
      _ = try await reports.upTo(file.id)
      let error = await failure { _ = try await ground.observe(file) }
      #expect(error?.code == .permanent)
      try FileManager.default.createDirectory(
        atPath: ground("x/y"), withIntermediateDirectories: false)
      _ = try await reports.upTo(file.id)
      let found = try await ground.observe(file)
      #expect(found == nil)
      try write("theirs", to: ground("x/y/z"))
      _ = try await reports.upTo(file.id)
    }
  }

  @Test("a directory that is moved away and replaced is watched anew, with all in it")
  func replacedDirectory() async throws {
    let ground = try Playground()
    try await watching(ground) { reports in
      for directory in ["d", "d/sub"] {
        try await ground.reconcile(try ground.directory(directory))
      }
      let file = try ground.file("d/sub/a")
      try await ground.reconcile(file)
      rename(ground("d"), ground("old"))
      _ = try await reports.upTo(file.id)
      try FileManager.default.createDirectory(
        atPath: ground("d/sub"), withIntermediateDirectories: true)
      let found = try await ground.observe(file)
      #expect(found == nil)
      try write("theirs", to: ground("d/sub/a"))
      _ = try await reports.upTo(file.id)
      // What goes on in the one that was moved away is nobody's business any more.
      try await ground.reconcile(file)
      _ = try await reported(ground, reports)
      try write("theirs", to: ground("old/sub/a"))
      let news = try await reported(ground, reports)
      #expect(news.isEmpty, "\(news)")
    }
  }

  @Test("an unmounted tree is reported", .asRoot)
  func unmounted() async throws {
    let ground = try Playground()
    try await ground.reconcile(try ground.directory("m"))
    let status = try run("mount", "-t", "tmpfs", "none", ground("m"))
    try #require(status == 0)
    defer { _ = try? run("umount", "-l", ground("m")) }
    try await watching(ground) { reports in
      let file = try ground.file("m/a")
      try await ground.reconcile(file)
      let status = try run("umount", "-l", ground("m"))
      try #require(status == 0)
      // The kernel lets go of the tree when nobody holds it open any more.
      ground.provider.directories.forgetAll()
      _ = try await reports.upTo(file.id)
      let found = try await ground.observe(file)
      #expect(found == nil)
    }
  }

  @Test("events that were lost make everything be looked at again, and watching goes on")
  func overflow() async throws {
    let ground = try Playground()
    let setting = try #require(text(of: "/proc/sys/fs/inotify/max_queued_events"))
    let limit = try #require(Int(setting.dropLast()))
    try await watching(ground) { reports in
      let file = try ground.file("a")
      try await ground.reconcile(file)
      // The reader waits for the lock, and nobody takes the events out meanwhile.
      ground.provider.watch.whileHeld {
        for number in 0...limit {
          // Two by turns, since equal ones are made one.
          _ = number.isMultiple(of: 2) ? chmod(ground("a"), 0o600) : unlink(ground("b"))
          close(open(ground("b"), O_CREAT | O_WRONLY, 0o600))
        }
      }
      while try await reports.next() != .some(nil) {}
      try await ground.reconcile(file)
      try write("theirs", to: ground("a"))
      _ = try await reports.upTo(file.id)
    }
  }

  @Test("a change while nobody watched is not missed: all is looked at once watching begins")
  func lateWatch() async throws {
    let ground = try Playground()
    let file = try ground.file("a")
    try await ground.reconcile(file)
    try await watching(ground) { reports in
      let first = try await reports.next()
      #expect(first == .some(nil))
    }
  }

  @Test("a second watch of one provider is refused, since the first one has its reports")
  func twoWatches() async throws {
    let ground = try Playground()
    try await watching(ground) { _ in
      let error = await failure { try await ground.provider.watch(Reports().drift) }
      #expect(error?.code == .permanent)
    }
  }
}
