import Tend

@testable import TendEngine

/// What a worker does: the loop of a controller, one wait at a time.
extension ReconcileModel {
  private func index(_ slot: Int) -> Int { runs.firstIndex { $0.slot == slot } ?? 0 }

  mutating func begin(_ slot: Int) throws(Flaw) {
    if runs.contains(where: { $0.slot == slot }) {
      throw Flaw(what: "two workers are at \(Scenario.names[slot])")
    }
    guard let key = scheduler.take(slot) else { return }
    var run = Run(slot: slot, key: key, stage: .looking)
    if rows[slot]?.isPlain == true, key.causes.isSubset(of: [.drift]) {
      run.stage = .glancing
    } else {
      takePending(slot)
      if key.causes.contains(.inspect), isAsked(slot) { run.stage = .inspecting }
    }
    switch run.stage {
    case .looking: try go(on: run, isInspected: key.causes.contains(.inspect))
    case _ where !isReduced: insert(run)
    case .glancing: try glance(run)
    default: try inspect(run)
    }
  }

  /// Looks for a plan.
  private mutating func inspect(_ run: Run) throws(Flaw) {
    try answer(run.slot, found: true)
    try go(on: run, isInspected: true)
  }

  /// Looks the short way, where nothing stands against it.
  private mutating func glance(_ run: Run) throws(Flaw) {
    missed.remove(run.slot)
    if things[run.slot] != nil, differences(run.slot, from: rows[run.slot]?.desired).isEmpty {
      return finish(run, .again(after: catalog.unit.policy.interval, priority: .resync))
    }
    takePending(run.slot)
    try go(on: run, isInspected: false)
    // It differs, and is not looked at again.
    if runs.contains(where: { $0.slot == run.slot }) { try look(run.slot) }
  }

  private mutating func insert(_ run: Run) {
    runs.append(run)
    runs.sort { $0.slot < $1.slot }
  }

  private mutating func takePending(_ slot: Int) {
    guard let pending = rows[slot]?.pending else { return }
    rows[slot] = Row(desired: pending)
  }

  func isAsked(_ slot: Int) -> Bool {
    guard case .planning(let plan) = following else { return false }
    return plan.questions.keys.contains(slot)
  }

  /// Decides whether it may begin, and with what; the run holds its key already.
  private mutating func go(on run: Run, isInspected: Bool) throws(Flaw) {
    var run = run
    let (slot, node) = (run.slot, Self.node(run.slot))
    if isInspected, let next = world.afterInspection(node, run.key.causes) {
      return finish(run, next)
    }
    takePending(slot)
    var effects = Effects()
    let beginning = world.begin(node, causes: run.key.causes)
    switch beginning {
    case .run(let assignment):
      try checkOrder(slot, assignment)
      run.assignment = assignment
      run.stage = .looking
      if !assignment.isDeclared, assignment.ownership == .none {
        return try conclude(run, .ended(nil))
      }
      return insert(run)
    case .leave: world.remove(node, &effects)
    case .blocked, .suspended, .unreadable: world.check(Int(world[node].unit), &effects)
    case .gone, .awaits: break
    }
    rows[slot]?.isPlain = false
    try perform(effects)
    finish(run, .done)
  }

  /// The provider has answered.
  mutating func look(_ slot: Int) throws(Flaw) {
    let run = runs.remove(at: index(slot))
    switch run.stage {
    case .inspecting: try inspect(run)
    case .glancing: try glance(run)
    case .looking:
      missed.remove(slot)
      try decide(run)
    case .verifying(let verdict):
      missed.remove(slot)
      try verify(run, verdict)
    case .claiming, .applying: break
    }
  }

  private mutating func decide(_ run: Run) throws(Flaw) {
    var run = run
    guard let assignment = run.assignment else { return }
    run.differences = differences(run.slot, from: rows[run.slot]?.desired)
    switch assignment.course(exists: things[run.slot] != nil, run.differences) {
    case .end(let result): return try conclude(run, result)
    case .confirm:
      return try conclude(run, .settled(nil, memory: .unchanged, unhealthy: nil))
    case .act where isStuck(run, assignment):
      let reason = "ReadsBackDifferent"
      return try conclude(run, .refused(reason: reason, reason, run.differences))
    case .act(let verdict):
      let claim = assignment.claim(for: verdict)
      run.stage = claim.map { .claiming(verdict, $0) } ?? .applying(verdict)
      if mistake == .actsBeforeClaim { run.stage = .applying(verdict) }
      insert(run)
    }
  }

  /// Whether what we wrote twice did not stay, and nothing new is declared.
  private func isStuck(_ run: Run, _ assignment: Assignment) -> Bool {
    assignment.isDeclared && !assignment.isNew && !assignment.readBack.isEmpty
      && assignment.readBack == run.differences
  }

  /// It is durable that the resource is ours.
  mutating func claim(_ slot: Int) {
    guard case .claiming(let verdict, let ownership) = runs[index(slot)].stage else { return }
    if let record = world.own(Self.node(slot), as: ownership) { commit([.putInventory(record)]) }
    runs[index(slot)].stage = .applying(verdict)
  }

  /// The provider changes the resource.
  mutating func write(_ slot: Int) throws(Flaw) {
    guard case .applying(let verdict) = runs[index(slot)].stage else { return }
    if isInTheWay(of: verdict, exists: things[slot] != nil) {
      let run = runs.remove(at: index(slot))
      let error = ProviderError.conflict("it is not as it was seen")
      return try conclude(run, .failed(error, verdict, run.differences))
    }
    try checkChange(slot, verdict)
    let desired = rows[slot]?.desired ?? ""
    switch verdict {
    case .delete: things[slot] = nil
    case .create:
      // What we adopted stays theirs, also where we have to make it anew.
      let isTheirs = durable.inventory[key(slot)]?.isAdopted == true
      things[slot] = Thing(content: desired, isTheirs: isTheirs)
    default: things[slot] = Thing(content: desired, isTheirs: things[slot]?.isTheirs ?? false)
    }
    untold[slot, default: 0] += 1
    runs[index(slot)].stage = .verifying(verdict)
  }

  private mutating func verify(_ run: Run, _ verdict: Verdict) throws(Flaw) {
    let exists = things[run.slot] != nil
    let differences = differences(run.slot, from: rows[run.slot]?.desired)
    let done = done(run, verdict)
    let result: Result =
      switch verdict.aftermath(exists: exists, differences) {
      case .gone: .ended(done)
      case .remains: .unverified(done, .transient("it is still there after it was deleted"))
      case .differs: .readBack(done, differences, memory: .unchanged)
      case .asDesired: .settled(done, memory: .unchanged, unhealthy: nil)
      }
    try conclude(run, result)
  }

  private func done(_ run: Run, _ verdict: Verdict) -> Result.Done {
    var done = Result.Done(verdict: verdict, differences: run.differences, duration: .zero)
    done.losesData = verdict == .delete
    return done
  }

  /// The run works for what is no longer wanted, and its provider heeds that.
  mutating func cancel(_ slot: Int) throws(Flaw) {
    let run = runs.remove(at: index(slot))
    var effects = Effects()
    if let assignment = run.assignment {
      let node = Self.node(slot)
      switch run.stage {
      case .verifying(let verdict):
        let done = done(run, verdict)
        world.account(for: done, of: node, assignment, Self.now, &effects)
      case .claiming(let verdict, _), .applying(let verdict):
        world.account(
          forBegun: verdict, run.differences, of: node, assignment, Self.now, &effects)
      case .inspecting, .glancing, .looking: break
      }
    }
    try perform(effects)
    finish(run, .unstarted)
  }

  private mutating func conclude(_ run: Run, _ result: Result) throws(Flaw) {
    guard var assignment = run.assignment else { return }
    let node = Self.node(run.slot)
    if mistake == .concludesStale { assignment.generation = world[node].wanted }
    if case .settled = result, assignment.isDeclared {
      rows[run.slot]?.isPlain = true
    } else {
      rows[run.slot]?.isPlain = false
    }
    var effects = Effects()
    let next = world.finish(node, assignment, result, now: Self.now, &effects)
    if mistake == .losesEvents { effects.writes.removeAll(where: \.isEvent) }
    try perform(effects)
    finish(run, next)
  }

  private mutating func finish(_ run: Run, _ disposition: Scheduler.Disposition) {
    if case .unstarted = disposition {
      scheduler.add(run.slot, run.key.priority, 0, run.key.causes, false)
    }
    scheduler.finish(run.slot, run.key.generation, disposition)
  }
}

extension StoreWrite {
  var isEvent: Bool { if case .addEvent = self { true } else { false } }
}
