import Tend

@testable import TendEngine

extension ReconcileModel {
  /// What may happen next.
  enum Step: Hashable, CustomStringConvertible {
    // The agent.
    case begin(Int), fail(Int), look(Int), claim(Int), write(Int), cancel(Int), ring(Int)
    case plan, intend, commit, accept
    // From outside.
    case publish
    case edit(Int, Edit, isReported: Bool)
    case crash(kept: Int)

    var description: String {
      switch self {
      case .begin(let slot): "a worker begins with \(Scenario.names[slot])"
      case .look(let slot): "\(Scenario.names[slot]) is looked at"
      case .fail(let slot): "\(Scenario.names[slot]) can't be looked at"
      case .claim(let slot): "it is durable that \(Scenario.names[slot]) is ours"
      case .write(let slot): "\(Scenario.names[slot]) is changed"
      case .cancel(let slot): "the run of \(Scenario.names[slot]), for something old, is cancelled"
      case .ring(let slot): "the delay of \(Scenario.names[slot]) ends"
      case .plan: "a revision is looked at"
      case .intend: "it is known what is to be done"
      case .commit: "it is durable what is intended"
      case .accept: "the revision is in force"
      case .publish: "a new revision comes, and is looked at"
      case .edit(let slot, let edit, let isReported):
        "somebody \(edit.rawValue) \(Scenario.names[slot]), "
          + (isReported ? "and it is reported" : "unnoticed")
      case .crash(let kept): "the agent dies, and \(kept) of what waited was written"
      }
    }
  }

  enum Edit: String, Hashable { case changes, makes, removes }

  var steps: [Step] { ownSteps + outerSteps }

  /// What the agent does by itself.
  var ownSteps: [Step] {
    var steps: [Step] = []
    for run in runs { steps += self.steps(of: run) }
    if runs.count < budget.workers {
      steps += ready.map(Step.begin)
      if budget.failures > 0 { steps += ready.filter(isAsked).map(Step.fail) }
    }
    switch following {
    case .resting: if wantsRevision { steps.append(.plan) }
    case .planning(let plan): if plan.questions.isEmpty { steps.append(.intend) }
    case .intending: steps.append(mistake == .acceptsBeforeDurable ? .accept : .commit)
    case .accepting: steps.append(mistake == .acceptsBeforeDurable ? .commit : .accept)
    }
    if steps.isEmpty || !isReduced { steps += waiting.map(Step.ring) }
    return steps
  }

  private func steps(of run: Run) -> [Step] {
    let own: [Step] =
      switch run.stage {
      case .inspecting, .glancing, .looking, .verifying: [.look(run.slot)]
      case .claiming: [.claim(run.slot)]
      case .applying: [.write(run.slot)]
      }
    return isStale(run) ? own + [.cancel(run.slot)] : own
  }

  private var outerSteps: [Step] {
    var steps: [Step] = []
    if published < catalog.scenario.revisions.count, isReduced ? isAskingNext : true {
      steps.append(.publish)
    }
    if budget.edits > 0 {
      for slot in things.indices {
        steps += isReduced ? edits(of: slot) : reported(possibleEdits(of: slot), slot)
      }
    }
    if budget.crashes > 0, isNews || !isReduced { steps += stored.indices.map { .crash(kept: $0) } }
    return steps
  }

  /// Whether the follower is about to ask for the newest revision.
  private var isAskingNext: Bool {
    guard case .resting = following else { return false }
    return !mustResume
  }

  private func possibleEdits(of slot: Int) -> [Edit] {
    guard catalog.scenario.isEverDeclared(slot) else { return [] }
    return switch things[slot]?.content {
    case nil: [.makes]
    case "edited": [.removes]
    default: [.changes, .removes]
    }
  }

  /// Each, reported if the agent knows the resource, and unnoticed.
  private func reported(_ edits: [Edit], _ slot: Int) -> [Step] {
    edits.flatMap { edit in
      let unnoticed = Step.edit(slot, edit, isReported: false)
      return scheduler.keys[slot] == nil
        ? [unnoticed] : [unnoticed, .edit(slot, edit, isReported: true)]
    }
  }

  /// What others may do to a resource now: only where the next step looks at it, or writes it and
  /// finds nothing to work on.
  private func edits(of slot: Int) -> [Step] {
    let edits = possibleEdits(of: slot)
    if let run = runs.first(where: { $0.slot == slot }) {
      switch run.stage {
      case .claiming: return []
      case .applying(let verdict):
        return reported(
          edits.filter { isInTheWay(of: verdict, exists: $0 != .removes) }, slot)
      case .inspecting, .glancing, .looking, .verifying: return reported(edits, slot)
      }
    }
    guard runs.count < budget.workers, let key = scheduler.keys[slot] else { return [] }
    let looks = key.phase == .ready && looksAtOnce(slot, key.causes)
    return edits.flatMap { edit in
      looks || isQuiet
        ? [Step.edit(slot, edit, isReported: false), .edit(slot, edit, isReported: true)]
        : [.edit(slot, edit, isReported: true)]
    }
  }

  /// Whether a change can't be made as it was decided, since the resource has come or gone.
  func isInTheWay(of verdict: Verdict, exists: Bool) -> Bool {
    switch verdict {
    case .create: exists
    case .update, .replace: !exists
    default: false
    }
  }

  /// Whether a worker that begins looks before anything else.
  private func looksAtOnce(_ slot: Int, _ causes: Scheduler.Causes) -> Bool {
    if rows[slot]?.isPlain == true, causes.isSubset(of: [.drift]) { return true }
    return causes.contains(.inspect) && isAsked(slot)
  }

  /// Whether nothing goes on: only time, or somebody outside, can change anything.
  var isQuiet: Bool {
    guard runs.isEmpty, ready.isEmpty, case .resting = following else { return false }
    return !wantsRevision
  }

  var wantsRevision: Bool { mustResume || accepted != head || !unit.isInForce }

  /// Whom a worker may begin with.
  var ready: [Int] {
    scheduler.keys.filter { slot, key in
      key.phase == .ready && (!key.isRunning || mistake == .runsTwice)
    }.keys.sorted()
  }

  private var waiting: [Int] {
    scheduler.keys.filter { $0.value.phase == .waiting && !$0.value.isRunning }.keys.sorted()
  }

  func isStale(_ run: Run) -> Bool {
    scheduler.keys[run.slot].map { $0.generation != run.key.generation } ?? true
  }

  mutating func take(_ step: Step) throws(Flaw) {
    let before = budget.crashes > 0 && isReduced ? lasting : nil
    defer { isNews = before.map { $0 != lasting } ?? false }
    switch step {
    case .begin(let slot): try begin(slot)
    case .look(let slot): try look(slot)
    case .fail(let slot): try fail(slot)
    case .claim(let slot): claim(slot)
    case .write(let slot): try write(slot)
    case .cancel(let slot): try cancel(slot)
    case .ring(let slot): scheduler.keys[slot]?.phase = .ready
    case .plan: try plan()
    case .intend: try intend()
    case .commit: makeDurable()
    case .accept: try accept()
    case .publish:
      published += 1
      if isReduced { try plan() }
    case .edit(let slot, let edit, let isReported):
      try self.edit(slot, edit, isReported: isReported)
    case .crash(let kept): crash(kept)
    }
  }

  // MARK: From outside

  /// Somebody changes a resource; where steps are taken together, just before it is looked at or
  /// written.
  private mutating func edit(_ slot: Int, _ edit: Edit, isReported: Bool) throws(Flaw) {
    budget.edits -= 1
    switch edit {
    case .changes: things[slot]?.content = "edited"
    case .makes: things[slot] = Thing(content: "made", isTheirs: true)
    case .removes: things[slot] = nil
    }
    let wasQuiet = isQuiet
    if isReported { add(slot, .drift, .drift) } else { missed.insert(slot) }
    guard isReduced else { return }
    if let run = runs.first(where: { $0.slot == slot }) {
      if case .applying = run.stage { try write(slot) } else { try look(slot) }
    } else if isReported || !wasQuiet {
      try begin(slot)
    }
  }

  /// What was not durable is gone, but for what was written of it at the last moment.
  private mutating func crash(_ kept: Int) {
    budget.crashes -= 1
    stored = [stored[kept]]
    start()
  }

  /// A new life, on what the store keeps.
  mutating func start() {
    (world, scheduler, runs) = (World(providers: ["shelf"]), NaiveScheduler(), [])
    (rows, untold, following) = ([:], [:], .resting)
    for record in durable.units.values.sorted(by: { $0.name < $1.name }) {
      _ = world.addUnit(Unit(record.name), record)
    }
    let inventory = durable.inventory.values.sorted { $0.key < $1.key }
    var nodes: [InventoryKey: Node] = [:]
    for record in inventory {
      let slot = Scenario.names.firstIndex(of: record.key.identity) ?? 0
      register(slot)
      let unit = world.addUnit(Unit(record.unit), nil)
      world.restore(Self.node(slot), handle(slot), record, unit: unit, isUnreadable: false)
      nodes[record.key] = Self.node(slot)
    }
    if mistake != .forgetsEdges { world.connect(inventory, nodes) }
    let index = world.addUnit(catalog.unit, nil)
    world.units[index].unit = catalog.unit
    mustResume = accepted != nil
  }

  func handle(_ slot: Int) -> Scheduler.Handle {
    Scheduler.Handle(index: UInt32(slot), serial: 1)
  }

  /// The slot has a key of the scheduler from now on.
  mutating func register(_ slot: Int) {
    if scheduler.keys[slot] == nil { scheduler.keys[slot] = NaiveScheduler.Key() }
    if rows[slot] == nil { rows[slot] = Row() }
  }
}
