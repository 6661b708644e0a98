extension Scheduler {
  // MARK: One key at a time

  /// The next key of the lane; waits for one.
  ///
  /// Nil at shutdown, and when the task is cancelled.
  ///
  /// `timeout` sets the deadline that `runs` reports; nothing else happens when it passes.
  public func next(
    _ lane: Lane, worker: UInt32 = 0, timeout: Duration? = nil
  ) async -> Ticket? {
    let timeout = timeout?.clampedNanoseconds
    var isWoken = false
    while true {
      let now = timeline.now()
      let isCancelled = Task.isCancelled
      let (ticket, isOpen) = locked { state in
        if isWoken { state.arrive(lane.index) }
        let ticket =
          isCancelled ? nil : state.takeOne(lane.index, worker: worker, timeout: timeout, now: now)
        if isWoken { state.wakeNext(lane.index) }
        return (ticket, state.isOpen && state.has(lane.index))
      }
      if ticket != nil || isCancelled || !isOpen { return ticket }
      isWoken = await sleep(lane)
    }
  }

  /// The next key of the lane, if one is ready and the limits allow it.
  public func takeIfReady(
    _ lane: Lane, worker: UInt32 = 0, timeout: Duration? = nil
  ) -> Ticket? {
    let now = timeline.now()
    let timeout = timeout?.clampedNanoseconds
    return locked { $0.takeOne(lane.index, worker: worker, timeout: timeout, now: now) }
  }

  /// Says how the run ended.
  ///
  /// False, and without effect, where the ticket was finished before.
  @discardableResult
  public func finish(_ ticket: Ticket, _ disposition: Disposition) -> Bool {
    let now = timeline.now()
    return locked { $0.finishOne(ticket, disposition, now: now) }
  }

  // MARK: Many keys at a time

  /// Finishes what the batch holds and takes what is next, in one lock hold; waits for something.
  ///
  /// False, with the batch empty, at shutdown and when the task is cancelled. A batch that is not
  /// handed back keeps its keys taken: call this, `exchange` or `giveBack` until it is empty.
  public func next(_ batch: inout Batch) async -> Bool {
    await next(&batch) { _ in }
  }

  /// The same; `onTake` sees each ticket, under the lock.
  @usableFromInline
  func next(_ batch: inout Batch, onTake: (Ticket) -> Void) async -> Bool {
    // What is left after resyncs comes in when it is due, not at once.
    var (isWoken, patience) = (false, batch.isRoutine ? 0 : Self.patience)
    while !Task.isCancelled {
      switch exchange(&batch, isWoken, onTake) {
      case .taken: return true
      case .closed: return false
      case .nothing where patience > 0:
        (isWoken, patience) = (false, patience - 1)
        await Task.yield()
      case .nothing: isWoken = await sleep(batch.lane)
      }
    }
    giveBack(&batch, isWoken)
    return false
  }

  /// How often a worker lets others run and looks again before it sleeps.
  ///
  /// Falling asleep and being woken costs far more than that, and what comes in meanwhile is taken
  /// together.
  private static let patience = 2

  /// Finishes what the batch holds and takes what is next, if something is ready.
  public func exchange(_ batch: inout Batch) -> Bool {
    exchange(&batch, false) { _ in } == .taken
  }

  /// Finishes what the batch holds and takes nothing.
  public func giveBack(_ batch: inout Batch) {
    giveBack(&batch, false)
  }

  @inline(__always)
  private func exchange(
    _ batch: inout Batch, _ isWoken: Bool, _ onTake: (Ticket) -> Void
  ) -> SchedulerState.Answer {
    let now = timeline.now()
    let (answer, awakened) = guarded.withLock { guarded in
      if isWoken { guarded.state.arrive(batch.lane.index) }
      let answer = guarded.state.exchange(&batch, now: now)
      for entry in batch.entries { onTake(entry.ticket) }
      if isWoken { guarded.state.wakeNext(after: batch) }
      return (answer, guarded.state.effects.isEmpty ? nil : collect(&guarded))
    }
    awakened?.resume()
    return answer
  }

  private func giveBack(_ batch: inout Batch, _ isWoken: Bool) {
    let now = timeline.now()
    let awakened = guarded.withLock { guarded in
      if isWoken { guarded.state.arrive(batch.lane.index) }
      guarded.state.giveBack(&batch, now: now)
      if isWoken { guarded.state.wakeNext(batch.lane.index) }
      return guarded.state.effects.isEmpty ? nil : collect(&guarded)
    }
    awakened?.resume()
  }

  // MARK: Deadlines

  /// The worker of this ticket is at it now and has `timeout` for it: moves the deadline that
  /// `runs` reports.
  ///
  /// Needed only within a batch, before something that may take long. False where the ticket is
  /// finished.
  @discardableResult
  public func begin(_ ticket: Ticket, timeout: Duration?) -> Bool {
    let now = timeline.now()
    return locked { $0.begin(ticket, timeout: timeout?.clampedNanoseconds, now: now) }
  }

  /// Whether the key was superseded or removed since the ticket was handed out, or the ticket is
  /// finished: what runs is no longer what is wanted.
  public func isStale(_ ticket: Ticket) -> Bool {
    locked { $0.isStale(ticket) }
  }

  /// What is under way, a worker's run each: a supervisor cancels the workers of those that are
  /// overdue.
  public var runs: [Run] {
    let now = timeline.now()
    return locked { $0.activeRuns(now: now) }
  }

  /// Time until the first deadline of all runs, negative when it has passed; nil where there is
  /// none.
  public var untilFirstDeadline: Duration? {
    let now = timeline.now()
    return locked { $0.earliestDeadline }.map { .nanoseconds($0 &- now) }
  }

  /// Frees the place that a hanging run takes from the limits, so that another worker can go on.
  ///
  /// Its key stays taken until it is finished. False where the ticket is finished or was given up
  /// before.
  @discardableResult
  public func surrender(_ ticket: Ticket) -> Bool {
    locked { $0.surrender(ticket) }
  }

  /// Gives a ticket that waits in another worker's batch back, because that worker hangs in an
  /// earlier one.
  ///
  /// The key is ready again, and what its worker says of the ticket later has no effect. The caller
  /// makes sure that the worker does not begin it any more. False where the ticket is finished.
  @discardableResult
  public func withdraw(_ ticket: Ticket) -> Bool {
    let now = timeline.now()
    return locked { $0.withdraw(ticket, now: now) }
  }

  // MARK: Sleep

  /// Sleeps until something is ready in the lane.
  ///
  /// True where the worker was woken and a place is kept for it, so that it has to say that it
  /// arrived.
  private func sleep(_ lane: Lane) async -> Bool {
    let number = guarded.withLock { $0.sleepers.number() }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if !park(number, lane, continuation) { continuation.resume(returning: false) }
        if Task.isCancelled { leave(number, lane) }
      }
    } onCancel: {
      leave(number, lane)
    }
  }

  private func park(
    _ number: UInt64, _ lane: Lane, _ continuation: Sleepers.Worker
  ) -> Bool {
    guarded.withLock { guarded in
      guard guarded.state.park(lane.index) else { return false }
      guarded.sleepers.add(worker: number, lane: lane.index, continuation)
      return true
    }
  }

  /// The sleeping worker's task was cancelled.
  private func leave(_ number: UInt64, _ lane: Lane) {
    let continuation = guarded.withLock { guarded in
      let continuation = guarded.sleepers.remove(worker: number, lane: lane.index)
      if continuation != nil { guarded.state.unpark(lane.index) }
      return continuation
    }
    continuation?.resume(returning: false)
  }
}
