/// What is done when a process ends by itself.
struct RestartPolicy: Hashable, Sendable, Codable {
  enum Rule: String, Sendable, Codable, CaseIterable {
    case always, onFailure, never
  }

  var rule = Rule.always
  /// The wait before the second restart in a row; it then doubles.
  ///
  /// The first one is at once, since most processes that end once do not end again.
  var initialDelay: Int64 = 100_000_000
  var maximumDelay: Int64 = 30_000_000_000
  /// Whoever ran this long is healthy again: counting starts anew.
  var stableAfter: Int64 = 60_000_000_000

  /// Whether an exit is followed by a restart.
  ///
  /// One that nobody saw may have been a failure.
  func restarts(after exit: Exit) -> Bool {
    switch rule {
    case .always: true
    case .onFailure: !exit.isSuccess
    case .never: false
    }
  }
}

/// How often a process ended in a row, and how long it is left alone for that.
struct Backoff: Hashable, Sendable {
  /// Ends in a row that were not stable.
  private(set) var failures = 0

  /// From the third one on it is a loop, and people are told.
  static let loop = 3

  var isLooping: Bool { failures >= Self.loop }

  /// Takes in one end, after a run of this long; how long to wait before the next start.
  ///
  /// | end in a row | 1 | 2       | 3         | n                             |
  /// | ------------ | - | ------- | --------- | ----------------------------- |
  /// | wait         | 0 | initial | 2 initial | 2^(n-2) initial, at most the maximum |
  ///
  /// A jitter of up to a quarter is taken off, so that many do not start together.
  mutating func ended(after run: Int64, _ policy: RestartPolicy, random: UInt64) -> Int64 {
    if run >= policy.stableAfter { failures = 0 }
    failures = min(failures + 1, 1 << 20)
    guard failures > 1 else { return 0 }
    let doublings = min(failures - 2, 40)
    let (product, overflow) = policy.initialDelay.multipliedReportingOverflow(by: 1 << doublings)
    let delay = overflow ? policy.maximumDelay : min(product, policy.maximumDelay)
    return delay &- Int64(random % UInt64(delay / 4 &+ 1))
  }

  /// Something new is tried.
  mutating func reset() { failures = 0 }
}
