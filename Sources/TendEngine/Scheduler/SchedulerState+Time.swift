extension SchedulerState {
  /// What the timer does next.
  package enum Alarm: Equatable {
    /// Sleep until this many nanoseconds, or until it is set anew.
    case at(Int64)
    /// Nothing waits: sleep until it is set.
    case unset
    /// More is due already: come back at once.
    case now
    /// The scheduler shuts down.
    case closed
  }

  /// Makes ready what is due, a bounded number of moves in one lock hold.
  @inline(__always)
  mutating func release(upTo now: Int64, budget: Int) {
    let tick = Wheel.tick(now)
    guard wheel.next <= tick, closing == nil else { return }
    releaseDue(tick, budget)
  }

  @inline(never)
  private mutating func releaseDue(_ tick: Int64, _ budget: Int) {
    var budget = budget
    while let index = wheel.pop(upTo: tick, budget: &budget, &lists, records) {
      lanes[Int(records[index].lane)].waiting -= 1
      records[index].phase = .ready
      records[index].stamp &*= Wheel.tick
      link(index)
    }
  }

  /// The timer is awake: releases what is due and says how long to sleep.
  package mutating func fire(now: Int64) -> Alarm {
    guard closing == nil else { return .closed }
    release(upTo: now, budget: configuration.releaseBudget)
    (armed, isRearmed) = (wheel.firstDue(lists, records), false)
    if armed == Wheel.never { return .unset }
    return wheel.next <= Wheel.tick(now) ? .now : .at(armed &* Wheel.tick)
  }

  /// Whether the last alarm still stands.
  package var mayTimerSleep: Bool { closing == nil && !isRearmed }

  /// There is no timer any more.
  package mutating func disarm() { armed = 0 }

  /// Something waits until this tick: sets the timer anew where it would wake too late.
  @inline(__always)
  mutating func rearm(_ due: Int64) {
    guard due < armed else { return }
    (armed, isRearmed) = (due, true)
    effects.rearms = true
  }
}
