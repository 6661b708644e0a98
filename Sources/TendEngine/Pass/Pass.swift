import Synchronization
import Tend

/// One reconcile of one resource: a step a function.
struct Pass<P: Provider>: Sendable {
  typealias Desired = P.Desired
  typealias Subject = P.Desired.Subject

  let controller: Controller<P>
  let slot: UInt32
  let node: Node
  let assignment: Assignment
  var context: Context
  /// Whether a change is not confirmed at once, since a list may confirm many.
  let isConfirmedLater: Bool

  /// How far it has come.
  enum Ending: Sendable {
    case concluded(Result)
    /// It was changed; `confirmed(_:_:by:)` is to follow.
    case unconfirmed(Verdict, Result.Done)
  }

  private var core: Core { controller.core }
  private var desired: Desired? { controller.rows[slot].desired }

  /// What its spans are about.
  func names() -> KeyValuePairs<String, String> {
    let unit = core.world.withLock { $0.units[Int($0[node].unit)].unit.name }
    return [
      "tend.unit": unit, "tend.resource": assignment.reference.qualified,
      "tend.provider": controller.name,
    ]
  }

  /// Looks, decides, acts, and looks again, unless that comes later.
  func run(_ listed: Controller<P>.Listed?) async -> Ending {
    if !assignment.isDeclared, assignment.ownership == .none { return .concluded(.ended(nil)) }
    do throws(ProviderError) {
      try await tellMoves()
      takeJournaled()
      try controller.confine(
        slot, desired, assignment.reference.kind, to: assignment.confinement)
      let seen = try await look(listed)
      return switch assignment.course(exists: seen.current != nil, seen.differences) {
      case .end(let result): .concluded(result)
      case .confirm: .concluded(await confirm(seen, done: nil))
      case .act(let verdict): await carryOut(verdict, seen)
      }
    } catch {
      return .concluded(.failed(error, nil, []))
    }
  }

  /// Lets the provider know first what the resource was.
  private func tellMoves() async throws(ProviderError) {
    if assignment.moves.isEmpty { return }
    for move in assignment.moves { try await controller.tell(move, context) }
    core.decide { world, effects in world.forget(moves: assignment.moves, &effects) }
  }

  /// Observes and compares; fields that are to be left alone do not differ.
  private func look(
    _ listed: Controller<P>.Listed? = nil
  ) async throws(ProviderError) -> Controller<P>.Seen {
    var seen = try await core.spans.around("tend.observe", names) {
      () throws(ProviderError) in
      try await controller.look(slot, desired, context, listed)
    }
    if seen.current != nil, !assignment.lifecycle.ignoreDifferences.isEmpty {
      let ignored = assignment.lifecycle.ignoreDifferences
      seen.differences.removeAll { $0.isBelow(anyOf: ignored) }
    }
    return seen
  }

  private func carryOut(_ verdict: Verdict, _ seen: Controller<P>.Seen) async -> Ending {
    if let held = overBudget(seen) ?? held(seen) { return .concluded(held) }
    if core.heedBrake() != nil { return .concluded(.suspended(seen.differences)) }
    return await act(verdict, seen)
  }

  /// What would be purged without a plan has to be within the budget too.
  private func overBudget(_ seen: Controller<P>.Seen) -> Result? {
    let count = seen.differences.count(where: \.losesData)
    guard count > 0, assignment.expectation == nil else { return nil }
    let now = core.time.moment.wall
    let refusal = core.world.withLock { $0.refusal(purging: count, for: node, now: now) }
    return refusal.map { .refused(reason: $0.reason, $0.message, seen.differences) }
  }

  /// Repairs of drift are slowed down where somebody fights back, and not tried again where our own
  /// write did not stick.
  private func held(_ seen: Controller<P>.Seen) -> Result? {
    guard assignment.isDeclared, !assignment.isNew, assignment.cause != .request else { return nil }
    if !assignment.readBack.isEmpty, assignment.readBack == seen.differences {
      return .refused(
        reason: "ReadsBackDifferent",
        "what was written reads back different; it is not written "
          + "again before its declaration changes", seen.differences)
    }
    guard assignment.detectsContest, assignment.cause == .drift else { return nil }
    var ledger = assignment.ledger
    let answer = ledger.ask(
      fields: seen.differences.map(\.path), now: core.time.monotonic(),
      interval: assignment.interval)
    guard case .wait(let time) = answer else { return nil }
    name(opponentIn: &ledger)
    return .contested(ledger, after: time, seen.differences)
  }

  /// Only what is fought over is asked for: what nobody contests costs nothing.
  private func name(opponentIn ledger: inout DriftLedger) {
    guard ledger.contested != nil, let witnessing = controller.witnessing,
      let id = controller.rows[slot].desired?.id
    else { return }
    ledger.opponent = witnessing.opponent(of: id) ?? ledger.opponent
  }

  // MARK: Acting

  private func act(_ verdict: Verdict, _ seen: Controller<P>.Seen) async -> Ending {
    guard let change = change(verdict, seen) else {
      return .concluded(.reported(seen.differences))
    }
    let begun = core.time.monotonic()
    core.world.withLock { $0.units[Int($0[node].unit)].application }?.began(node)
    do throws(ProviderError) {
      try await claim(verdict)
      let outcome = try await core.spans.around("tend.apply", names) {
        () throws(ProviderError) in
        try await controller.provider.apply(change, journal(), context)
      }
      let done = done(verdict, seen, core.time.monotonic() - begun)
      if let action = verdict.action {
        core.meters.changed(
          action, because: assignment.cause, in: done.duration, by: controller.index)
      }
      switch outcome {
      case .underway(let after, let message):
        return .concluded(.underway(done, after: after, message))
      case .kept(let why):
        return .concluded(
          .ended(
            Result.Done(
              verdict: .orphan(why), differences: [], duration: done.duration,
              note: "left in place: \(why)")))
      case .done where isConfirmedLater && verdict != .delete: return .unconfirmed(verdict, done)
      case .done: return .concluded(await confirmed(verdict, done, by: nil))
      }
    } catch {
      return .concluded(.failed(error, verdict, seen.differences))
    }
  }

  private func change(_ verdict: Verdict, _ seen: Controller<P>.Seen) -> Change<Desired>? {
    switch (verdict, seen.current, seen.desired) {
    case (.create, _, let desired?): Change(.create(desired), seen.differences)
    case (.update(let adopts), let current?, let desired?):
      Change(
        .update(current, to: desired), seen.differences,
        adopts: adopts || assignment.ownership == .adopted)
    case (.replace(let adopts), let current?, let desired?):
      Change(
        .replace(current, with: desired), seen.differences,
        adopts: adopts || assignment.ownership == .adopted)
    case (.delete, let current?, _):
      Change(.delete(current), [], adopts: assignment.ownership == .adopted)
    default: nil
    }
  }

  /// What no plan has seen becomes ours before the first change to it, durably.
  private func claim(_ verdict: Verdict) async throws(ProviderError) {
    guard let ownership = assignment.claim(for: verdict) else { return }
    try await own(as: ownership, memory: nil)
  }

  /// Durable when it returns; from the first record on the resource is ours.
  private func journal() -> Journal<Desired> {
    Journal { memory throws(ProviderError) in
      try await own(as: .made, memory: try controller.encode(memory))
      controller.journaled.withLock { $0[slot] = memory }
    }
  }

  /// Nothing is written for a resource that was given up meanwhile.
  private func own(
    as ownership: Verdict.Ownership, memory: Value?
  ) async throws(ProviderError) {
    guard var record = core.world.withLock({ $0.own(node, as: ownership) }) else { return }
    record.memory = memory
    do throws(StoreError) {
      try await core.store.commit([.putInventory(record)])
    } catch {
      throw ProviderError(.transient, "remember what is about to be done", cause: error)
    }
  }

  /// Looks again: what was done must be what is there.
  func confirmed(
    _ verdict: Verdict, _ done: Result.Done, by listed: Controller<P>.Listed?
  ) async -> Result {
    takeJournaled()
    let seen: Controller<P>.Seen
    do throws(ProviderError) {
      seen = try await look(after: verdict, listed)
    } catch {
      return .unverified(done, error)
    }
    switch verdict.aftermath(exists: seen.current != nil, seen.differences) {
    case .gone: return .ended(done)
    case .remains: return remaining(done)
    case .differs: return readBack(seen, verdict, done)
    case .asDesired: return await confirm(seen, done: done)
    }
  }

  /// Believes a list where that shows what should be there; anything else in it may be older than
  /// the change.
  private func look(
    after verdict: Verdict, _ listed: Controller<P>.Listed?
  ) async throws(ProviderError) -> Controller<P>.Seen {
    if case .found(.some) = listed {
      let seen = try await look(listed)
      if verdict.aftermath(exists: true, seen.differences) == .asDesired { return seen }
    }
    return try await look()
  }

  private func readBack(
    _ seen: Controller<P>.Seen, _ verdict: Verdict, _ done: Result.Done
  ) -> Result {
    do throws(ProviderError) {
      return .readBack(done, seen.differences, memory: try memory(seen.current))
    } catch {
      return .failed(error, verdict, done.differences)
    }
  }

  /// Somebody may have made it again, or the provider says what it did not do.
  ///
  /// Either way it is told what was done, each time, and what is there now is not lost.
  private func remaining(_ done: Result.Done) -> Result {
    var done = done
    done.losesData = false
    done.note = "deleted, and it is still there, or there again"
    return .unverified(done, .transient("it is still there after it was deleted"))
  }

  /// What the journal recorded is what the next observation starts from.
  func takeJournaled() {
    if let memory = controller.journaled.withLock({ $0.removeValue(forKey: slot) }) {
      controller.rows[slot].memory = memory
    }
  }

  private func memory(_ current: Subject?) throws(ProviderError) -> Result.Memory {
    guard let memory = current?.memory, controller.rows[slot].memory != memory else {
      return .unchanged
    }
    controller.rows[slot].memory = memory
    return .changed(try controller.encode(memory))
  }

  /// It is as desired: asks whether it also works.
  private func confirm(_ seen: Controller<P>.Seen, done: Result.Done?) async -> Result {
    do throws(ProviderError) {
      let memory = try memory(seen.current)
      guard let health = controller.health, let current = seen.current, let desired = seen.desired
      else { return .settled(done, memory: memory, unhealthy: nil) }
      let unhealthy: Result.Unhealthy? =
        switch try await health.health(of: current, as: desired, context) {
        case .healthy: nil
        case .progressing(let message, let after): .progressing(message, checkAfter: after)
        case .degraded(let message): .degraded(message)
        }
      return .settled(done, memory: memory, unhealthy: unhealthy)
    } catch {
      return .failed(error, nil, [])
    }
  }

  private func done(
    _ verdict: Verdict, _ seen: Controller<P>.Seen, _ duration: Duration
  ) -> Result.Done {
    var done = Result.Done(verdict: verdict, differences: seen.differences, duration: duration)
    done.losesData =
      switch verdict {
      case .delete: true
      case .replace: seen.desired?.replacementLosesData ?? true
      default: false
      }
    if assignment.cause == .drift { done.driftedAt = seen.current?.changedAt }
    if assignment.cause == .drift, assignment.detectsContest {
      var ledger = assignment.ledger
      ledger.repaired(
        fields: seen.differences.map(\.path), now: core.time.monotonic(),
        interval: assignment.interval)
      name(opponentIn: &ledger)
      done.ledger = ledger
    }
    return done
  }
}
