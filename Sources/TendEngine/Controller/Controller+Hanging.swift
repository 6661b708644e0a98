import Logging
import Synchronization
import Tend

/// What becomes of calls that block for ever: nobody waits for them, and another thread goes on.
extension Controller {
  /// So many threads are replaced; a provider that takes more has hung as a whole.
  static var mostReplaced: Int { 8 }

  /// What hangs.
  struct Hanging: Sendable {
    /// The slots, with what is said of them.
    var slots: [UInt32: String] = [:]
    /// Threads that were made in place of those that hang.
    var replaced = 0
    /// Workers that have no thread.
    var waiting = 0
    /// Rung when a late call has returned, each by a worker of its own.
    var bells: [Bell] = []
    /// Where nothing is ever queued: who waits there is woken at the end.
    var idle: Scheduler.Lane?
  }

  /// One worker for the life of the engine, on whichever thread does not hang.
  ///
  /// Its loop is a task of its own, and not a child: a child would be waited for.
  func keepReplacing(
    _ number: UInt32, _ guardian: WorkerGuard, _ threads: BlockingThreads
  ) async {
    while !Task.isCancelled {
      let shift = Shift()
      guardian.begin(shift)
      let loop = Task(executorPreference: threads) {
        shift.end(isOpen: await self.work(number, shift))
      }
      shift.began { loop.cancel() }
      switch await shift.wait() {
      case .ended(let isOpen): if !isOpen { return }
      case .givenUp:
        if await !awaitThread(threads) { return }
      }
    }
  }

  /// Waits until a thread is free for one more worker, or makes one; false at the end.
  private func awaitThread(_ threads: BlockingThreads) async -> Bool {
    var isWaiting = false
    while core.scheduler.isOpen, !Task.isCancelled {
      let bell = Bell()
      let (lane, isReplaced) = hanging.withLock { [isWaiting] hanging in
        let limit = provider.execution.limit
        if isWaiting { hanging.waiting -= 1 }
        let isReplaced =
          hanging.replaced < hanging.slots.count && hanging.replaced < Self.mostReplaced
        if isReplaced { hanging.replaced += 1 }
        let free = limit + hanging.replaced - hanging.slots.count
        if free >= limit - hanging.waiting { return (nil as Scheduler.Lane?, isReplaced) }
        hanging.waiting += 1
        hanging.bells.append(bell)
        let lane = hanging.idle ?? core.scheduler.addLane(limit: 1)
        hanging.idle = lane
        return (lane, isReplaced)
      }
      if isReplaced { threads.addThread() }
      isWaiting = lane != nil
      guard let lane else { return true }
      await withTaskGroup { group in
        group.addTask { await bell.wait() }
        group.addTask { _ = await self.core.scheduler.next(lane) }
        await group.next()
        group.cancelAll()
      }
    }
    return false
  }

  var hangingSlots: [(slot: UInt32, message: String)] {
    hanging.withLock { $0.slots }.sorted { $0.key < $1.key }.map {
      (slot: $0.key, message: $0.value)
    }
  }

  /// What hangs for twice its deadline is no longer waited for.
  func giveUp(_ guardian: WorkerGuard, after time: Duration) {
    guard let (ticket, others) = guardian.giveUp() else { return }
    for other in others { core.scheduler.withdraw(other) }
    let slot = ticket.payload
    let message =
      "a call of its provider has not returned within \(time.brief), twice its deadline, and is no "
      + "longer waited for; it is looked at again once it returns"
    let (count, isStuck) = hanging.withLock { hanging in
      hanging.slots[slot] = message
      let count = hanging.slots.count
      return (count, count >= Self.mostReplaced + provider.execution.limit)
    }
    let now = core.time.moment
    core.decide { world, effects in
      world.giveUp(Node(controller: index, slot: slot), "Hanging", message, now, &effects)
    }
    core.scheduler.surrender(ticket)
    refuseQuestions([slot])
    core.logger.warning(
      "provider hangs",
      metadata: [
        "provider": "\(name)", "identity": "\(rows[slot].id.description)", "hanging": "\(count)",
      ])
    if isStuck { stick(now) }
  }

  /// Nobody is left to work: everything waits for a call to return, and that is said.
  private func stick(_ now: Moment) {
    let slots = columns.withLock { $0.slots.used }
    let message =
      "all calls of its provider hang, and no thread is left for it; a new start of the agent is "
      + "the remedy where they do not return"
    core.decide { world, effects in
      for slot in slots {
        world.giveUp(
          Node(controller: index, slot: slot), "ProviderHangs", message, now, &effects)
      }
    }
    refuseQuestions(slots)
  }

  /// What was given up has returned after all: what it says is old, so it is looked at again.
  func returned(_ ticket: Scheduler.Ticket) -> Scheduler.Disposition {
    let (wasStuck, bells) = hanging.withLock { hanging in
      let wasStuck = hanging.slots.count >= Self.mostReplaced + provider.execution.limit
      hanging.slots[ticket.payload] = nil
      defer { hanging.bells = [] }
      return (wasStuck, hanging.bells)
    }
    for bell in bells { bell.ring() }
    if wasStuck {
      let handles = columns.withLock { columns in
        columns.slots.used.map { columns.handles[Int($0)] }
      }
      core.scheduler.add(all: handles, priority: .drift, causes: .woken)
    }
    return .again(after: .zero, priority: .drift, causes: .woken)
  }

  /// Plans do not wait for what hangs.
  func refuseHanging(_ slots: [UInt32]) {
    let hung = hanging.withLock { hanging in
      if hanging.slots.isEmpty { return [UInt32]() }
      return hanging.slots.count >= Self.mostReplaced + provider.execution.limit
        ? slots : slots.filter { hanging.slots[$0] != nil }
    }
    if !hung.isEmpty { refuseQuestions(hung) }
  }

  private func refuseQuestions(_ slots: [UInt32]) {
    let questions = columns.withLock { columns in
      slots.flatMap { slot in
        ((columns.asking[slot] ?? []) + (columns.inspections.take(slot) ?? [])).map { (slot, $0) }
      }
    }
    for (slot, question) in questions {
      question.inspection.deliver(
        .failed(.transient("a call of its provider hangs", remedy: "look what it waits for")),
        for: Node(controller: index, slot: slot))
    }
  }
}

extension World {
  /// Nothing is known of a resource before a call returns that nobody waits for.
  mutating func giveUp(
    _ node: Node, _ reason: String, _ message: String, _ now: Moment, _ effects: inout Effects
  ) {
    guard self[node].isResource, self[node].extra?.reason != reason else { return }
    let entry = self[node]
    effects.writes.append(
      .addEvent(
        Event(
          time: now.wall, unit: units[Int(entry.unit)].unit.name,
          resource: entry.reference?.description ?? entry.identity, kind: .condition,
          revision: revision(of: entry), result: reason, message: message)))
    update(node) { entry in
      var extra = entry.extra ?? Extra()
      extra.failures = max(extra.failures + 1, Weight.patience)
      entry.extra = extra
      if entry.isDeclared { entry.phase = .stalled }
      entry.explain(reason, message)
    }
    self[node].transition = now.wall.nanoseconds
    note(node, now.wall, &effects)
    tell(node, .stalled(reason, message), &effects)
    check(Int(entry.unit), &effects)
  }
}
