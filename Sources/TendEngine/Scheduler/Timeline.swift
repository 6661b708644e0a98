/// A clock as the scheduler sees it: nanoseconds since it was made.
struct Timeline: Sendable {
  /// Nanoseconds since the start.
  let now: @Sendable () -> Int64
  /// Sleeps until this many nanoseconds after the start; throws when the task is cancelled.
  let sleep: @Sendable (Int64) async throws -> Void

  /// Those that follow the system's own clock are recognised, so that reading it costs no generic
  /// call.
  init<C: Clock>(_ clock: C) where C.Duration == Duration {
    if let system = clock as? ContinuousClock {
      self.init(following: system)
    } else if let thread = clock as? ClockThread {
      self.init(following: thread)
    } else {
      self.init(following: clock)
    }
  }

  @inline(__always)
  private init<C: Clock>(following clock: C) where C.Duration == Duration {
    let start = clock.now
    now = { start.duration(to: clock.now).clampedNanoseconds }
    sleep = { try await clock.sleep(until: start.advanced(by: .nanoseconds($0)), tolerance: nil) }
  }
}
