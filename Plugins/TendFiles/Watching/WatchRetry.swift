/// When watching is tried again that the kernel refused: soon, then ever more rarely, since each
/// time everything is looked at.
///
/// Counts ticks, of 5 s.
struct WatchRetry {
  /// The longest that is waited from one attempt to the next: an hour.
  static let longest = 720
  private static let shortest = 6

  private var wait = shortest
  /// Ticks until the next attempt.
  private var left = 0

  /// A tick is over; whether an attempt is due.
  ///
  /// Where nothing was refused for as long as an attempt would have waited, all begins anew.
  mutating func tick(isLimited: Bool) -> Bool {
    if left > 0 {
      left -= 1
      return false
    }
    if !isLimited { wait = Self.shortest }
    return isLimited
  }

  /// An attempt begins.
  mutating func begin() {
    left = wait
    wait = min(wait * 2, Self.longest)
  }
}
