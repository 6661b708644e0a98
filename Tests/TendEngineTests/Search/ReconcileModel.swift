import Tend

@testable import TendEngine

/// An agent with everything around it, as one value: what it decides is decided by the engine's own
/// code, and each thing that it waits for is a step of its own.
///
/// Real are `World` with all that it decides, `Assignment.course` and `Verdict.aftermath`, staging
/// and planning, what the in-memory store keeps, and the comparison of desired and actual. Written
/// here anew are the loops that only wait and pass on: workers, follower, ledger. For the scheduler
/// stands `NaiveScheduler`, with which `SchedulerSearchTests` compares the real one in every state;
/// any ready resource may be taken next, so that every order is among what is searched.
///
/// A step is what happens between two points at which the engine waits: nothing else can come
/// between its parts, since each decides under the lock.
///
/// Where it `isReduced`, steps are taken together or left out of which it makes no difference when
/// they come; `ReductionTests` compares what comes of it with a search that leaves out nothing:
///
/// - A look for a plan, and the short look at what is settled, happen as soon as a worker begins:
///   beginning touches nothing but the key of the resource, so whatever comes between might as well
///   come before. For the same reason a plan is made with its last look: it reads nothing that
///   somebody outside could change.
/// - What somebody outside does matters to nobody before the resource is looked at or written next,
///   so it comes just before that; before a write only where the write then has nothing to work on,
///   since else it is gone with it. In the same way a revision comes just before the follower asks
///   for it, and the agent dies only where the last step has left something that outlives it:
///   elsewhere the next life begins as it would have begun before.
/// - A report of drift comes with a change, and with a worker that begins: until then it is a mark
///   on the key that nobody else reads.
/// - Time passes only where nothing else goes on: a delay that ends earlier is a look without a
///   reason, and such looks come with each report of drift.
///
/// Always:
///
/// - Workers are alike, so that it only counts how many are at work.
/// - What waits to be written may be durable up to any point when the agent dies, so that its
///   writing takes no steps; where no more deaths come, it is durable at once.
///
/// No two of the resources are interchangeable: each scenario gives every one its own part, so that
/// there is no symmetry to make use of.
struct ReconcileModel: Searched {
  /// A thing in the world.
  struct Thing: Hashable {
    var content: String
    var isTheirs = false
  }

  /// What the store keeps at some moment.
  struct Stored {
    var state = InMemoryStore.State()
    var mark = InMemoryStore.State().mark
  }

  /// What a worker is at.
  struct Run {
    enum Stage: Hashable {
      /// It looks for a plan.
      case inspecting
      /// It looks the short way.
      case glancing
      case looking
      case claiming(Verdict, Verdict.Ownership)
      case applying(Verdict)
      case verifying(Verdict)
    }

    let slot: Int
    var key: NaiveScheduler.Key
    var stage: Stage
    var assignment: Assignment?
    var differences: [Difference] = []
  }

  /// What a controller knows of a slot.
  struct Row: Hashable {
    var desired: String?
    var isPlain = false
    /// What is to be desired from the next run on.
    var pending: String??
  }

  /// What the follower is at.
  enum Following {
    case resting
    case planning(Plan)
    case intending(Intent)
    case accepting(Intent)
  }

  /// A plan that is being made.
  struct Plan {
    let intake: Intake
    let nodes: [Node]
    let visited: [Int32]
    let removed: [Node]
    let pinned: [Node]
    let isResuming: Bool
    /// Whom it still has to look at, with what is compared.
    var questions: [Int: String?]
    var seen: [Node: Inspection.Result] = [:]
  }

  /// A plan whose intent is to be made durable.
  struct Intent {
    let prepared: Prepared
    let record: UnitRecord
    let pinned: [Node]
    let isResuming: Bool
    var writes: [StoreWrite]
  }

  /// What may still happen from outside.
  struct Budget: Hashable {
    var crashes = 2
    var edits = 2
    var failures = 0
    var workers = 2
  }

  let catalog: Catalog
  let mistake: Mistake?
  /// Whether steps are taken together or left out where that makes no difference.
  let isReduced: Bool
  var budget: Budget
  // The world outside.
  var things: [Thing?]
  var published = 1
  /// Changes of which nobody was told.
  var missed: Set<Int> = []
  // What outlives the agent.
  /// From what is durable to what is once all that waits was written; each differs from the next.
  var stored = [Stored()]
  // The agent.
  var world = World(providers: ["shelf"])
  var scheduler = NaiveScheduler()
  var rows: [Int: Row] = [:]
  var runs: [Run] = []
  var following = Following.resting
  var mustResume = false
  /// Whether the last step left something that outlives the agent.
  var isNews = true
  /// Changes made in this life that no event told yet.
  var untold: [Int: Int] = [:]

  static let now = Moment(
    monotonic: .zero, wall: Timestamp(nanoseconds: 1_790_000_000_000_000_000))

  init(
    _ catalog: Catalog, _ budget: Budget = Budget(), mistake: Mistake? = nil,
    isReduced: Bool = true
  ) {
    self.catalog = catalog
    self.budget = budget
    self.mistake = mistake
    self.isReduced = isReduced
    things = catalog.scenario.strangers.reduce(into: [nil, nil, nil]) { things, slot in
      things[slot] = Thing(content: "theirs", isTheirs: true)
    }
    start()
  }

  static func node(_ slot: Int) -> Node { Node(controller: 0, slot: UInt32(slot)) }

  func key(_ slot: Int) -> InventoryKey {
    InventoryKey(provider: "shelf", identity: Scenario.names[slot])
  }

  /// What is durable.
  var durable: InMemoryStore.State { stored[0].state }

  /// Equal where a crash leaves the same.
  var lasting: Mark {
    var marker = Marker()
    for thing in things { thing.mark(&marker) }
    marker.combine(published)
    for stored in stored { marker.combine(stored.mark) }
    return marker.mark
  }

  /// Number of the newest revision.
  var head: Int { published - 1 }
  var unit: UnitState { world.units[0] }
  /// Number of the revision that was accepted last.
  var accepted: Int? { unit.record.accepted.map(catalog.number) }

  /// How a resource differs from what is desired of it.
  func differences(_ slot: Int, from desired: String?) -> [Difference] {
    guard let desired else { return [] }
    return catalog.differences(slot, from: things[slot]?.content, to: desired)
  }

  // MARK: Effects

  /// Does what was decided, as the engine's core does.
  mutating func perform(_ effects: Effects) throws(Flaw) {
    try append(effects.writes)
    for (node, _) in effects.freed {
      scheduler.keys[Int(node.slot)] = nil
      rows[Int(node.slot)] = nil
    }
    for add in effects.adds {
      if mistake == .losesWakes, add.causes == .woken { continue }
      self.add(Int(add.handle.index), add.priority, add.causes, add.delay, add.supersedes)
    }
  }

  mutating func add(
    _ slot: Int, _ priority: Scheduler.Priority, _ causes: Scheduler.Causes,
    _ delay: Duration = .zero, _ supersedes: Bool = false
  ) {
    scheduler.add(slot, priority, Int(delay / .milliseconds(1)), causes, supersedes)
  }

  /// Hands writes to the ledger, which makes them durable some time later.
  mutating func append(_ writes: [StoreWrite]) throws(Flaw) {
    for write in writes {
      if case .addEvent(let event) = write { try account(for: event) }
    }
    if !writes.contains(where: Stored.keeps) { return }
    var next = stored[stored.count - 1]
    next.write(writes)
    if next.mark == stored[stored.count - 1].mark { return }
    if budget.crashes == 0 { stored = [] }
    stored.append(next)
  }

  /// Writes that are durable before anything else happens; what waits comes after them.
  mutating func commit(_ writes: [StoreWrite]) {
    let before = stored[0]
    for index in stored.indices { stored[index].write(writes) }
    if mistake == .acknowledgesEarly { stored.insert(before, at: 0) }
    stored = stored.reduce(into: []) { kept, next in
      if kept.last?.mark != next.mark { kept.append(next) }
    }
  }

  /// All that waits is durable.
  mutating func flush() {
    if mistake != .acknowledgesEarly { stored.removeFirst(stored.count - 1) }
  }
}

extension ReconcileModel.Stored {
  /// What is kept of units and inventory; the rest decides nothing.
  mutating func write(_ writes: [StoreWrite]) {
    for write in writes where Self.keeps(write) { state.apply(write) }
    mark = state.mark
  }

  static func keeps(_ write: StoreWrite) -> Bool {
    switch write {
    case .putInventory, .putMemory, .removeInventory, .moveInventory, .putUnit, .removeUnit: true
    case .putLastSeen, .removeLastSeen, .addEvent, .putRevision: false
    }
  }
}
