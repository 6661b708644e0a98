import Logging
import Synchronization
import Tend

extension Controller {
  func run() async {
    let guards = (0..<provider.execution.limit).map { _ in WorkerGuard() }
    await withTaskGroup { group in
      group.addTask { await self.core.keepingTime { await self.supervise(guards) } }
      if let reporting { group.addTask { await self.watch(reporting) } }
      await self.work(guards)
      group.cancelAll()
    }
  }

  private func work(_ guards: [WorkerGuard]) async {
    let threads: BlockingThreads? =
      provider.execution.place == .threads ? BlockingThreads(count: guards.count, name: name) : nil
    let executors = threads == nil ? executing?.executors ?? [] : []
    await withDiscardingTaskGroup { group in
      for (number, guardian) in guards.enumerated() {
        @Sendable func keep() async {
          if let threads {
            await self.keepReplacing(UInt32(number), guardian, threads)
          } else {
            await self.keepWorking(UInt32(number), guardian)
          }
        }
        // A preference for nil leaves the executor on which the engine runs.
        if executors.isEmpty {
          group.addTask { await keep() }
        } else {
          let executor = executors[number % executors.count]
          group.addTask(executorPreference: executor) { await keep() }
        }
      }
    }
  }

  /// One worker for the life of the engine: a loop, and a guard that can cancel what the loop does.
  private func keepWorking(_ number: UInt32, _ guardian: WorkerGuard) async {
    var isOpen = true
    while isOpen, !Task.isCancelled {
      isOpen = await withTaskGroup(of: Bool?.self) { group in
        group.addTask { await self.work(number) }
        group.addTask {
          await guardian.wait()
          return nil
        }
        let first = await group.next() ?? nil
        group.cancelAll()
        guard first == nil else { return first ?? false }
        _ = await group.next()
        return true
      }
    }
  }

  /// Works until the scheduler closes (false) or the worker is cancelled (true).
  ///
  /// In a `shift` a call may hang for so long that the loop is given up: then it finishes what it
  /// hung in, and no more.
  func work(_ number: UInt32, _ shift: Shift? = nil) async -> Bool {
    var batch = Scheduler.Batch(lane, worker: number, timeout: Self.usualTimeout)
    let site = CallSite(core, place: index << 8 | Int(number & 0xFF))
    var held = HeldRuns()
    var batches = 0
    while await core.scheduler.next(&batch) {
      rest.end()
      held.begin()
      // A worker that always finds work would keep its thread for ever.
      batches &+= 1
      if batches % 64 == 0 { await Task.yield() }
      shift?.hold(batch)
      let begun = core.time.monotonic()
      let context = Context(site, deadline: begun + Self.usualTimeout)
      let listed = listing == nil ? [] : await list(batch, context)
      batch.isServedTogether = 2 * listed.count { $0 != nil } > batch.count
      var wave = Wave()
      func conclude(_ run: HeldRun, _ result: Result, _ position: Int) -> Scheduler.Disposition {
        let phase = listed.isEmpty ? nil : listed[position]?.phase
        let disposition = self.conclude(run.node.slot, run.node, run.assignment, result)
        return paced(disposition, run.node.slot, phase, begun)
      }
      for position in 0..<batch.count {
        if Task.isCancelled || shift?.turn(to: position) == false { break }
        let ticket = batch[position]
        let together = listed.isEmpty ? nil : listed[position]
        wave.turn(to: position, isListed: together != nil && shift == nil)
        switch await reconcile(ticket, site, context, together?.listed, &wave) {
        case .concluded(let disposition):
          batch.finish(position, paced(disposition, ticket.payload, together?.phase, begun))
        case .held(let run): held.hold(run, at: position, now: core.time.monotonic())
        }
        if held.isDue(core.time) { settle(&held, of: &batch, site, shift, conclude) }
        if !wave.members.isEmpty, wave.isDue(core.time.monotonic()) {
          await finish(&wave, in: &batch, site)
        }
      }
      settle(&held, of: &batch, site, shift, conclude)
      batch.isSettledTogether = 2 * held.count > batch.count
      await finish(&wave, in: &batch, site)
      if let late = shift?.rest() {
        batch.finish(late, returned(batch[late]))
        core.scheduler.giveBack(&batch)
        return true
      }
      core.meters.reconciled(batch.count, by: index)
    }
    return Task.isCancelled
  }

  private func finish(
    _ wave: inout Wave, in batch: inout Scheduler.Batch, _ site: CallSite
  ) async {
    if wave.members.isEmpty { return }
    for (position, disposition) in await confirm(&wave, site) {
      batch.finish(position, disposition)
    }
  }

  /// A resync comes when its neighbours do, or all that one list serves.
  @inline(__always)
  func paced(
    _ disposition: Scheduler.Disposition, _ slot: UInt32, _ phase: UInt64?, _ now: Duration
  ) -> Scheduler.Disposition {
    guard case .again(let after, .resync, let causes, _) = disposition else { return disposition }
    if let phase {
      let wait = Cadence.untilGroup(phase, interval: after, after: now)
      return .again(after: wait, priority: .resync, causes: causes)
    }
    let cadence = Cadence(seed: core.seed, rows: rows.count)
    let next = cadence.next(slot, interval: after, after: now)
    return .again(
      after: next.delay, priority: .resync, causes: causes, tolerance: next.tolerance)
  }

  // MARK: Deadlines

  /// Cancels what is late, and what works for a desired state that is no longer wanted; gives up
  /// what goes on hanging.
  ///
  /// Rests while nothing runs: an engine that has nothing to do wakes nobody.
  private func supervise(_ guards: [WorkerGuard]) async {
    while !Task.isCancelled {
      guard core.scheduler.untilFirstDeadline != nil else {
        await rest.wait { core.scheduler.untilFirstDeadline == nil }
        continue
      }
      let next = runs.compactMap { $0.isOverdue ? $0.untilHanging : $0.remaining }.min()
      do {
        try await core.time.sleep(min(max(next ?? .seconds(1), .milliseconds(10)), .seconds(1)))
      } catch { break }
      for run in runs where guards.indices.contains(Int(run.worker)) {
        let guardian = guards[Int(run.worker)]
        if run.isOverdue || run.isStale { guardian.condemn() }
        if let time = run.untilHanging, time <= .zero {
          giveUp(guardian, after: (run.timeout ?? .zero) * 2)
        }
      }
    }
  }

  private var runs: [Scheduler.Run] {
    core.scheduler.runs.filter { $0.lane == lane && !$0.isGivenUp }
  }

  // MARK: Drift

  private func watch(_ reporting: any DriftReporting<Desired>) async {
    let drift = Drift<Desired.ID>(report: report, limit: limit)
    while !Task.isCancelled {
      polled.withLock { $0 = nil }
      do throws(ProviderError) {
        try await reporting.watch(drift)
      } catch {
        if error.code == .cancelled { return }
        polled.withLock { $0 = "\(error)" }
        core.logger.warning(
          "drift is not reported, the resync finds it",
          metadata: ["provider": "\(name)", "error": "\(error)"])
      }
      do { try await core.time.sleep(.seconds(30)) } catch { return }
    }
  }

  /// Says why not all is watched; nil: all is.
  private func limit(_ reason: String?) {
    let isNews = polled.withLock { polled in
      defer { polled = reason }
      return polled != reason
    }
    guard isNews else { return }
    guard let reason else {
      return core.logger.info(
        "all resources are watched again", metadata: ["provider": "\(name)"])
    }
    core.logger.warning(
      "some resources are not watched, the resync finds their drift",
      metadata: ["provider": "\(name)", "reason": "\(reason)"])
  }

  /// Has a resource looked at; nil: all of them.
  private func report(_ id: Desired.ID?) {
    let handles = columns.withLock { columns in
      guard let id else { return columns.slots.used.map { columns.handles[Int($0)] } }
      return columns.slots.slot(of: id).map { [columns.handles[Int($0)]] } ?? []
    }
    core.scheduler.add(all: handles, priority: id == nil ? .resync : .drift, causes: .drift)
  }
}

/// Where a supervisor waits while nothing runs.
final class Rest: Sendable {
  private let isResting = Atomic(false)
  private let bell = Bell()

  /// Waits until something runs; asks once more after having said that it rests.
  func wait(while nothingRuns: () -> Bool) async {
    isResting.store(true, ordering: .sequentiallyConsistent)
    if nothingRuns() { await bell.wait() }
    isResting.store(false, ordering: .sequentiallyConsistent)
  }

  /// Something runs, and the scheduler knows it.
  func end() {
    if isResting.load(ordering: .sequentiallyConsistent) { bell.ring() }
  }
}

/// Lets a supervisor cancel what one worker does.
final class WorkerGuard: Sendable {
  /// Rung when the run under way is to be cancelled.
  private let bell = Bell()
  /// The loop, where nobody waits for it as for a child.
  private let shift = Mutex<Shift?>(nil)

  /// From now on this loop is what is guarded.
  func begin(_ shift: Shift) { self.shift.withLock { $0 = shift } }

  /// The run under way is to be cancelled.
  func condemn() {
    if let shift = shift.withLock({ $0 }) { return shift.cancel() }
    bell.ring()
  }

  /// The run under way is no longer waited for; nil where its worker can't be replaced.
  func giveUp() -> (hanging: Scheduler.Ticket, others: [Scheduler.Ticket])? {
    shift.withLock { $0 }?.giveUp()
  }

  /// Waits until the worker is condemned, or the task is cancelled.
  func wait() async { await bell.wait() }
}
