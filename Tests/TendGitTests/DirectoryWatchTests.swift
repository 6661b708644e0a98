import Synchronization
import SystemPackage
import Tend
import TestSupport
import Testing

@testable import TendGit

@Suite("A directory that is watched")
struct DirectoryWatchTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder("watched") }

  @Test(
    "a change is noticed wherever it is",
    arguments: [
      "echo b > a.yaml", "echo b > new.yaml", "rm a.yaml", "mv a.yaml b.yaml",
      "echo b >> deep/er/x",
      "mkdir fresh", "rm -r deep", "chmod 600 a.yaml", "ln -s a.yaml link",
    ])
  func changes(_ script: String) async throws {
    try folder.write("a", to: "a.yaml")
    try folder.write("x", to: "deep/er/x")
    try await watching { count in
      try await run("sh", ["-c", script], in: folder.path)
      try await reached(count, 2)
    }
  }

  @Test("what is added in a directory that was added is noticed too")
  func nested() async throws {
    try await watching { count in
      for round in 2...4 {
        try folder.write("x", to: "a\(round)/b/c/d.yaml")
        try await reached(count, round)
      }
      try folder.write("y", to: "a3/b/c/d.yaml")
      try await reached(count, 5)
    }
  }

  @Test("T37: a directory that is replaced is watched anew, by its name")
  func replaced() async throws {
    try folder.write("a", to: "now/a.yaml")
    try folder.write("b", to: "next/a.yaml")
    try await watching("now") { count in
      try await run("sh", ["-c", "mv now then && mv next now"], in: folder.path)
      try await reached(count, 2)
      try folder.write("c", to: "now/a.yaml")
      try await reached(count, 3)
    }
  }

  @Test("a single file is watched by its directory, so that one put in its place is noticed")
  func file() async throws {
    try folder.write("a", to: "a.yaml")
    try await watching("a.yaml") { count in
      try folder.write("b", to: "b")
      try await run("mv", [folder.path("b"), folder.path("a.yaml")])
      try await reached(count, 2)
    }
  }

  @Test("a directory that rests causes nothing")
  func quiet() async throws {
    try folder.write("a", to: "a.yaml")
    try folder.write("a", to: ".git/x")
    try await watching { count in
      try folder.write("b", to: ".git/x")
      _ = try await run("cat", [folder.path("a.yaml")])
      try await ContinuousClock().sleep(for: .milliseconds(300))
      #expect(count.withLock { $0 } == 1)
    }
  }

  @Test("T37: where it can't be watched it is polled, and watched again once it can be")
  func unwatchable() async throws {
    let clock = StepClock()
    let count = Count()
    let folder = folder
    try await withThrowingTaskGroup(of: Void.self) { group in
      var configuration = DirectoryConfiguration(path: folder.path("later"))
      configuration.clock = clock
      let source = DirectorySource(configuration)
      group.addTask {
        while !Task.isCancelled {
          await source.waitForChange()
          count.value.withLock { $0 += 1 }
        }
      }
      try await eventually("it is polled") { clock.isAsleep }
      #expect(count.value.withLock { $0 } == 0)
      try folder.makeFolder("later")
      clock.wake()
      try await eventually("it is watched") { count.value.withLock { $0 } == 1 }
      group.cancelAll()
    }
  }

  @Test("bounds on directories hold, and many events at once are one change")
  func limits() async throws {
    for index in 0..<20 { try folder.makeFolder("d\(index)") }
    var limits = SourceLimits()
    limits.entries = 10
    #expect(throws: (any Error).self) { try WatchedTree(.init(folder.path), limits) }
    limits.entries = 100
    let tree = try WatchedTree(.init(folder.path), limits)
    #expect(!tree.hasEvents)
    for index in 0..<500 { try folder.write("x", to: "d1/\(index)") }
    #expect(tree.hasEvents)
    await tree.wait()
    tree.drain()
    #expect(!tree.hasEvents)
  }

  /// Watches while a body runs, which begins once the watch has.
  private func watching(
    _ path: String = "", _ body: (borrowing Mutex<Int>) async throws -> Void
  ) async throws {
    let count = Count()
    let folder = folder
    try await withThrowingTaskGroup(of: Void.self) { group in
      var configuration = DirectoryConfiguration(path: folder.path(path))
      configuration.settle = .milliseconds(50)
      let source = DirectorySource(configuration)
      group.addTask {
        while !Task.isCancelled {
          await source.waitForChange()
          count.value.withLock { $0 += 1 }
        }
      }
      defer { group.cancelAll() }
      try await reached(count.value, 1)
      try await body(count.value)
    }
  }

  private func reached(_ count: borrowing Mutex<Int>, _ wanted: Int) async throws {
    try await eventually("change \(wanted) is noticed") { count.withLock { $0 } >= wanted }
  }
}

private final class Count: Sendable {
  let value = Mutex(0)
}

/// A clock whose sleeps last until somebody wakes them.
private final class StepClock: Clock, Sendable {
  private struct State {
    var sleepers: [CheckedContinuation<Void, Never>] = []
    var isCancelled = false
  }
  private let state = Mutex(State())

  var now: ContinuousClock.Instant { ContinuousClock().now }
  var minimumResolution: Duration { .nanoseconds(1) }
  var isAsleep: Bool { state.withLock { !$0.sleepers.isEmpty } }

  func wake() {
    let sleepers = state.withLock { state in
      defer { state.sleepers = [] }
      return state.sleepers
    }
    for sleeper in sleepers { sleeper.resume() }
  }

  func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isDone = state.withLock { state in
          if state.isCancelled { return true }
          state.sleepers.append(continuation)
          return false
        }
        if isDone { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.isCancelled = true }
      wake()
    }
    try Task.checkCancellation()
  }
}
