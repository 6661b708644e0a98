import Logging
import Synchronization
import Tend

extension Engine {
  /// Carries out exactly that plan; nothing that it does not show is done.
  ///
  /// Call it while the engine runs, with a plan that this engine prepared. Returns when everything
  /// has converged, or when nothing more will be done without help: transient failures are tried
  /// three times. A resource that is not as the plan saw it is left alone and reported. Throws
  /// `.refused` for a plan that was refused, and `.store` where the intent can't be made durable;
  /// then nothing was done. Cancellation stops waiting and begins nothing more.
  public func apply(
    _ plan: PreparedPlan, by user: String,
    progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) async throws(EngineError) -> ApplyReport {
    if let refusal = plan.plan.refused.first {
      throw EngineError(.refused, refusal.message, remedy: Self.remedy(refusal, plan.plan))
    }
    try refuseSuspended(plan.plan.unit)
    return try await carryOut(plan.plan, plan.prepared, by: user, progress: progress)
  }

  private static func remedy(_ refusal: PlanRefusal, _ plan: Plan) -> String? {
    guard refusal.reason == "DeletionBudget" else { return nil }
    let count = plan.deletions.count
    return "see that this is meant, then allow it with --allow-deletions \(count)"
  }

  func carryOut(
    _ plan: Plan, _ prepared: Prepared, by user: String,
    progress: @escaping @Sendable (Progress) -> Void
  ) async throws(EngineError) -> ApplyReport {
    let begun = core.time.monotonic()
    let application = Application(
      Array(zip(prepared.changes.order, plan.changes)), progress: progress)
    try await accept(plan, prepared, by: user, application: application)
    await application.wait()
    do throws(StoreError) { try await core.ledger.flush() } catch { throw EngineError(error) }
    let (holds, errors) = core.world.withLock { world in
      world.dismiss(application, unit: plan.unit)
      return (world.holds(on: application.open), world.remaining(plan.errors, prepared))
    }
    var report = application.report(after: core.time.monotonic() - begun, holds)
    report.problems = errors + report.problems
    return report
  }

  /// Makes the intent durable, then puts the revision in force.
  ///
  /// While it `isResuming` a revision that was in force before, a newer one still waits for what it
  /// claims.
  func accept(
    _ plan: Plan, _ prepared: Prepared, by user: String, application: Application?,
    isResuming: Bool = false
  ) async throws(EngineError) {
    let now = core.time.moment
    let unfinished = try await unfinished(before: plan, now.wall)
    let intent = core.world.withLock { world -> Intent? in
      guard world.isCurrent(prepared), world.canRename(prepared), world.isUndisturbed(prepared)
      else { return nil }
      let prepared = world.reconsidered(prepared, unit: plan.unit)
      var (record, superseded) = world.acceptedRecord(plan, by: user, now: now.wall)
      if !isResuming { record.claims = [] }
      record = world.moved(prepared, record)
      let writes = world.acceptanceWrites(prepared, record, by: user, now: now.wall)
      return Intent(prepared: prepared, record: record, writes: unfinished + superseded + writes)
    }
    guard let intent else {
      throw EngineError(
        .moved, "unit \(plan.unit) is no longer as the plan saw it", remedy: "plan again")
    }
    try await claimOnHost(intent.prepared) { [core] () throws(StoreError) in
      try await core.ledger.flush()
      try await core.store.commit(intent.writes)
    }
    core.meters.revision(of: plan.unit, became: .accepted)
    core.logger.info(
      "revision accepted",
      metadata: [
        "unit": "\(plan.unit)", "revision": "\(plan.revision.short)",
        "changes": "\(plan.changes.count)",
      ])
    let (abandoned, heirs) = core.decide { world, effects in
      let heirs = world.heirs(of: intent.prepared.released)
      let before = world.unitIndex(plan.unit).map { world.units[$0].record }
      let acceptance = world.accept(
        intent.prepared, intent.record, by: user, application: application, &effects)
      hand(over: acceptance, intent.prepared.intake)
      for controller in stagingProviders {
        for (slot, message) in controller.hangingSlots {
          let node = Node(controller: controller.index, slot: slot)
          world.giveUp(node, "Hanging", message, now, &effects)
        }
      }
      effects.adds += acceptance.scheduled.map {
        Effects.Add(
          handle: world[$0].handle, priority: .revision, causes: .revision, supersedes: true)
      }
      guard let unit = world.unitIndex(plan.unit), let before else { return ([String](), heirs) }
      world.check(unit, &effects)
      return (world.abandon(before, unit), heirs)
    }
    refresh(abandoned)
    core.following.ring { heirs.contains($0.name) }
  }

  /// What an engine that died was at, where that is not gone on with: its revision is superseded.
  private func unfinished(
    before plan: Plan, _ now: Timestamp
  ) async throws(EngineError) -> [StoreWrite] {
    let isFirst = core.world.withLock { world in
      world.unitIndex(plan.unit).map { !world.units[$0].isInForce } ?? false
    }
    guard isFirst else { return [] }
    do throws(StoreError) {
      let last = try await core.store.revisions(of: plan.unit, limit: 1).first
      guard var last, last.state == .applying, last.revision.id != plan.revision.id else {
        return []
      }
      last.state = .superseded
      last.changedAt = now
      last.message = "revision \(plan.revision.short) came before it had converged"
      return [.putRevision(last)]
    } catch {
      throw EngineError(error)
    }
  }

  /// What must be durable before a revision is in force.
  private struct Intent {
    var prepared: Prepared
    var record: UnitRecord
    var writes: [StoreWrite]
  }

  /// Under the world's lock: a run that begins for the new revision has its desired state.
  private func hand(over acceptance: World.Acceptance, _ intake: Intake) {
    for controller in stagingProviders {
      let index = Int32(controller.index)
      let taken = acceptance.taken.filter { $0.node.controller == index }
      if !taken.isEmpty {
        controller.take(
          taken.map { (slot: $0.node.slot, row: $0.row) }, from: intake.parts[controller.index])
      }
      let withdrawn = acceptance.withdrawn.filter { $0.controller == index }
      if !withdrawn.isEmpty { controller.withdraw(withdrawn.map(\.slot)) }
    }
  }
}

extension World {
  /// The same, where what another unit has claimed since the plan was made is not deleted.
  func reconsidered(_ prepared: Prepared, unit name: String) -> Prepared {
    guard !prepared.removed.isEmpty, let unit = unitIndex(name) else { return prepared }
    let (removed, released) = divided(prepared.removed, of: unit)
    if released.isEmpty { return prepared }
    var prepared = prepared
    prepared.removed = removed
    prepared.released += released
    return prepared
  }

  /// What is kept of the unit once the revision is in force, and what became of the one before.
  func acceptedRecord(
    _ plan: Plan, by user: String, now: Timestamp
  ) -> (record: UnitRecord, superseded: [StoreWrite]) {
    guard let unit = unitIndex(plan.unit) else { return (UnitRecord(name: plan.unit), []) }
    let state = units[unit]
    var record = state.record
    record.accepted = plan.revision
    record.acceptedAt = now
    record.refused = nil
    if record.approvedPlan == plan.digest { record.approvedPlan = nil }
    guard state.isConverging, let previous = state.record.accepted,
      previous.id != plan.revision.id
    else { return (record, []) }
    let old = RevisionRecord(
      unit: plan.unit, revision: previous, seenAt: state.record.acceptedAt ?? now, changedAt: now,
      state: .superseded, by: state.by, changes: state.changes,
      message: "revision \(plan.revision.short) came before it had converged")
    return (record, [.putRevision(old)])
  }

  /// The errors of a plan that are not over by now.
  func remaining(_ errors: [PlanProblem], _ prepared: Prepared) -> [PlanProblem] {
    if errors.isEmpty { return [] }
    var nodes: [Reference: Node] = [:]
    for number in prepared.intake.order {
      nodes[prepared.intake.declaration(number).reference] = prepared.nodes[Int(number)]
    }
    for node in prepared.removed {
      if let reference = self[node].reference { nodes[reference] = node }
    }
    return errors.filter { error in
      guard let node = nodes[error.reference] else { return false }
      return self[node].phase != .settled
    }
  }

  /// Nobody waits any more.
  mutating func dismiss(_ application: Application, unit name: String) {
    guard let unit = unitIndex(name), units[unit].application === application else { return }
    units[unit].application = nil
    for node in nodes(of: unit) where self[node].expectation != nil {
      update(node) { entry in
        entry.flags.remove(.expectsNothing)
        entry.extra?.expectation = nil
        if entry.phase == .settled, entry.extra == Extra() { entry.extra = nil }
      }
    }
  }

  /// What each of these waits for, in words.
  func holds(on nodes: [Node]) -> [Node: String] {
    let unsettled = unsettled()
    var holds: [Node: String] = [:]
    for node in nodes {
      let entry = self[node]
      if let suspension = suspension(of: node) {
        holds[node] = "it is suspended \(suspension)"
        continue
      }
      holds[node] = hold(entry, blockers(of: entry, unsettled: unsettled[Int(entry.unit)]))
    }
    return holds
  }

  /// What a resource waits for, in words.
  func hold(_ entry: Entry, _ blockers: [Node]) -> String {
    let names = blockers.compactMap { self[$0].reference?.description }
    if names.isEmpty { return entry.extra?.message ?? "it was not reached" }
    let shown = names.sorted().prefix(10).joined(separator: ", ")
    return "waits for \(shown)" + (names.count > 10 ? " and more" : "")
  }
}
