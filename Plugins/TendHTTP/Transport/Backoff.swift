/// How long to wait before a request is repeated.
///
/// | repeat | 1 | 2 | 3 | 4 | 7 and more |
/// | --- | --- | --- | --- | --- | --- |
/// | at most | 200 ms | 400 ms | 800 ms | 1.6 s | 10 s |
///
/// At least half of that, so that many who failed at once do not come back at once.
enum Backoff {
  /// `chance` is from 0 to 1.
  static func delay(before attempt: Int, chance: Double) -> Duration {
    let whole = min(200 << min(max(0, attempt - 1), 8), 10_000)
    let half = Double(whole) / 2
    return .microseconds(Int64((half + half * min(max(0, chance), 1)) * 1000))
  }
}
