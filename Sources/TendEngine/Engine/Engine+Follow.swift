import Logging
import Synchronization
import Tend

extension Engine {
  /// Asks for an immediate refresh of one unit's source, or of all.
  ///
  /// Throws `.suspended` where the unit that is named, or everything, is to be left alone.
  public func refresh(unit: String? = nil) throws(EngineError) {
    try refuseSuspended(unit ?? "")
    guard core.following.ring({ unit == nil || $0.name == unit }) > 0 else {
      throw EngineError(.notFound, "no unit \(unit ?? "") is followed")
    }
  }

  /// Follows each unit from when it comes until it goes.
  func followAll() async {
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled {
        for followed in core.following.begin() {
          group.addTask {
            await self.followUntilItGoes(followed)
            followed.gone.ring()
          }
        }
        await core.following.news.wait()
      }
    }
  }

  private func followUntilItGoes(_ followed: Followed) async {
    await withTaskGroup { group in
      group.addTask { await self.follow(followed) }
      group.addTask { await followed.end.wait() }
      await group.next()
      group.cancelAll()
    }
  }

  private func follow(_ followed: Followed) async {
    let isInForce = begin(followed)
    await resume(followed)
    // What is in force may have to be treated in another way than before.
    if isInForce { wakeAll(of: followed.unit.name) }
    var random = SplitMix(
      state: core.seed ^ SplitMix.mixed(followed.unit.name))
    while !Task.isCancelled {
      let look = core.world.withLock { $0.beginLook(followed.unit.name) }
      await refresh(followed)
      looked(followed, look)
      let interval = followed.unit.policy.refreshInterval.nanoseconds
      let tenth = max(1, interval / 10)
      let pause = Duration.nanoseconds(
        interval - tenth + Int64(random.next() % UInt64(2 * tenth)))
      await wait(pause, followed)
    }
  }

  /// Takes over how the unit is treated; whether a revision of it is in force already.
  private func begin(_ followed: Followed) -> Bool {
    core.decide { world, effects in
      let unit = world.addUnit(followed.unit, nil)
      world.units[unit].unit = followed.unit
      world.units[unit].source = followed.source.description
      let record = world.units[unit].record
      if record.isFollowed != true || record.left != nil {
        world.units[unit].record.isFollowed = true
        world.units[unit].record.left = nil
        effects.writes.append(.putUnit(world.units[unit].record))
      }
      return world.units[unit].isInForce
    }
  }

  private func wakeAll(of unit: String) {
    let handles = core.world.withLock { world in
      world.unitIndex(unit).map { world.nodes(of: $0).map { world[$0].handle } } ?? []
    }
    core.scheduler.add(all: handles, priority: .resync, causes: .woken)
  }

  private func wait(_ pause: Duration, _ followed: Followed) async {
    let due = core.time.monotonic() + pause
    core.world.withLock { world in
      if let unit = world.unitIndex(followed.unit.name) { world.units[unit].nextRefresh = due }
    }
    await withTaskGroup { group in
      group.addTask { await self.core.time.wait(pause, or: followed.bell) }
      if let watched = followed.source as? any WatchedSource {
        group.addTask { await watched.waitForChange() }
      }
      await group.next()
      group.cancelAll()
    }
  }

  /// After a start: puts the last accepted revision in force again, without a look at the remote.
  private func resume(_ followed: Followed) async {
    let accepted = core.world.withLock { world in
      world.unitIndex(followed.unit.name).flatMap { world.units[$0].record.accepted }
    }
    guard let accepted else { return }
    do throws(SourceError) {
      let snapshot = try await followed.source.snapshot(of: accepted)
      await take(snapshot, followed, isResuming: true)
    } catch {
      report(error, followed)
    }
  }

  /// Asks the source once, and takes in what is new.
  @discardableResult
  func refresh(_ followed: Followed) async -> EngineError? {
    if isSuspended(followed.unit.name) {
      claimed(followed.unit.name)
      return nil
    }
    let known = core.world.withLock { world in
      world.unitIndex(followed.unit.name).flatMap { world.units[$0].record.accepted }
    }
    do throws(SourceError) {
      let answer = try await ask(followed, after: known)
      refreshed(followed)
      switch answer {
      case .unchanged:
        let isInForce = core.world.withLock { world in
          world.unitIndex(followed.unit.name).map { world.units[$0].isInForce } ?? false
        }
        if isInForce {
          clearProblem(followed)
          withdraw(followed)
          claimed(followed.unit.name)
          return nil
        }
        guard let known else { return nil }
        return await take(try await followed.source.snapshot(of: known), followed)
      case .changed(let snapshot):
        if waits(followed, with: snapshot.revision) {
          await claim(snapshot, followed)
          return nil
        }
        return await take(snapshot, followed)
      case .invalid(let snapshot, let diagnostics):
        await claim(snapshot, followed, isInvalid: true)
        let all = validate(
          snapshot, unit: followed.unit.name, root: followed.unit.policy.root,
          besides: diagnostics)
        return report(snapshot.revision, all, followed)
      }
    } catch {
      return report(error, followed)
    }
  }

  /// Asks the source, and counts how that went.
  private func ask(
    _ followed: Followed, after known: Revision?
  ) async throws(SourceError) -> Refresh {
    let begun = core.time.monotonic()
    var result = Meters.RefreshResult.failed
    defer {
      core.meters.refreshed(
        followed.unit.name, result, in: core.time.monotonic() - begun)
    }
    let answer = try await core.spans.around("tend.refresh") {
      ["tend.unit": followed.unit.name]
    } _: { () throws(SourceError) in
      try await followed.source.refresh(after: known)
    }
    switch answer {
    case .unchanged: result = .unchanged
    case .changed: result = .changed
    case .invalid: result = .invalid
    }
    return answer
  }

  /// Plans a revision and puts it in force, unless the plan is refused.
  @discardableResult
  func take(
    _ snapshot: Snapshot, _ followed: Followed, isResuming: Bool = false
  ) async -> EngineError? {
    let seen = core.world.withLock { $0.nextLook() }
    do throws(EngineError) {
      var (plan, prepared) = try await prepare(
        snapshot, for: followed.unit, onlyChanged: true, isStrict: false, claiming: !isResuming)
      if !isResuming, await othersClaim(prepared, followed, since: seen) {
        (plan, prepared) = try await prepare(
          snapshot, for: followed.unit, onlyChanged: true, isStrict: false, claiming: true)
      }
      if let refusal = plan.refused.first, !isResuming || withdrawsMore(prepared) {
        await refuse(plan, refusal, followed)
        return EngineError(.refused, refusal.message)
      }
      // Suspended while it was planned; it is asked again when it goes on.
      if !isResuming, isSuspended(followed.unit.name) { return nil }
      let by = snapshot.revision.origin ?? followed.source.description
      try await accept(plan, prepared, by: by, application: nil, isResuming: isResuming)
      clearProblem(followed)
      return nil
    } catch {
      if error.code == .invalid {
        if !isResuming { await claim(snapshot, followed) }
        return report(snapshot.revision, error.diagnostics, followed)
      }
      // Another revision came between: this one is staged on top of that.
      if error.code == .moved { return await take(snapshot, followed, isResuming: isResuming) }
      if error.code != .cancelled {
        stall(followed, error.code.description, "\(error)", snapshot.revision)
      }
      return error
    }
  }

  /// Whether a revision that was accepted before would now withdraw what was not withdrawn then,
  /// as where it is read from another path.
  private func withdrawsMore(_ prepared: Prepared) -> Bool {
    core.world.withLock { world in
      prepared.removed.contains { world.stillDeclares(world[$0]) }
    }
  }

  // MARK: What stands in the way

  private func refreshed(_ followed: Followed) {
    let now = core.time.monotonic()
    core.world.withLock { world in
      if let unit = world.unitIndex(followed.unit.name) { world.units[unit].lastRefresh = now }
    }
  }

  private func clearProblem(_ followed: Followed) {
    let name = followed.unit.name
    let now = core.time.wall()
    let isNews = core.decide { world, effects in
      guard let unit = world.unitIndex(name) else { return false }
      let isNews = world.units[unit].problem != nil
      world.units[unit].problem = nil
      world.units[unit].waitsFor = []
      if isNews { world.noteAgain(unit, now, &effects) }
      return isNews
    }
    guard isNews else { return }
    core.following.ring { $0.dependencies.contains(name) }
    core.pulse.beat()
  }

  /// The source went back to what is in force: there is nothing to approve or to claim any more.
  private func withdraw(_ followed: Followed) {
    let abandoned = core.decide { world, effects in
      guard let unit = world.unitIndex(followed.unit.name) else { return [String]() }
      if world.units[unit].record.refused != nil {
        world.units[unit].record.refused = nil
        effects.writes.append(.putUnit(world.units[unit].record))
      }
      return world.claim([], unit, &effects)
    }
    refresh(abandoned)
  }

  @discardableResult
  private func report(_ error: SourceError, _ followed: Followed) -> EngineError {
    if error.code != .cancelled { stall(followed, error.code.description, "\(error)") }
    return EngineError(.source, error.message, remedy: error.remedy)
  }

  private func report(
    _ revision: Revision, _ diagnostics: Diagnostics, _ followed: Followed
  ) -> EngineError {
    let count = diagnostics.all.count
    let first = diagnostics.sorted.all.first.map { "\($0)" } ?? ""
    let more = count > 1 ? " (and \(count - 1) more)" : ""
    let message = "revision \(revision.short) is not taken in: \(first)\(more)"
    if stall(followed, "Invalid", message, revision) {
      core.meters.revision(of: followed.unit.name, became: .invalid)
      let now = core.time.wall()
      core.ledger.append([
        .putRevision(
          RevisionRecord(
            unit: followed.unit.name, revision: revision, seenAt: now, changedAt: now,
            state: .invalid, by: revision.origin ?? followed.source.description,
            message: message))
      ])
    }
    return EngineError(.invalid, message, diagnostics: diagnostics)
  }

  private func refuse(_ plan: Plan, _ refusal: PlanRefusal, _ followed: Followed) async {
    let deletions = plan.deletions
    let record = core.world.withLock { world -> UnitRecord? in
      guard let unit = world.unitIndex(plan.unit) else { return nil }
      let refused = UnitRecord.Refusal(
        revision: plan.revision, plan: plan.digest, deletions: Array(deletions.prefix(100)),
        count: deletions.count)
      if world.units[unit].record.refused == refused { return nil }
      world.units[unit].record.refused = refused
      return world.units[unit].record
    }
    if let record { core.ledger.append([.putUnit(record)]) }
    let message =
      "revision \(plan.revision.short) \(refusal.message); `tend approve \(plan.unit) "
      + "\(plan.revision.short)` lets exactly this plan pass"
    let isNews = stall(followed, refusal.reason, message, plan.revision)
    guard isNews else { return }
    core.meters.revision(of: plan.unit, became: .refused)
    let now = core.time.wall()
    core.ledger.append([
      .putRevision(
        RevisionRecord(
          unit: plan.unit, revision: plan.revision, seenAt: now, changedAt: now, state: .refused,
          by: plan.revision.origin ?? followed.source.description, message: message))
    ])
  }

  /// Says why nothing newer is taken in; true where that is news.
  @discardableResult
  private func stall(
    _ followed: Followed, _ reason: String, _ message: String, _ revision: Revision? = nil
  ) -> Bool {
    let problem = UnitState.Problem(
      reason: reason, message: core.mask.apply(to: message), revision: revision?.id)
    let now = core.time.wall()
    let isNews = core.decide { world, effects in
      guard let unit = world.unitIndex(followed.unit.name), world.units[unit].problem != problem
      else { return false }
      world.units[unit].problem = problem
      world.noteAgain(unit, now, &effects)
      effects.writes.append(
        .addEvent(
          Event(
            time: now, unit: followed.unit.name, kind: .condition,
            revision: world.units[unit].revision?.id, result: reason, message: problem.message)))
      return true
    }
    if isNews {
      core.logger.warning(
        "unit is stalled",
        metadata: [
          "unit": "\(followed.unit.name)", "reason": "\(reason)", "problem": "\(problem.message)",
        ])
    }
    return isNews
  }

  // MARK: Once

  /// Refreshes one followed unit and carries out what is new, waiting for the end.
  ///
  /// Call it inside `running`, after `follow`. Throws what stands in the way: `.source`,
  /// `.invalid`, `.refused`.
  public func converge(
    unit name: String, progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) async throws(EngineError) -> ApplyReport {
    guard let followed = core.following[name] else {
      throw EngineError(.notFound, "no unit \(name) is followed")
    }
    _ = begin(followed)
    if waits(followed, with: nil) {
      let first = followed.unit.dependencies.joined(separator: ", ")
      throw EngineError(
        .refused, "unit \(name) was not begun: it waits until \(first) is Ready",
        remedy: "`tend status` shows what is missing there")
    }
    try refuseSuspended(name)
    let snapshot = try await newest(of: followed)
    var (plan, prepared) = try await prepare(
      snapshot, for: followed.unit, onlyChanged: false, isStrict: false, claiming: true)
    if prepared.deletes {
      try await claimForOthers(than: followed)
      (plan, prepared) = try await prepare(
        snapshot, for: followed.unit, onlyChanged: false, isStrict: false, claiming: true)
    }
    if let refusal = plan.refused.first {
      await refuse(plan, refusal, followed)
      throw EngineError(
        .refused, refusal.message,
        remedy: "`tend approve \(name) \(plan.revision.short)` lets exactly this plan pass")
    }
    return try await carryOut(
      plan, prepared, by: snapshot.revision.origin ?? followed.source.description,
      progress: progress)
  }

  private func newest(of followed: Followed) async throws(EngineError) -> Snapshot {
    let known = core.world.withLock { world in
      world.unitIndex(followed.unit.name).flatMap { world.units[$0].record.accepted }
    }
    let answer: Refresh
    do throws(SourceError) {
      answer = try await ask(followed, after: known)
      if case .unchanged = answer, let known {
        return try await followed.source.snapshot(of: known)
      }
    } catch {
      throw report(error, followed)
    }
    switch answer {
    case .changed(let snapshot): return snapshot
    case .invalid(let snapshot, let diagnostics):
      await claim(snapshot, followed, isInvalid: true)
      let all = validate(
        snapshot, unit: followed.unit.name, root: followed.unit.policy.root, besides: diagnostics)
      throw report(snapshot.revision, all, followed)
    case .unchanged:
      throw EngineError(.source, "\(followed.source.description) has no revision")
    }
  }
}
