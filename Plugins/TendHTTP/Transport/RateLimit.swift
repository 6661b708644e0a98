/// Decides when the next request may go: never more than so many in any second.
///
/// It remembers the moments of the last requests, so that the limit holds in every window of a
/// second, wherever it begins. They go evenly, not all at the beginning of a second: what is late
/// on its way to the service then comes between others, and not on top of the next second's. Pure;
/// time is that of the caller.
struct RateLimit: Sendable {
  private let limit: Int
  private let distance: Duration
  /// How much of what was late is made up for at once.
  private let slack: Duration
  /// The moments of the last requests; once full, `next` is the oldest.
  private var moments: [Duration] = []
  private var next = 0
  /// When the next one is due.
  private var due: Duration?

  init(perSecond limit: Int) {
    self.limit = max(1, limit)
    distance = .seconds(1) / self.limit
    slack = min(max(distance, .milliseconds(10)), .milliseconds(100))
  }

  /// How long to wait before asking again; nil: it may go now, and counts as gone.
  mutating func admit(now: Duration) -> Duration? {
    var free = due ?? now
    if moments.count == limit { free = max(free, moments[next] + .seconds(1)) }
    if now < free { return free - now }
    due = max(free, now - slack) + distance
    if moments.count < limit {
      moments.append(now)
    } else {
      moments[next] = now
      next = (next + 1) % limit
    }
    return nil
  }
}
