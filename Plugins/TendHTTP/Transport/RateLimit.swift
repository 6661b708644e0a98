/// Decides when the next request may go: never more than so many in any second.
///
/// It remembers the moments of the last requests, so that the limit holds in every window of a
/// second, wherever it begins. Pure; time is that of the caller.
struct RateLimit: Sendable {
  private let limit: Int
  /// The moments of the last requests; once full, `next` is the oldest.
  private var moments: [Duration] = []
  private var next = 0

  init(perSecond limit: Int) {
    self.limit = max(1, limit)
  }

  /// How long to wait before asking again; nil: it may go now, and counts as gone.
  mutating func admit(now: Duration) -> Duration? {
    guard moments.count == limit else {
      moments.append(now)
      return nil
    }
    let free = moments[next] + .seconds(1)
    if now < free { return free - now }
    moments[next] = now
    next = (next + 1) % limit
    return nil
  }
}
