import Testing

@testable import TendFiles

@Suite("when watching is tried again that was refused")
struct WatchRetryTests {
  /// The ticks of a day at which an attempt is made that is refused again.
  private static func attempts(_ retry: inout WatchRetry) -> [Int] {
    (0..<17_280).filter { _ in
      guard retry.tick(isLimited: true) else { return false }
      retry.begin()
      return true
    }
  }

  @Test("at once, then ever more rarely, and at least once an hour")
  func rarely() {
    var retry = WatchRetry()
    let attempts = Self.attempts(&retry)
    #expect(attempts.prefix(4) == [0, 7, 20, 45])
    let pauses = zip(attempts, attempts.dropFirst()).map { $1 - $0 }
    #expect(pauses == pauses.sorted() && pauses.last == WatchRetry.longest + 1)
  }

  @Test("where nothing was refused for a while, it is tried soon again; nothing is tried meanwhile")
  func anew() {
    var retry = WatchRetry()
    _ = Self.attempts(&retry)
    let early = (0...WatchRetry.longest).filter { _ in retry.tick(isLimited: false) }
    #expect(early.isEmpty)
    #expect(Self.attempts(&retry).prefix(2) == [0, 7])
  }
}
