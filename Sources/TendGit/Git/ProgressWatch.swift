private import Synchronization

/// Says when a process has been silent for too long.
///
/// Looked at four times in a deadline, so a silence is noticed at most a quarter late.
final class ProgressWatch: Sendable {
  private let deadline: Duration
  private let clock: any Clock<Duration>
  private let signs = Mutex(0)

  init(deadline: Duration, clock: any Clock<Duration>) {
    self.deadline = deadline
    self.clock = clock
  }

  /// Something came.
  func note() { signs.withLock { $0 &+= 1 } }

  /// Returns once nothing came for the deadline; throws only when cancelled.
  func silence() async throws {
    var last = signs.withLock { $0 }
    var quiet = 0
    while quiet < 4 {
      try await clock.sleep(for: deadline / 4)
      let now = signs.withLock { $0 }
      quiet = now == last ? quiet + 1 : 0
      last = now
    }
  }
}
