internal import Synchronization
internal import Tend

/// The time of a trial: it goes on when somebody waits, at once.
final class TrialClock: Sendable {
  private let epoch: Timestamp
  private let time = Mutex(Duration.zero)

  init(from epoch: Timestamp) { self.epoch = epoch }

  var now: Duration { time.withLock { $0 } }

  var wall: Timestamp {
    let passed = now.components
    let nanoseconds = passed.seconds &* 1_000_000_000 &+ passed.attoseconds / 1_000_000_000
    return Timestamp(nanoseconds: epoch.nanoseconds &+ nanoseconds)
  }

  func advance(by duration: Duration) { time.withLock { $0 += max(.zero, duration) } }
}
