extension SchedulerState {
  /// What a worker that asked for work gets.
  package enum Answer: Equatable {
    case taken
    /// Nothing that may run now.
    case nothing
    /// Nothing any more.
    case closed
  }

  // MARK: Taking

  /// Whether a worker of the lane would get something.
  @inline(__always)
  func mayRun(_ lane: Int) -> Bool {
    lanes[lane].readyCount > 0 && lanes[lane].busy < lanes[lane].limit
      && busy + waking < totalLimit
  }

  /// Takes one key, as a run of its own.
  package mutating func takeOne(
    _ lane: Int, worker: UInt32, timeout: Int64?, now: Int64
  ) -> Ticket? {
    release(upTo: now, budget: configuration.releaseBudget)
    guard has(lane), isOpen, mayRun(lane) else { return nil }
    let run = beginRun(lane, worker, deadline(timeout, now))
    let ticket = take(lane, run: run, now)
    runs[Int(run)].ticket = ticket
    runs[Int(run)].since = now
    wake(lane)
    return ticket
  }

  /// Finishes what the batch holds and takes what is next, up to the batch's size.
  package mutating func exchange(
    _ batch: inout Scheduler.Batch, now: Int64
  ) -> Answer {
    let lane = batch.lane.index
    guard has(lane) else { return .closed }
    for entry in batch.entries { settle(entry.ticket, entry.disposition, now) }
    batch.adapt(now: now)
    batch.entries.removeAll(keepingCapacity: true)
    release(upTo: now, budget: configuration.releaseBudget)
    if let run = batch.run, !mayKeep(run, lane) {
      endRun(run)
      batch.run = nil
    }
    guard isOpen, lanes[lane].readyCount > 0, batch.run != nil || mayRun(lane) else {
      return vacate(&batch, lane)
    }
    fill(&batch, lane, now)
    return .taken
  }

  private mutating func vacate(_ batch: inout Scheduler.Batch, _ lane: Int) -> Answer {
    if let run = batch.run { endRun(run) }
    batch.run = nil
    checkStopped()
    return isOpen ? .nothing : .closed
  }

  private mutating func fill(_ batch: inout Scheduler.Batch, _ lane: Int, _ now: Int64) {
    let deadline = deadline(batch.timeout?.clampedNanoseconds, now)
    let run = batch.run ?? beginRun(lane, batch.worker, deadline)
    let ready = lanes[lane].readyCount
    batch.isRoutine = isRoutine(lane)
    for _ in 0..<min(batch.size, ready, share(lane)) {
      batch.entries.append(.init(ticket: take(lane, run: run, now)))
    }
    runs[Int(run)].deadline = deadline
    runs[Int(run)].since = now
    if let first = batch.entries.first { runs[Int(run)].ticket = first.ticket }
    batch.run = run
    batch.takenAt = now
    lanes[lane].turn += batch.entries.count
    if !batch.isQuickRoutine { wake(lane) }
  }

  /// Whether all that is ready are resyncs, which rarely find anything to do.
  @inline(__always)
  private func isRoutine(_ lane: Int) -> Bool {
    lanes[lane].readyCount == lanes[lane].ready[Int(Priority.resync.rawValue)]
  }

  /// Each of the lane's workers gets its share, so that slow runs are spread.
  ///
  /// Not where all that is ready are resyncs: to wake a worker for each costs more than they do.
  @inline(__always)
  private func share(_ lane: Int) -> Int {
    let ready = lanes[lane].readyCount
    if isRoutine(lane) { return ready }
    return max(1, ready / max(1, min(lanes[lane].limit, lanes[lane].busy + lanes[lane].sleeping)))
  }

  /// Whether the run's worker may go on with its place, or must leave it to another lane.
  private func mayKeep(_ run: UInt32, _ lane: Int) -> Bool {
    guard runs[Int(run)].counts, lanes[lane].busy <= lanes[lane].limit, busy <= totalLimit else {
      return false
    }
    guard busy == totalLimit, lanes[lane].turn >= Scheduler.Batch.largest else { return true }
    return !lanes.indices.contains { $0 != lane && lanes[$0].sleeping > 0 && wants($0) }
  }

  /// Whether the lane has something ready that its own limit allows.
  private func wants(_ lane: Int) -> Bool {
    lanes[lane].readyCount > 0 && lanes[lane].busy < lanes[lane].limit
  }

  /// Takes the next key of a lane that has a ready one.
  @inline(__always)
  private mutating func take(_ lane: Int, run: UInt32, _ now: Int64) -> Ticket {
    let priority = nextPriority(lane)
    let list = list(lane, priority)
    guard let index = lists.first(list) else { preconditionFailure("lane \(lane) lost a key") }
    lists.remove(index, records)
    lanes[lane].ready[Int(priority.rawValue)] &-= 1
    lanes[lane].running += 1
    lanes[lane].counts.runs &+= 1
    let ticket = records[index].begin(index, run: run, now)
    let bucket = Scheduler.Histogram.bucket(ticket.waitedNanoseconds)
    waits[lane * Scheduler.Histogram.size + bucket] &+= 1
    lanes[lane].counts.waited &+= UInt64(clamping: ticket.waitedNanoseconds)
    if ticket.runsThisMinute > configuration.normalRunsPerMinute {
      lanes[lane].counts.hotRuns &+= 1
    }
    return ticket
  }

  /// The highest priority that has something ready; at every 16th take the one whose first key has
  /// been ready longest.
  @inline(__always)
  private func nextPriority(_ lane: Int) -> Priority {
    if lanes[lane].counts.runs & 15 == 15 { return oldestPriority(lane) }
    let ready = lanes[lane].ready
    if ready[3] > 0 { return .revision }
    if ready[2] > 0 { return .drift }
    return ready[1] > 0 ? .retry : .resync
  }

  private func oldestPriority(_ lane: Int) -> Priority {
    var oldest: (since: Int64, priority: Priority) = (.max, .resync)
    for priority in Priority.allCases.reversed() {
      guard let index = lists.first(list(lane, priority)) else { continue }
      if records[index].stamp < oldest.since { oldest = (records[index].stamp, priority) }
    }
    return oldest.priority
  }

  // MARK: Finishing

  /// Finishes what the batch holds.
  package mutating func giveBack(_ batch: inout Scheduler.Batch, now: Int64) {
    for entry in batch.entries { settle(entry.ticket, entry.disposition, now) }
    batch.entries.removeAll(keepingCapacity: true)
    if let run = batch.run { endRun(run) }
    batch.run = nil
    checkStopped()
  }

  /// Finishes a key that was taken alone.
  ///
  /// False where the ticket was finished before.
  package mutating func finishOne(
    _ ticket: Ticket, _ disposition: Scheduler.Disposition, now: Int64
  ) -> Bool {
    guard settle(ticket, disposition, now) else { return false }
    endRun(ticket.run)
    checkStopped()
    return true
  }

  /// Gives back one ticket of somebody's batch, whose run goes on.
  package mutating func withdraw(_ ticket: Ticket, now: Int64) -> Bool {
    guard settle(ticket, .unstarted, now) else { return false }
    checkStopped()
    return true
  }

  @discardableResult
  @inline(__always)
  mutating func settle(
    _ ticket: Ticket, _ disposition: Scheduler.Disposition, _ now: Int64
  ) -> Bool {
    guard records.holds(ticket) else { return false }
    let index = ticket.handle.index
    let lane = Int(records[index].lane)
    if !isSurrendered(ticket) { lanes[lane].running -= 1 }
    guard !records[index].isRemoved else {
      records.remove(index)
      return true
    }
    apply(disposition, of: ticket, lane, now)
    records[index].isRunning = false
    place(index, inFront: disposition == .unstarted, now)
    return true
  }

  /// Merges what the disposition asks for into what was added during the run.
  @inline(__always)
  private mutating func apply(
    _ disposition: Scheduler.Disposition, of ticket: Ticket, _ lane: Int, _ now: Int64
  ) {
    let index = ticket.handle.index
    switch disposition {
    case .done:
      records[index].failures = 0
      lanes[lane].counts.successes &+= 1
    case .again(let delay, let priority, let causes, let tolerance):
      records[index].failures = 0
      lanes[lane].counts.successes &+= 1
      lanes[lane].counts.requeues &+= 1
      let delay = Wheel.gathered(
        delay.clampedNanoseconds, within: tolerance.clampedNanoseconds, now)
      request(Scheduler.Request(priority: priority, delay: delay, causes: causes), index, now)
    case .failed(let least, let causes):
      lanes[lane].counts.failures &+= 1
      guard records[index].generation == ticket.generation else { return }
      fail(index, least.clampedNanoseconds, causes, now)
    case .unstarted: giveBack(ticket, now)
    }
  }

  private mutating func fail(_ index: UInt32, _ least: Int64, _ causes: Causes, _ now: Int64) {
    let failures = records[index].failures
    records[index].failures = failures == .max ? failures : failures + 1
    let backoff = configuration.backoff.nanoseconds(
      afterFailures: Int(records[index].failures), random: random.next())
    request(.init(priority: .retry, delay: max(least, backoff, 1), causes: causes), index, now)
  }

  /// The run did not happen: what it answered is still to be answered, and it has waited already.
  private mutating func giveBack(_ ticket: Ticket, _ now: Int64) {
    let index = ticket.handle.index
    lanes[Int(records[index].lane)].counts.runs &-= 1
    request(.init(priority: ticket.priority, causes: ticket.causes), index, now)
    records[index].stamp = now &- ticket.waitedNanoseconds
  }

  @inline(__always)
  private mutating func request(_ request: Scheduler.Request, _ index: UInt32, _ now: Int64) {
    _ = merge(request, into: index, now: { now })
  }

  /// Puts a record whose run has ended where its phase says.
  @inline(__always)
  private mutating func place(_ index: UInt32, inFront: Bool, _ now: Int64) {
    if closing != nil, drops(index) { return }
    switch records[index].phase {
    case .idle:
      retireIfIdle(index)
    case .waiting where records[index].stamp <= max(wheel.elapsed, Wheel.tick(now)):
      records[index].phase = .ready
      records[index].stamp = records[index].stamp &* Wheel.tick
      link(index)
    case .waiting:
      link(index)
    case .ready:
      link(index, inFront: inFront)
    }
  }

  /// A transient key of which nothing is left to know ends.
  @inline(__always)
  mutating func retireIfIdle(_ index: UInt32) {
    if records[index].isTransient { retireTransient(index) }
  }

  private mutating func retireTransient(_ index: UInt32) {
    let record = records[index]
    guard record.phase == .idle, !record.isRunning, record.failures == 0 else { return }
    let handle = Handle(index: index, serial: record.serial)
    effects.retired.append(handle)
    records.remove(index)
  }
}
