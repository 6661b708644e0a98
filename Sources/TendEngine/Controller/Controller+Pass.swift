import Logging
import Synchronization
import Tend

extension Controller {
  /// How long one reconcile may take where nobody says otherwise; the short way knows no other.
  static var usualTimeout: Duration { .seconds(30) }

  /// Reconciles one resource: the short way where nothing stands against it.
  ///
  /// What it has changed and a list may confirm is added to the wave, and not finished.
  @inline(__always)
  func reconcile(
    _ ticket: Scheduler.Ticket, _ site: CallSite, _ context: Context, _ listed: Listed?,
    _ wave: inout Wave
  ) async -> Ending {
    let slot = ticket.payload
    let pace = rows.pace(slot)
    guard pace.pointee.isPlain, ticket.causes.isSubset(of: [.drift, .request]) else {
      return await pass(ticket, site, listed, &wave)
    }
    if let health { return await glance(ticket, site, context, listed, health, &wave) }
    let interval = pace.pointee.interval
    do throws(ProviderError) {
      let finding =
        switch listed {
        case nil: try await provider._inspect(&rows[slot], context)
        case .found(let current): provider._compare(&rows[slot], with: current)
        case .failed(let error): throw error
        }
      switch finding {
      case .asDesired: break
      case .asDesiredWithNewMemory: remember(slot)
      case .differs:
        let current = rows[slot].found?.current
        rows[slot].found = nil
        return await pass(ticket, site, .found(current), &wave)
      }
      return .concluded(.again(after: .milliseconds(Int64(interval)), priority: .resync))
    } catch {
      let error = interpret(error, context, Self.usualTimeout)
      return await pass(ticket, site, .failed(error), &wave)
    }
  }

  /// The short way of what is also asked whether it works: for as long as it does.
  private func glance(
    _ ticket: Scheduler.Ticket, _ site: CallSite, _ context: Context, _ listed: Listed?,
    _ health: any HealthChecking<Desired>, _ wave: inout Wave
  ) async -> Ending {
    let slot = ticket.payload
    do throws(ProviderError) {
      let seen = try await look(slot, rows[slot].desired, context, listed)
      guard let current = seen.current, let desired = seen.desired, seen.differences.isEmpty,
        case .healthy = try await health.health(of: current, as: desired, context)
      else { return await pass(ticket, site, .found(seen.current), &wave) }
      if rows[slot].memory != current.memory {
        rows[slot].memory = current.memory
        remember(slot)
      }
      return .concluded(
        .again(after: .milliseconds(Int64(rows.pace(slot).pointee.interval)), priority: .resync))
    } catch {
      let error = interpret(error, context, Self.usualTimeout)
      return await pass(ticket, site, .failed(error), &wave)
    }
  }

  private func remember(_ slot: UInt32) {
    let value: Value?
    do throws(ProviderError) {
      value = try encode(rows[slot].memory)
    } catch {
      core.logger.warning(
        "what is to be remembered is not kept",
        metadata: ["provider": "\(name)", "error": "\(error)"])
      return
    }
    core.decide { world, effects in
      let node = Node(controller: index, slot: slot)
      guard world[node].isOwned, let value else { return }
      effects.writes.append(.putMemory(world.key(node), value))
    }
  }

  /// The whole way: take in what is new, decide whether it may begin, look, decide, act, verify.
  private func pass(
    _ ticket: Scheduler.Ticket, _ site: CallSite, _ listed: Listed?, _ wave: inout Wave
  ) async -> Ending {
    let slot = ticket.payload
    let node = Node(controller: index, slot: slot)
    takePending(slot)
    var listed = listed
    if ticket.causes.contains(.inspect) {
      guard await answer(slot, node, site, listed) else { return .concluded(.unstarted) }
      listed = nil
      let next = core.world.withLock { $0.afterInspection(node, ticket.causes) }
      if let next { return .concluded(next) }
    }
    let beginning = core.decide { world, effects in
      // What is desired and what is decided belong to one revision.
      takePending(slot)
      handOver(slot, node, &world, &effects)
      let beginning = world.begin(node, causes: ticket.causes)
      switch beginning {
      case .run, .gone, .awaits: break
      case .leave: world.remove(node, &effects)
      case .blocked, .suspended, .unreadable: world.check(Int(world[node].unit), &effects)
      }
      return beginning
    }
    guard case .run(let assignment) = beginning else {
      // Whoever leaves has no slot any more.
      if case .leave = beginning { return .concluded(.done) }
      rows.pace(slot).pointee.isPlain = false
      return .concluded(.done)
    }
    core.scheduler.begin(ticket, timeout: assignment.timeout)
    let begun = core.time.monotonic()
    let context = Context(
      site, deadline: begun + assignment.timeout, limits: assignment.confinement)
    // What is looked at later is durable before.
    site.turn(to: node, isRepair: !assignment.isNew, gathers: !wave.isOpen)
    let mark = mark(node)
    let declaration = core.world.withLock { $0[node].declaration }
    if let poison = poison(mark, declaration, causes: ticket.causes) {
      return .concluded(
        conclude(slot, node, assignment, .refused(reason: "Poison", poison, [])))
    }
    let run = Pass(
      controller: self, slot: slot, node: node, assignment: assignment, context: context,
      isConfirmedLater: wave.isOpen)
    if wave.isOpen { unconfirmed.add(1, ordering: .relaxed) }
    let ending = await core.spans.around("tend.reconcile", run.names) {
      await marking(mark, site) { await run.run(listed) }
    }
    if let mark, core.marks?.hasDeaths == true { core.marks?.pardon(mark) }
    switch ending {
    case .concluded(let result):
      if wave.isOpen { unconfirmed.subtract(1, ordering: .relaxed) }
      let meant = meaning(of: result, run, ticket, since: begun)
      let needed = site.needed
      if !needed.isEmpty, !meant.isCancelled {
        return .held(HeldRun(node, assignment, meant, needed: needed))
      }
      return .concluded(conclude(run, meant))
    case .unconfirmed(let verdict, let done):
      wave.add(Wave.Member(ticket: ticket, pass: run, verdict: verdict, done: done, begun: begun))
      return .concluded(.unstarted)
    }
  }

  /// What came of a pass, with why it was cancelled where it was; measured.
  func meaning(
    of result: Result, _ pass: Pass<P>, _ ticket: Scheduler.Ticket, since begun: Duration
  ) -> Result {
    let assignment = pass.assignment
    let duration = core.time.monotonic() - begun
    core.meters.passed(in: duration, by: index)
    if case .settled(.some, _, _) = result, assignment.cause == .drift {
      core.meters.repaired(after: ticket.waited + duration, by: index)
    }
    return result.meaning { interpret($0, pass.context, assignment.timeout) }
  }

  /// Takes in what came of a pass.
  func conclude(_ pass: Pass<P>, _ meant: Result) -> Scheduler.Disposition {
    if meant.isCancelled {
      account(for: meant, of: pass.node, pass.assignment)
      return .unstarted
    }
    return conclude(pass.slot, pass.node, pass.assignment, meant)
  }

  /// Nothing is concluded from what was cancelled or given up, but what it did is told.
  func account(for result: Result, of node: Node, _ assignment: Assignment) {
    let now = core.time.moment
    core.decide { world, effects in
      if let done = result.done {
        world.account(for: done, of: node, assignment, now, &effects)
      } else if case .failed(_, let verdict?, let differences) = result {
        world.account(forBegun: verdict, differences, of: node, assignment, now, &effects)
      }
    }
  }

  func conclude(
    _ slot: UInt32, _ node: Node, _ assignment: Assignment, _ result: Result
  ) -> Scheduler.Disposition {
    rows[slot].found = nil
    setPace(slot, assignment, result)
    if let error = result.error { core.meters.failed(error.code, by: index) }
    let now = core.time.moment
    let masked = result.masked { core.mask.apply(to: $0) }
    return core.decide { world, effects in
      world.finish(node, assignment, masked, now: now, &effects)
    }
  }

  private func setPace(_ slot: UInt32, _ assignment: Assignment, _ result: Result) {
    var isPlain = false
    if case .settled(let done, _, nil) = result, assignment.isDeclared {
      isPlain =
        planning == nil && assignment.confinement == nil
        && assignment.timeout == Self.usualTimeout
        && (done?.ledger ?? assignment.ledger).contested == nil
    }
    let milliseconds = assignment.interval.nanoseconds / 1_000_000
    rows.pace(slot).pointee = Pace(
      interval: UInt32(clamping: milliseconds), isPlain: isPlain)
  }

  /// Why a call was cancelled: because it is late, because something newer is wanted or the end has
  /// come (then it stays cancelled), or by a mistake of its own.
  private func interpret(
    _ error: ProviderError, _ context: Context, _ timeout: Duration
  ) -> ProviderError {
    guard error.code == .cancelled else { return error }
    if context.remaining <= .zero {
      return .transient(
        "did not finish within \(timeout.brief)",
        remedy: "give it more time with lifecycle: {timeout: …}, or find out what it waits for")
    }
    if Task.isCancelled { return error }
    return .transient("the provider gave up by itself, though nobody cancelled the call")
  }

  // MARK: Plans

  /// Answers what plans want to know, each with the desired state that it is for.
  ///
  /// False where the worker was cancelled before it came to the end; the rest is asked again.
  private func answer(
    _ slot: UInt32, _ node: Node, _ site: CallSite, _ listed: Listed?
  ) async -> Bool {
    site.turn(to: node, isRepair: false)
    var listed = listed
    var questions = columns.withLock { $0.inspections.take(slot) ?? [] }
    questions.reverse()
    while let question = questions.popLast() {
      columns.withLock { $0.asking[slot] = [question] + questions }
      defer { columns.withLock { _ = $0.asking.take(slot) } }
      let (confinement, kind) = confinement(question, node)
      let mark = mark(node)
      if let poison = poison(mark, nil) {
        question.inspection.deliver(.failed(.permanent(poison)), for: node)
        continue
      }
      let context = Context(
        site, deadline: core.time.monotonic() + Self.usualTimeout, limits: confinement)
      let result = await marking(mark, site) {
        await inspect(slot, question, context, listed) { () throws(ProviderError) in
          try confine(slot, aim(question, slot), kind, to: confinement)
        }
      }
      if case .failed(let error) = result, error.code == .cancelled {
        let rest = [question] + questions.reversed()
        columns.withLock { $0.inspections[slot, default: []].insert(contentsOf: rest, at: 0) }
        return false
      }
      question.inspection.deliver(result, for: node)
      listed = nil
    }
    return true
  }

  private func inspect(
    _ slot: UInt32, _ question: Question, _ context: Context, _ listed: Listed?,
    confine: () throws(ProviderError) -> Void
  ) async -> Inspection.Result {
    let desired = aim(question, slot)
    do throws(ProviderError) {
      try confine()
      let seen = try await look(slot, desired, context, listed)
      return .found(
        exists: seen.current != nil, differences: seen.differences,
        losesData: desired?.replacementLosesData ?? true)
    } catch {
      let error = interpret(error, context, Self.usualTimeout)
      return .failed(error.masked { core.mask.apply(to: $0) })
    }
  }

  // MARK: Looking

  struct Seen: Sendable {
    var current: Subject?
    /// The desired state, completed where the provider plans by itself.
    var desired: Desired?
    var differences: [Difference]
  }

  /// Observes and compares.
  func look(
    _ slot: UInt32, _ desired: Desired?, _ context: Context, _ listed: Listed?
  ) async throws(ProviderError) -> Seen {
    let current: Subject?
    switch listed {
    case .found(let found): current = found
    case .failed(let error): throw error
    case nil:
      let row = rows[slot]
      current = try await provider.observe(
        Target(id: row.id, desired: desired, memory: row.memory), context)
    }
    guard let desired else { return Seen(current: current, desired: nil, differences: []) }
    guard let planning else {
      return Seen(
        current: current, desired: desired, differences: desired.differences(from: current))
    }
    let planned = try await planning.plan(desired, from: current, context)
    return Seen(
      current: current, desired: planned, differences: planned.differences(from: current))
  }

  /// What is remembered, as the store keeps it; nil for resources that remember nothing.
  func encode(_ memory: Subject.Memory?) throws(ProviderError) -> Value? {
    guard let memory, Subject.Memory.self != NoMemory.self else { return nil }
    do {
      let value = try ValueEncoder().encode(memory)
      guard value.json.utf8.count <= 4096 else {
        throw ProviderError.permanent("what is to be remembered is larger than 4 KiB")
      }
      return value
    } catch let error as ProviderError {
      throw error
    } catch {
      throw ProviderError(.permanent, "what is to be remembered can't be encoded", cause: error)
    }
  }
}
