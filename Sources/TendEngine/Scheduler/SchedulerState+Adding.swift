extension SchedulerState {
  /// Asks for a run of the key.
  ///
  /// False where the handle names nothing or the scheduler shuts down.
  ///
  /// `now` is asked only where the key becomes ready or waits: an add that merges costs no clock.
  @inline(__always)
  package mutating func add(
    _ handle: Handle, _ request: Scheduler.Request, now: () -> Int64
  ) -> Bool {
    guard closing == nil, let index = records.find(handle) else {
      refusals &+= 1
      return false
    }
    let lane = Int(records[index].lane)
    lanes[lane].counts.adds &+= 1
    if request.supersedes {
      records[index].generation &+= 1
      records[index].failures = 0
    }
    if !merge(request, into: index, now: now) { lanes[lane].counts.merges &+= 1 }
    return true
  }

  /// The merge rules: see the table of `Scheduler`.
  ///
  /// True where this changed when the key runs.
  @inline(__always)
  mutating func merge(
    _ request: Scheduler.Request, into index: UInt32, now: () -> Int64
  ) -> Bool {
    let record = records[index]
    records[index].causes = record.causes.union(request.causes)
    switch record.phase {
    case .ready:
      if request.priority > record.priority { raise(index, to: request.priority) }
      return false
    case .waiting:
      return mergeWaiting(request, into: index, now())
    case .idle:
      records[index].priority = request.priority
      schedule(index, request.delay, now())
      return true
    }
  }

  private mutating func mergeWaiting(
    _ request: Scheduler.Request, into index: UInt32, _ now: Int64
  ) -> Bool {
    let isSooner = request.delay <= 0 || due(request.delay, now) < records[index].stamp
    records[index].priority = max(records[index].priority, request.priority)
    guard isSooner else { return false }
    if !records[index].isRunning { unlink(index) }
    schedule(index, request.delay, now)
    return true
  }

  /// Gives an unlinked record its phase, and its place unless it runs.
  @inline(__always)
  private mutating func schedule(_ index: UInt32, _ delay: Int64, _ now: Int64) {
    if delay <= 0 {
      records[index].phase = .ready
      records[index].stamp = now
    } else {
      records[index].phase = .waiting
      records[index].stamp = due(delay, now)
    }
    if !records[index].isRunning { link(index) }
  }

  /// A tick after all that have been dealt with, so that the wheel can hold it.
  @inline(__always)
  private func due(_ delay: Int64, _ now: Int64) -> Int64 {
    max(Wheel.due(now &+ min(delay, Wheel.longest)), wheel.elapsed + 1)
  }

  /// Moves a ready key to the end of a higher priority; it keeps the time since when it is ready.
  private mutating func raise(_ index: UInt32, to priority: Priority) {
    if records[index].isRunning {
      records[index].priority = priority
    } else {
      unlink(index)
      records[index].priority = priority
      link(index)
    }
  }

  /// Makes what is to come wait for exactly this long, also where it would have come sooner.
  ///
  /// False where nothing is to come.
  package mutating func postpone(_ handle: Handle, by delay: Int64, now: Int64) -> Bool {
    guard closing == nil, let index = records.find(handle), records[index].phase != .idle else {
      return false
    }
    if !records[index].isRunning { unlink(index) }
    schedule(index, delay, now)
    return true
  }

  /// Drops what is to come.
  ///
  /// False where nothing is. A run that is under way goes on.
  package mutating func cancel(_ handle: Handle) -> Bool {
    guard let index = records.find(handle), records[index].phase != .idle else { return false }
    clear(index)
    retireIfIdle(index)
    checkStopped()
    return true
  }

  /// Drops what is to come and forgets the failures, so that a transient key ends.
  package mutating func forget(_ handle: Handle) -> Bool {
    guard let index = records.find(handle) else { return false }
    clear(index)
    records[index].failures = 0
    retireIfIdle(index)
    checkStopped()
    return true
  }

  /// Forgets the failures: the next backoff is the first again.
  ///
  /// What waits goes on waiting.
  package mutating func resetFailures(_ handle: Handle) -> Bool {
    guard let index = records.find(handle) else { return false }
    records[index].failures = 0
    return true
  }
}
