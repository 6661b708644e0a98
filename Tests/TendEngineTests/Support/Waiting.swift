import TendTesting
import Testing

/// Waits until it is so; after two minutes the test fails, naming what did not come.
func eventually(
  _ what: String, sourceLocation: SourceLocation = #_sourceLocation,
  _ condition: () async throws -> Bool
) async rethrows {
  let deadline = ContinuousClock.now + .seconds(120)
  while try await !condition() {
    if ContinuousClock.now > deadline || Task.isCancelled {
      Issue.record("did not happen: \(what)", sourceLocation: sourceLocation)
      return
    }
    await Task.yield()
  }
}

/// Waits until it is so while the clock goes on by seconds; answers how far it went.
@discardableResult
func eventually(
  _ what: String, on clock: ManualClock, sourceLocation: SourceLocation = #_sourceLocation,
  _ condition: () async throws -> Bool
) async rethrows -> Duration {
  let begun = clock.now
  try await eventually(what, sourceLocation: sourceLocation) {
    if try await condition() { return true }
    await pass(.seconds(1), on: clock)
    return false
  }
  return begun.duration(to: clock.now)
}

/// Runs the body while the clock goes from sleeper to sleeper, at most a second at a time,
/// each time after others had a turn.
func flowing<Answer: Sendable>(
  _ clock: ManualClock, _ body: @Sendable () async throws -> Answer
) async throws -> Answer {
  try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask {
      while !Task.isCancelled {
        for _ in 0..<20 { await Task.yield() }
        guard let next = clock.nextDeadline else { continue }
        clock.advance(to: min(next, clock.now.advanced(by: .seconds(1))))
      }
    }
    defer { group.cancelAll() }
    return try await body()
  }
}

/// Moves the clock on by steps of a second, so that what a step wakes can happen before the next.
func pass(_ time: Duration, on clock: ManualClock) async {
  let end = clock.now.offset + time
  while clock.now.offset < end {
    clock.advance(by: min(.seconds(1), end - clock.now.offset))
    for _ in 0..<20 { await Task.yield() }
  }
}
