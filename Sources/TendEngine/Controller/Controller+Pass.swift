import CoreMetrics
import Synchronization
import Tend

extension Controller {
  /// Reconciles one resource: the short way where nothing stands against it.
  @inline(__always)
  func reconcile(
    _ ticket: Scheduler.Ticket, _ site: CallSite, _ context: Context, _ listed: Listed?
  ) async -> Scheduler.Disposition {
    let slot = ticket.payload
    let pace = rows.pace(slot)
    guard pace.pointee.isPlain, listed == nil, ticket.causes.isSubset(of: [.drift]) else {
      return await pass(ticket, site, listed)
    }
    let interval = pace.pointee.interval
    do throws(ProviderError) {
      switch try await provider._inspect(&rows[slot], context) {
      case .asDesired: break
      case .asDesiredWithNewMemory: remember(slot)
      case .differs:
        let current = rows[slot].found?.current
        rows[slot].found = nil
        return await pass(ticket, site, .found(current))
      }
      return .again(after: .milliseconds(Int64(interval)), priority: .resync)
    } catch {
      return await pass(ticket, site, .failed(error))
    }
  }

  private func remember(_ slot: UInt32) {
    let memory = rows[slot].memory
    core.decide { world, effects in
      let node = Node(controller: index, slot: slot)
      guard world[node].isOwned, let value = try? encode(memory) else { return }
      effects.writes.append(.putMemory(world.key(node), value))
    }
  }

  /// The whole way: take in what is new, decide whether it may begin, look, decide, act, verify.
  private func pass(
    _ ticket: Scheduler.Ticket, _ site: CallSite, _ listed: Listed?
  ) async -> Scheduler.Disposition {
    let slot = ticket.payload
    let node = Node(controller: index, slot: slot)
    takePending(slot)
    var listed = listed
    if ticket.causes.contains(.inspect) {
      await answer(slot, node, site, listed)
      listed = nil
      let next = core.world.withLock { $0.afterInspection(node, ticket.causes) }
      if let next { return next }
    }
    let beginning = core.decide { world, effects in
      let beginning = world.begin(node, causes: ticket.causes)
      if case .blocked = beginning { world.check(Int(world[node].unit), &effects) }
      return beginning
    }
    guard case .run(let assignment) = beginning else {
      rows.pace(slot).pointee.isPlain = false
      return .done
    }
    core.scheduler.begin(ticket, timeout: assignment.timeout)
    let context = Context(site, deadline: core.time.monotonic() + assignment.timeout)
    site.turn(to: node, isRepair: !assignment.isNew)
    let run = Pass(
      controller: self, slot: slot, node: node, assignment: assignment, context: context)
    let result = await run.run(listed)
    if case .failed(let error, _, _) = result, error.code == .cancelled {
      return cancelled(ticket, node, assignment, context)
    }
    return conclude(slot, node, assignment, result)
  }

  private func conclude(
    _ slot: UInt32, _ node: Node, _ assignment: Assignment, _ result: Result
  ) -> Scheduler.Disposition {
    rows[slot].found = nil
    setPace(slot, assignment, result)
    if case .failed = result { core.meters.failures[index].increment() }
    let now = core.time.moment
    return core.decide { world, effects in
      world.finish(node, assignment, result, now: now, &effects)
    }
  }

  private func setPace(_ slot: UInt32, _ assignment: Assignment, _ result: Result) {
    var isPlain = false
    if case .settled(_, _, nil) = result, assignment.isDeclared {
      isPlain = health == nil && planning == nil && assignment.ledger.contested == nil
    }
    let milliseconds = assignment.interval.nanoseconds / 1_000_000
    rows.pace(slot).pointee = Pace(
      interval: UInt32(clamping: milliseconds), isPlain: isPlain)
  }

  /// The call was cancelled: because it is late, because something newer is wanted, or at the end.
  private func cancelled(
    _ ticket: Scheduler.Ticket, _ node: Node, _ assignment: Assignment, _ context: Context
  ) -> Scheduler.Disposition {
    guard context.remaining <= .zero else { return .unstarted }
    let error = ProviderError.transient(
      "did not finish within \(assignment.timeout.brief)",
      remedy: "give it more time with lifecycle: {timeout: …}, or find out what it waits for")
    return conclude(ticket.payload, node, assignment, .failed(error, nil, []))
  }

  // MARK: Plans

  /// Answers what a plan wants to know, with the desired state that the plan is for.
  private func answer(
    _ slot: UInt32, _ node: Node, _ site: CallSite, _ listed: Listed?
  ) async {
    guard let question = columns.withLock({ $0.inspections.removeValue(forKey: slot) }) else {
      return
    }
    site.turn(to: node, isRepair: false)
    let context = Context(site, deadline: core.time.monotonic() + .seconds(30))
    let desired = aim(question, slot)
    do throws(ProviderError) {
      let seen = try await look(slot, desired, context, listed)
      question.inspection.deliver(
        .found(
          exists: seen.current != nil, differences: seen.differences,
          losesData: desired?.replacementLosesData ?? true), for: node)
    } catch {
      question.inspection.deliver(.failed(error), for: node)
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
