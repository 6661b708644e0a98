extension SchedulerState {
  /// Whether keys are still handed out.
  @inline(__always)
  var isOpen: Bool { closing == nil || closing == .finishReady && !isStopped }

  // MARK: Sleep

  /// A worker found nothing and wants to sleep.
  ///
  /// False where it had better look again.
  package mutating func park(_ lane: Int) -> Bool {
    guard isOpen, !mayRun(lane) else { return false }
    lanes[lane].sleeping += 1
    return true
  }

  /// A sleeping worker goes away without having been woken.
  package mutating func unpark(_ lane: Int) { lanes[lane].sleeping -= 1 }

  /// Nobody sleeps any more: the end has come.
  package mutating func unparkAll() {
    for lane in lanes.indices { lanes[lane].sleeping = 0 }
  }

  /// A woken worker is back: the place that was kept for it is free.
  package mutating func arrive(_ lane: Int) {
    lanes[lane].waking -= 1
    waking -= 1
  }

  /// Wakes one sleeping worker of the lane, if there is something for it.
  ///
  /// At most one of a lane is on its way at any time: it wakes the next one when it has taken what
  /// it can, so that a burst of adds costs one wake-up and not one for each.
  @inline(__always)
  mutating func wake(_ lane: Int) {
    guard lanes[lane].sleeping > 0, lanes[lane].waking == 0, isOpen, mayRun(lane) else { return }
    lanes[lane].sleeping -= 1
    lanes[lane].waking += 1
    waking += 1
    lanes[lane].counts.wakes &+= 1
    effects.wakes.append(lane)
  }

  /// A place may have become free: wakes whoever can use it, by turns where lanes share a limit.
  @inline(__always)
  package mutating func wakeNext(_ lane: Int) {
    if totalLimit == .max { wake(lane) } else { wakeAll() }
  }

  /// A woken worker has taken what it can.
  @inline(__always)
  package mutating func wakeNext(after batch: borrowing Scheduler.Batch) {
    if totalLimit == .max, !batch.entries.isEmpty, batch.isQuickRoutine { return }
    wakeNext(batch.lane.index)
  }

  mutating func wakeAll() {
    let start = laneTurn
    for offset in lanes.indices {
      let lane = (start + offset) % lanes.count
      let before = waking
      wake(lane)
      if waking > before { laneTurn = lane + 1 }
    }
  }

  // MARK: Runs

  func deadline(_ timeout: Int64?, _ now: Int64) -> Int64 {
    guard let timeout else { return .max }
    let (sum, overflow) = now.addingReportingOverflow(max(0, timeout))
    return overflow ? .max : sum
  }

  mutating func beginRun(_ lane: Int, _ worker: UInt32, _ deadline: Int64) -> UInt32 {
    lanes[lane].busy += 1
    lanes[lane].turn = 0
    busy += 1
    let run = RunState(
      lane: lane, ticket: .none, worker: worker, deadline: deadline, counts: true, isActive: true)
    guard let free = freeRuns.popLast() else {
      runs.append(run)
      return UInt32(runs.count - 1)
    }
    runs[Int(free)] = run
    return free
  }

  /// A worker holds nothing any more.
  mutating func endRun(_ run: UInt32) {
    guard runs.indices.contains(Int(run)), runs[Int(run)].isActive else { return }
    let lane = runs[Int(run)].lane
    if runs[Int(run)].counts { leave(lane) }
    runs[Int(run)].isActive = false
    freeRuns.append(run)
    wakeNext(lane)
  }

  private mutating func leave(_ lane: Int) {
    lanes[lane].busy -= 1
    busy -= 1
  }

  /// The worker is at this key now, and has this long for it.
  ///
  /// False where the ticket is finished.
  package mutating func begin(_ ticket: Ticket, timeout: Int64?, now: Int64) -> Bool {
    let run = Int(ticket.run)
    guard records.holds(ticket), runs.indices.contains(run), runs[run].isActive else {
      return false
    }
    runs[run].ticket = ticket
    runs[run].deadline = deadline(timeout, now)
    runs[run].since = now
    return true
  }

  /// Frees the place of a run that hangs, of whichever of its keys it hangs in.
  ///
  /// The key stays taken until it is finished, and nobody waits for that.
  package mutating func surrender(_ ticket: Ticket) -> Bool {
    let run = Int(ticket.run)
    guard records.holds(ticket), runs.indices.contains(run), runs[run].isActive, runs[run].counts
    else { return false }
    runs[run].counts = false
    runs[run].ticket = ticket
    lanes[Int(records[ticket.handle.index].lane)].running -= 1
    leave(runs[run].lane)
    wakeNext(runs[run].lane)
    checkStopped()
    return true
  }

  /// Whether a ticket was given up, so that its run counts no more.
  @inline(__always)
  func isSurrendered(_ ticket: Ticket) -> Bool {
    let run = Int(ticket.run)
    guard runs.indices.contains(run), !runs[run].counts else { return false }
    return runs[run].ticket == ticket
  }

  /// Whether what is to be done changed since the ticket was handed out.
  package func isStale(_ ticket: Ticket) -> Bool {
    guard records.holds(ticket) else { return true }
    let record = records[ticket.handle.index]
    return record.isRemoved || record.generation != ticket.generation
  }

  /// The earliest deadline of all runs, in nanoseconds; nil where none has one.
  package var earliestDeadline: Int64? {
    runs.lazy.filter { $0.isActive && $0.deadline < .max }.map(\.deadline).min()
  }

  /// What is under way, a worker's run each.
  package func activeRuns(now: Int64) -> [Scheduler.Run] {
    runs.lazy.filter(\.isActive).map { run in
      let left = run.deadline == .max ? nil : Duration.nanoseconds(run.deadline &- now)
      return Scheduler.Run(
        ticket: run.ticket, lane: .init(index: run.lane), worker: run.worker, remaining: left,
        timeout: left.map { _ in .nanoseconds(run.deadline &- run.since) },
        isStale: isStale(run.ticket), isGivenUp: !run.counts)
    }
  }
}
