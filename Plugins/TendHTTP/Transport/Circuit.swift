/// Decides whether a service that keeps failing is asked at all: one for an API, not for an object.
///
/// After ``limit`` failures in a row it opens for a second, then lets one request through. Where
/// that fails too it opens twice as long, up to a minute. Pure.
struct Circuit: Sendable {
  /// Failures in a row after which it opens.
  static let limit = 5
  static let longest = Duration.seconds(60)

  private var failures = 0
  private var opening = Duration.seconds(1)
  private var openUntil: Duration?
  /// Whether one is on its way to see whether the service is back.
  private var isProbing = false

  /// How long nobody asks; nil: ask.
  mutating func admit(now: Duration) -> Duration? {
    guard let until = openUntil else { return nil }
    if now < until { return until - now }
    // One goes first; the others wait for what comes of it.
    isProbing = true
    openUntil = now + opening
    return nil
  }

  mutating func succeeded() { self = Circuit() }

  mutating func failed(now: Duration) {
    failures += 1
    if openUntil != nil {
      // Those that were on their way when it opened say nothing new.
      guard isProbing else { return }
      isProbing = false
      opening = min(opening * 2, Self.longest)
    } else if failures < Self.limit {
      return
    }
    openUntil = now + opening
  }

  /// Whether nobody asks, but for one now and then.
  var isOpen: Bool { openUntil != nil }

  /// Whether nothing has failed lately.
  var isHealthy: Bool { failures == 0 }
}
