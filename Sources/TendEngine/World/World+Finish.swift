import Tend

/// How a reconcile ended.
enum Result: Sendable {
  /// It is as desired, perhaps because it was changed; `unhealthy` where it does not work yet.
  case settled(Done?, memory: Memory, unhealthy: Unhealthy?)
  /// It differs, and only that is said.
  case reported([Difference])
  /// It is no longer ours: deleted, orphaned or released.
  case ended(Done?)
  /// It stays though it is no longer declared.
  case protected
  /// Nothing failed, the world needs time.
  case underway(Done, after: Duration, String)
  /// It differs, and nothing may be changed: somebody asked that everything be left alone.
  case suspended([Difference])
  /// Drift that is not repaired now, because somebody fights back.
  case contested(DriftLedger, after: Duration, [Difference])
  /// Our own write reads back different.
  case readBack(Done, [Difference], memory: Memory)
  /// It must not be done.
  case refused(reason: String, String, [Difference])
  case failed(ProviderError, Verdict?, [Difference])
  /// The change was carried out, and the look that was to confirm it failed.
  case unverified(Done, ProviderError)

  /// What is to be remembered, encoded; unchanged costs no write.
  enum Memory: Sendable {
    case unchanged
    case changed(Value?)
  }

  /// A change that was carried out.
  struct Done: Sendable {
    var verdict: Verdict
    var differences: [Difference]
    var duration: Duration
    /// Whether data is gone that only the resource held.
    var losesData = false
    var note: String?
    var ledger: DriftLedger?
    /// When the drift that was repaired began, as far as that is known.
    var driftedAt: Timestamp?
  }

  enum Unhealthy: Sendable {
    case progressing(String, checkAfter: Duration)
    case degraded(String)
  }
}

extension Result {
  /// What failed; nil where nothing did.
  var error: ProviderError? {
    switch self {
    case .failed(let error, _, _), .unverified(_, let error): error
    default: nil
    }
  }

  /// Whether it ended before its time, so that nothing can be concluded.
  var isCancelled: Bool { error?.code == .cancelled }

  /// The same with an error that says what a cancellation meant.
  func meaning(_ interpret: (ProviderError) -> ProviderError) -> Result {
    switch self {
    case .failed(let error, let verdict, let differences):
      .failed(interpret(error), verdict, differences)
    case .unverified(let done, let error): .unverified(done, interpret(error))
    default: self
    }
  }

  /// The same without the secrets that a provider's words may echo.
  func masked(_ mask: (String) -> String) -> Result {
    switch self {
    case .failed(let error, let verdict, let differences):
      .failed(error.masked(mask), verdict, differences)
    case .unverified(let done, let error): .unverified(done, error.masked(mask))
    case .underway(let done, let after, let message): .underway(done, after: after, mask(message))
    case .settled(let done, let memory, .degraded(let message)):
      .settled(done, memory: memory, unhealthy: .degraded(mask(message)))
    case .settled(let done, let memory, .progressing(let message, let after)):
      .settled(done, memory: memory, unhealthy: .progressing(mask(message), checkAfter: after))
    case .settled, .reported, .ended, .protected, .suspended, .contested, .readBack, .refused: self
    }
  }
}

extension ProviderError {
  /// The same without the secrets that its words may echo.
  func masked(_ mask: (String) -> String) -> ProviderError {
    var error = self
    error.message = mask(message)
    error.remedy = remedy.map(mask)
    error.cause = cause.map(mask)
    return error
  }
}

extension World {
  /// Takes in how a reconcile ended.
  ///
  /// The answer says when it comes back.
  mutating func finish(
    _ node: Node, _ assignment: Assignment, _ result: Result, now: Moment, _ effects: inout Effects
  ) -> Scheduler.Disposition {
    let before = Standing(self[node])
    let disposition = conclude(node, assignment, result, now, &effects)
    if Standing(self[node]) != before {
      self[node].transition = now.wall.nanoseconds
      note(node, now.wall, &effects)
    }
    return disposition
  }

  private mutating func conclude(
    _ node: Node, _ assignment: Assignment, _ result: Result, _ now: Moment,
    _ effects: inout Effects
  ) -> Scheduler.Disposition {
    guard self[node].phase != .free, self[node].wanted == assignment.generation else {
      return superseded(node, assignment, result, now, &effects)
    }
    switch result {
    case .settled(let done, let memory, let unhealthy):
      return settle(node, assignment, done, memory, unhealthy, now, &effects)
    case .reported(let differences):
      return reported(node, assignment, differences, now, &effects)
    case .ended(let done):
      end(node, assignment, done, now, &effects)
      return .done
    case .protected:
      update(node) { $0.phase = .protected }
      wakeAround(node, &effects)
      return .done
    case .suspended(let differences):
      update(node) { entry in
        var extra = entry.extra ?? Extra()
        extra.differences = differences
        entry.extra = extra
      }
      check(Int(self[node].unit), &effects)
      return .done
    case .underway(let done, let after, let message):
      record(node, assignment, done, now, &effects)
      update(node) { entry in
        entry.flags.insert(.exists)
        entry.explain("Underway", message)
      }
      return .again(after: after, priority: .retry, causes: .retry)
    case .contested(let ledger, let after, let differences):
      return contested(node, assignment, ledger, after, differences, now, &effects)
    case .readBack(let done, let differences, let memory):
      return readBack(node, assignment, done, differences, memory, now, &effects)
    case .refused(let reason, let message, let differences):
      return stall(
        node, assignment, reason, message, differences, now, &effects,
        readBack: assignment.readBack)
    case .failed(let error, let verdict, let differences):
      return failed(node, assignment, error, verdict, differences, now, &effects)
    case .unverified(let done, let error):
      account(for: done, of: node, assignment, now, &effects)
      return failed(node, assignment, error, nil, done.differences, now, &effects)
    }
  }

  /// The desired state moved on while it ran; what was done counts, what was concluded does not.
  private mutating func superseded(
    _ node: Node, _ assignment: Assignment, _ result: Result, _ now: Moment,
    _ effects: inout Effects
  ) -> Scheduler.Disposition {
    guard self[node].isResource else {
      return .again(after: .zero, priority: .revision, causes: .woken)
    }
    switch result {
    case .settled(let done?, let memory, _), .readBack(let done, _, let memory):
      record(node, assignment, done, now, &effects)
      own(node, memory, &effects)
      update(node) { $0.flags.insert(.exists) }
    case .underway(let done, _, _): record(node, assignment, done, now, &effects)
    case .unverified(let done, _): account(for: done, of: node, assignment, now, &effects)
    case .ended(let done?):
      record(node, assignment, done, now, &effects)
      update(node) { $0.flags.remove(.exists) }
    default: break
    }
    return .again(after: .zero, priority: .revision, causes: .revision)
  }

  private mutating func settle(
    _ node: Node, _ assignment: Assignment, _ done: Result.Done?, _ memory: Result.Memory,
    _ unhealthy: Result.Unhealthy?, _ now: Moment, _ effects: inout Effects
  ) -> Scheduler.Disposition {
    if let done { record(node, assignment, done, now, &effects) }
    if done?.verdict.isReplacement == true, done?.losesData == true {
      countDeletion(Int(self[node].unit), now, &effects)
    }
    if let purged = done?.differences.count(where: \.losesData), purged > 0 {
      countDeletion(Int(self[node].unit), now, &effects, count: purged)
    }
    own(node, memory, &effects)
    if let unhealthy { return unready(node, assignment, unhealthy, now, &effects) }
    let wasSettled = self[node].phase == .settled && !self[node].flags.contains(.differs)
    var ledger = done?.ledger ?? self[node].extra?.ledger
    if done == nil { ledger?.calm(now: now.monotonic, interval: assignment.interval) }
    if let ledger { notice(ledger, node, assignment, done?.differences ?? [], now, &effects) }
    update(node) { entry in
      entry.phase = .settled
      entry.flags.formUnion([.exists, .wasSettled])
      entry.flags.subtract([.differs, .unknown, .permitted, .blocked, .expectsNothing])
      entry.extra = Extra.afterSuccess(ledger)
    }
    tell(node, .settled(done), &effects)
    if !wasSettled { wakeDependents(node, &effects) }
    check(Int(self[node].unit), &effects)
    return .again(after: assignment.interval, priority: .resync)
  }

  private mutating func unready(
    _ node: Node, _ assignment: Assignment, _ unhealthy: Result.Unhealthy, _ now: Moment,
    _ effects: inout Effects
  ) -> Scheduler.Disposition {
    let (reason, message, after): (String, String, Duration) =
      switch unhealthy {
      case .progressing(let message, let after): ("Progressing", message, after)
      case .degraded(let message): ("Degraded", message, min(assignment.interval, .seconds(30)))
      }
    if reason == "Degraded", self[node].extra?.reason != reason {
      effects.writes.append(
        .addEvent(event(node, assignment, .condition, [], now, message, result: reason)))
    }
    update(node) { entry in
      entry.flags.insert(.exists)
      if reason == "Degraded" || entry.phase == .settled { entry.phase = .failing }
      var extra = entry.extra ?? Extra()
      if reason == "Degraded" { extra.failures += 1 }
      entry.extra = extra
      entry.explain(reason, message)
    }
    tell(node, reason == "Degraded" ? .failed(message) : .progressing(message), &effects)
    check(Int(self[node].unit), &effects)
    return .again(after: after, priority: .retry, causes: .retry)
  }

  private mutating func reported(
    _ node: Node, _ assignment: Assignment, _ differences: [Difference], _ now: Moment,
    _ effects: inout Effects
  ) -> Scheduler.Disposition {
    let isNews = self[node].extra?.differences != differences
    if isNews {
      effects.writes.append(
        .addEvent(
          event(
            node, assignment, .drift, differences, now,
            "differs, and mode: observe changes nothing")))
    }
    update(node) { entry in
      entry.phase = .settled
      entry.flags.insert([.differs])
      var extra = entry.extra ?? Extra()
      extra.differences = differences
      extra.failures = 0
      entry.extra = extra
      entry.explain("Drift", "differs, and mode: observe changes nothing")
    }
    tell(node, .settled(nil), &effects)
    wakeDependents(node, &effects)
    check(Int(self[node].unit), &effects)
    return .again(after: assignment.interval, priority: .resync)
  }

  private mutating func contested(
    _ node: Node, _ assignment: Assignment, _ ledger: DriftLedger, _ after: Duration,
    _ differences: [Difference], _ now: Moment, _ effects: inout Effects
  ) -> Scheduler.Disposition {
    notice(ledger, node, assignment, differences, now, &effects)
    update(node) { entry in
      var extra = entry.extra ?? Extra()
      extra.ledger = ledger
      extra.differences = differences
      extra.driftedAt = extra.driftedAt ?? now.wall
      entry.extra = extra
      entry.flags.insert(.differs)
      entry.explain("Contested", ledger.message)
    }
    return .again(after: after, priority: .drift, causes: .drift)
  }

  /// Says it when a contest begins, and once more when it is known with whom.
  private mutating func notice(
    _ ledger: DriftLedger, _ node: Node, _ assignment: Assignment, _ differences: [Difference],
    _ now: Moment, _ effects: inout Effects
  ) {
    let before = assignment.ledger
    guard ledger.contested != nil,
      before.contested == nil || before.opponent == nil && ledger.opponent != nil
    else { return }
    effects.writes.append(
      .addEvent(
        event(
          node, assignment, .condition, differences, now, "Contested: " + ledger.message,
          result: "Contested")))
  }

  private mutating func readBack(
    _ node: Node, _ assignment: Assignment, _ done: Result.Done, _ differences: [Difference],
    _ memory: Result.Memory, _ now: Moment, _ effects: inout Effects
  ) -> Scheduler.Disposition {
    record(node, assignment, done, now, &effects)
    own(node, memory, &effects)
    if var ledger = done.ledger, ledger.contested != nil {
      // Writes stick here, but for as long as it takes who fights back to write again.
      let delay = ledger.delay(fields: differences.map(\.path), now.monotonic, assignment.interval)
      return contested(node, assignment, ledger, delay, differences, now, &effects)
    }
    let fields = differences.map(\.path).joined(separator: ", ")
    guard self[node].extra?.readBack == differences else {
      return again(node, done, fields, differences, now, &effects)
    }
    let message =
      "what was written reads back different in \(fields): this is a mistake of the provider, or "
      + "of a value that it does not keep as written; it is not written again"
    return stall(
      node, assignment, "ReadsBackDifferent", message, differences, now, &effects,
      readBack: differences)
  }

  /// Somebody else may have been quicker, or what was read was old: one more attempt tells.
  private mutating func again(
    _ node: Node, _ done: Result.Done, _ fields: String, _ differences: [Difference],
    _ now: Moment, _ effects: inout Effects
  ) -> Scheduler.Disposition {
    let message = "what was written reads back different in \(fields); it is written once more"
    update(node) { entry in
      var extra = entry.extra ?? Extra()
      extra.readBack = differences
      extra.differences = differences
      extra.failures += 1
      extra.expectation?.isBegun = true
      if let ledger = done.ledger { extra.ledger = ledger }
      entry.extra = extra
      entry.phase = .failing
      entry.flags.insert(.exists)
      entry.explain("ReadsBackDifferent", message)
    }
    tell(node, .failed(message), &effects)
    check(Int(self[node].unit), &effects)
    return .failed(causes: .retry)
  }

  private mutating func stall(
    _ node: Node, _ assignment: Assignment, _ reason: String, _ message: String,
    _ differences: [Difference], _ now: Moment, _ effects: inout Effects,
    readBack: [Difference] = []
  ) -> Scheduler.Disposition {
    if self[node].extra?.reason != reason || self[node].extra?.message != message {
      effects.writes.append(
        .addEvent(
          event(node, assignment, .condition, differences, now, message, result: reason)))
    }
    update(node) { entry in
      var extra = entry.extra ?? Extra()
      extra.differences = differences
      extra.readBack = readBack
      extra.isStuck = !readBack.isEmpty
      extra.failures = max(extra.failures + 1, Weight.patience)
      entry.extra = extra
      if entry.phase != .doomed { entry.phase = .stalled }
      if !differences.isEmpty { entry.flags.insert(.differs) }
      entry.explain(reason, message)
    }
    tell(node, .stalled(reason, message), &effects)
    check(Int(self[node].unit), &effects)
    return .again(after: assignment.interval, priority: .resync)
  }

  private mutating func failed(
    _ node: Node, _ assignment: Assignment, _ error: ProviderError, _ verdict: Verdict?,
    _ differences: [Difference], _ now: Moment, _ effects: inout Effects
  ) -> Scheduler.Disposition {
    switch error.code {
    case .permanent, .notPermitted:
      let reason = error.code == .permanent ? "Failed" : "NotPermitted"
      return stall(
        node, assignment, reason, describe(error, node), differences, now, &effects)
    default: break
    }
    let failures = (self[node].extra?.failures ?? 0) + 1
    let message = describe(error, node)
    if failures == 1 || self[node].extra?.message != message {
      effects.writes.append(
        .addEvent(
          event(
            node, assignment, Event.Kind(verdict?.action?.rawValue ?? "condition"), differences,
            now, message, result: error.code.description)))
    }
    update(node) { entry in
      var extra = entry.extra ?? Extra()
      extra.failures = failures
      extra.differences = differences
      if assignment.cause == .drift { extra.driftedAt = extra.driftedAt ?? now.wall }
      if verdict != nil, error.code != .conflict { extra.expectation?.isBegun = true }
      entry.extra = extra
      if entry.phase != .doomed { entry.phase = .failing }
      if verdict == .create { entry.flags.remove(.exists) }
      entry.explain(error.code == .conflict ? "Conflict" : "Retrying", message)
    }
    tell(node, .failed(message), &effects)
    check(Int(self[node].unit), &effects)
    if error.code == .conflict, failures < Weight.patience {
      // What moved under a repair is still the same drift.
      let causes: Scheduler.Causes = assignment.cause == .drift ? .drift : .retry
      return .again(after: .zero, priority: .retry, causes: causes)
    }
    return .failed(atLeast: error.retryAfter ?? .zero, causes: .retry)
  }

  private func describe(_ error: ProviderError, _ node: Node) -> String {
    guard let field = error.field, let place = self[node].declaration?.place(of: field) else {
      return error.description
    }
    return "\(place): \(error.description)"
  }
}
