import Glibc
import TendTesting
import TestSupport
import Testing

@testable import TendAgent

@Suite("Watching over the state directory")
struct StateWatchTests {
  /// A state directory in a folder of its own, and a watch that runs while the body acts; what the
  /// watch said, which it is waited for unless it is cancelled.
  private func watching(
    on clock: ManualClock, isCancelled: Bool = false,
    _ body: @Sendable (_ folder: String) async throws -> Void
  ) async throws -> Failure? {
    let folder = try TemporaryFolder("state")
    let state = StateDirectory(folder.path("upper/state"))
    for path in [folder.path("upper"), state.path] { try #require(mkdir(path, 0o700) == 0) }
    for name in ["lock", "tend.db"] {
      let file = Descriptor(open("\(state.path)/\(name)", O_CREAT | O_WRONLY, 0o600))
      try #require(file.raw >= 0)
    }
    let watch = StateWatch(state, clock: clock)
    return try await withThrowingTaskGroup(of: Failure?.self) { group in
      group.addTask {
        do { try await watch.run() } catch let failure as Failure { return failure }
        return nil
      }
      defer { group.cancelAll() }
      await clock.waitForSleepers()
      try await body(folder.path("upper"))
      if isCancelled { group.cancelAll() }
      return try await group.next() ?? nil
    }
  }

  @Test(
    "T31 a loss of the state directory is noticed as it happens",
    arguments: [
      ("rm lock", "what keeps others out"), ("mv tend.db elsewhere", "the store"),
      ("mv ../state ../other", "the directory"), ("rm -r ../state", "all of it"),
      ("mv lock other && touch lock", "another file in its place"),
    ])
  func told(loss: String, what: String) async throws {
    let failure = try await watching(on: ManualClock()) { folder in
      try #require(system("cd '\(folder)/state' && \(loss)") == 0)
    }
    #expect(failure?.code == "StateLost", "\(what)")
  }

  @Test("a folder further up that is moved is noticed by the next look")
  func further() async throws {
    let clock = ManualClock()
    let failure = try await watching(on: clock) { folder in
      try #require(rename(folder, folder + "-moved") == 0)
      clock.advance(by: .seconds(60))
    }
    #expect(failure?.code == "StateLost")
  }

  @Test("what only has its mode or its content changed is not lost")
  func kept() async throws {
    let clock = ManualClock()
    let failure = try await watching(on: clock, isCancelled: true) { folder in
      try #require(system("cd '\(folder)/state' && chmod 640 lock && echo >> tend.db") == 0)
      clock.advance(by: .seconds(60))
      await clock.waitForSleepers()
    }
    #expect(failure == nil)
  }
}
