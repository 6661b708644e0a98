/// Decides when the next request may go: never more than so many in any second, as the service
/// sees them.
///
/// When a request is there is not known, only that it is after it was let go and before its answer.
/// So each counts from the one until a second after the other: however long a request is held up on
/// its way, the limit holds in every window of a second, wherever it begins. They go evenly, not
/// all at the beginning of a second. Pure; time is that of the caller.
struct RateLimit: Sendable {
  private let limit: Int
  private let distance: Duration
  /// How much of what was late is made up for at once.
  private let slack: Duration
  /// How many have gone of which nothing has come back.
  private var underway = 0
  /// When the last ones were over, as many as may count; once full, `next` is the oldest.
  private var ends: [Duration] = []
  private var next = 0
  /// When the next one is due.
  private var due: Duration?

  init(perSecond limit: Int) {
    self.limit = max(1, limit)
    distance = .seconds(1) / self.limit
    slack = min(max(distance, .milliseconds(10)), .milliseconds(100))
  }

  /// How long to wait before asking again; nil: it may go now, and `finish(now:)` has to follow.
  mutating func admit(now: Duration) -> Duration? {
    var free = due ?? now
    if underway >= limit {
      // Until one of them is over nobody knows.
      free = max(free, now + min(distance, .milliseconds(100)))
    } else if ends.count + underway >= limit {
      // As many of those that were over last as still take a place.
      let position = (next + ends.count - (limit - underway)) % ends.count
      free = max(free, ends[position] + .seconds(1))
    }
    if now < free { return free - now }
    due = max(free, now - slack) + distance
    underway += 1
    return nil
  }

  /// One that had gone is over: answered, failed or given up.
  mutating func finish(now: Duration) {
    underway = max(0, underway - 1)
    if ends.count < limit {
      ends.append(now)
    } else {
      ends[next] = now
      next = (next + 1) % limit
    }
  }
}
