import Testing

@testable import TendProcesses

@Suite("restarts wait longer and longer, and start anew after a stable run")
struct BackoffTests {
  let policy = RestartPolicy(
    rule: .always, initialDelay: 100, maximumDelay: 1000, stableAfter: 10_000)

  @Test("the first is at once, then the wait doubles up to the maximum")
  func doubling() {
    var backoff = Backoff()
    let waits = (0..<7).map { _ in backoff.ended(after: 10, policy, random: 0) }
    #expect(waits == [0, 100, 200, 400, 800, 1000, 1000])
    #expect(backoff.isLooping)
  }

  @Test("jitter takes off at most a quarter", arguments: [1, 77, UInt64.max])
  func jitter(random: UInt64) {
    var backoff = Backoff()
    for _ in 0..<4 { _ = backoff.ended(after: 0, policy, random: 0) }
    let wait = backoff.ended(after: 0, policy, random: random)
    #expect(wait > 599 && wait <= 800)
  }

  @Test("T40 T57: after a stable run the first restart is at once again")
  func resets() {
    var backoff = Backoff()
    for _ in 0..<9 { _ = backoff.ended(after: 0, policy, random: 0) }
    #expect(backoff.ended(after: 9999, policy, random: 0) == 1000, "just not stable")
    #expect(backoff.ended(after: 10_000, policy, random: 0) == 0)
    #expect(!backoff.isLooping)
  }

  @Test("delays that can't be doubled stay at the maximum")
  func overflow() {
    let policy = RestartPolicy(
      rule: .always, initialDelay: .max / 2, maximumDelay: .max / 2, stableAfter: .max)
    var backoff = Backoff()
    for _ in 0..<100 { _ = backoff.ended(after: 0, policy, random: 0) }
    #expect(backoff.ended(after: 0, policy, random: 0) == .max / 2)
  }

  @Test(
    "the policy decides by how it ended",
    arguments: [
      (RestartPolicy.Rule.always, Exit.status(0), true),
      (.onFailure, .status(0), false), (.onFailure, .status(1), true),
      (.onFailure, .signal(9), true), (.onFailure, .unknown, true),
      (.never, .status(1), false), (.never, .unknown, false),
    ])
  func rules(_ rule: RestartPolicy.Rule, _ exit: Exit, _ restarts: Bool) {
    #expect(RestartPolicy(rule: rule).restarts(after: exit) == restarts)
  }
}
