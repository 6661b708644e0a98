import Tend

/// All that the engine knows besides the typed rows, and every decision about it.
///
/// A value.
///
/// Methods decide and put what is to be done into `Effects`; the engine locks, asks, unlocks, and
/// performs.
struct World: Sendable {
  /// By controller, then slot.
  var entries: [[Entry]]
  /// The names of the providers, by controller.
  let providers: [String]
  var units: [UnitState] = []
  /// Why everything is left alone; nil where it is not.
  var brake: Suspension?
  /// What was said when the last engine ended; nil while this one runs and knows better.
  var lastSeen: [LastSeen.Subject: LastSeen]?
  /// Whose memory goes to whom, once nothing runs for the first any more.
  var departing: [Node: Node] = [:]
  /// How many looks at sources have begun.
  var looks = 0

  init(providers: [String]) {
    self.providers = providers
    entries = Array(repeating: [], count: providers.count)
  }

  subscript(node: Node) -> Entry {
    // In place: a copy of the entry would count its references, and copy its lists with every
    // change to them.
    _read { yield entries[Int(node.controller)][Int(node.slot)] }
    _modify { yield &entries[Int(node.controller)][Int(node.slot)] }
  }

  func key(_ node: Node) -> InventoryKey {
    InventoryKey(provider: providers[Int(node.controller)], identity: self[node].identity)
  }

  /// The id of the revision that declares it, or did last.
  func revision(of entry: Entry) -> String {
    switch entry.origin {
    case .none: return ""
    case .declared(_, let revision?): return revision.id
    case .declared(_, nil):
      let unit = Int(entry.unit)
      return units.indices.contains(unit) ? units[unit].revision?.id ?? "" : ""
    case .stored(let record): return record.revision
    }
  }

  func unitIndex(_ name: String) -> Int? { units.firstIndex { $0.unit.name == name } }

  /// Changes an entry and keeps the counts of its unit right.
  @discardableResult
  mutating func update<Result>(_ node: Node, _ body: (inout Entry) -> Result) -> Result {
    let before = Weight(self[node])
    let unit = Int(self[node].unit)
    let result = body(&self[node])
    let after = Weight(self[node])
    if before != after, units.indices.contains(unit) {
      units[unit].weight.replace(before, by: after)
    }
    return result
  }

  /// The resources of a unit, in order.
  func nodes(of unit: Int) -> [Node] {
    var nodes: [Node] = []
    for (controller, column) in entries.enumerated() {
      // By index: an entry that is taken out is copied, and counts references.
      for slot in column.indices
      where column[slot].isResource && Int(column[slot].unit) == unit {
        nodes.append(Node(controller: controller, slot: UInt32(slot)))
      }
    }
    return nodes
  }
}

/// What one entry, or all entries of a unit, add to the counts that decisions rest on.
struct Weight: Sendable, Hashable {
  var resources = 0
  /// Declared, and not settled.
  var unsettled = 0
  /// Unsettled or doomed, and something will still be done without help.
  var active = 0
  /// No longer declared, and still to go.
  var doomed = 0
  var settled = 0
  var stalled = 0
  /// Known to differ while nothing is done about it now: observed only, or contested.
  var drifting = 0
  var owned = 0
  /// Left alone for a while: they hold up nothing of their unit.
  var suspended = 0

  /// Failures after which a one-shot apply gives up.
  static let patience = 3

  init() {}

  init(_ entry: Entry) {
    guard entry.isResource else { return }
    resources = 1
    owned = entry.isOwned ? 1 : 0
    if entry.flags.contains(.suspended) {
      suspended = 1
      return
    }
    drifting = entry.flags.contains(.differs) && entry.phase == .settled ? 1 : 0
    let isBlocked = entry.flags.contains(.blocked)
    let isUnreadable = entry.flags.contains(.unreadable)
    switch entry.phase {
    case .unsettled where isUnreadable: (unsettled, stalled) = (1, 1)
    case .doomed where isUnreadable: (doomed, stalled) = (1, 1)
    case .unsettled: (unsettled, active) = (1, isBlocked ? 0 : 1)
    case .failing:
      unsettled = 1
      active = (entry.extra?.failures ?? 0) < Self.patience ? 1 : 0
    case .stalled: (unsettled, stalled) = (1, 1)
    case .doomed:
      doomed = 1
      let hasGivenUp = (entry.extra?.failures ?? 0) >= Self.patience
      active = isBlocked || hasGivenUp ? 0 : 1
    case .settled: settled = 1
    case .protected, .dormant, .free, .tentative, .leaving: break
    }
  }

  mutating func replace(_ before: Weight, by after: Weight) {
    resources += after.resources - before.resources
    unsettled += after.unsettled - before.unsettled
    active += after.active - before.active
    doomed += after.doomed - before.doomed
    settled += after.settled - before.settled
    stalled += after.stalled - before.stalled
    drifting += after.drifting - before.drifting
    owned += after.owned - before.owned
    suspended += after.suspended - before.suspended
  }
}

/// Where one unit stands.
struct UnitState: Sendable {
  var unit: Unit
  /// What its source calls itself.
  var source: String?
  var record: UnitRecord
  /// The accepted revision, decoded; what the next one may take over from.
  ///
  /// Every resource that it declares is in force as long as it is here.
  var intake: Intake?
  /// The nodes of what the intake declares, by its numbers.
  var nodes: [Node] = []
  /// How many plans hold all of its nodes.
  var pins = 0
  /// Nodes that are only there because of that.
  var held: [Node] = []
  var revision: RevisionName?
  /// Whether all that the accepted revision declares was taken over.
  var isInForce = false
  var weight = Weight()
  /// Whether the accepted revision has not converged yet.
  var isConverging = false
  /// Whether deletions wait until everything else of the unit has succeeded.
  var holdsDeletions = false
  /// Changes made for the accepted revision.
  var changes = 0
  /// How many resources the accepted revision had to look at.
  var taken = 0
  /// By whom or what the accepted revision came in.
  var by = ""
  /// Why nothing newer is taken in, as a condition's reason and message.
  var problem: Problem?
  /// Units that must be Ready before a newer revision is begun.
  var waitsFor: [String] = []
  /// The newest revision that was seen, and when that was, where others must be Ready first.
  var pending: (revision: String, since: Int)?
  /// The last look at the source of which the outcome was taken in.
  var lastLook: Int?
  /// The look at the source that has begun last.
  var look: Int?
  /// The last look after which it was kept what the unit claims.
  var lastClaim: Int?
  /// It goes on under another name.
  var isGone = false
  /// The apply that waits for this unit.
  var application: Application?
  var lastRefresh: Duration?
  var nextRefresh: Duration?

  struct Problem: Sendable, Hashable {
    var reason: String
    var message: String
    /// The revision that is not taken in; nil where the reason is another.
    var revision: String?
  }

  init(_ unit: Unit, record: UnitRecord? = nil) {
    self.unit = unit
    self.record = record ?? UnitRecord(name: unit.name)
    revision = self.record.accepted.map { RevisionName($0.id) }
  }
}

/// What is to be done outside the lock.
struct Effects: Sendable {
  struct Add: Sendable {
    var handle: Scheduler.Handle
    var priority: Scheduler.Priority
    var delay: Duration = .zero
    var causes: Scheduler.Causes = []
    var supersedes = false
  }

  var adds: [Add] = []
  /// Slots that are free again.
  var freed: [(node: Node, handle: Scheduler.Handle)] = []
  var writes: [StoreWrite] = []
  /// Units of which the accepted revision has converged.
  var converged: [Int] = []
  var told: [(Application, Application.News)] = []
  var quiet: [Application] = []
}

/// Why a resource runs.
extension Scheduler.Causes {
  /// Its desired state is new.
  static let revision = Scheduler.Causes(rawValue: 1)
  /// The world may have changed.
  static let drift = Scheduler.Causes(rawValue: 2)
  /// It failed before.
  static let retry = Scheduler.Causes(rawValue: 4)
  /// A plan wants to know what it is like.
  static let inspect = Scheduler.Causes(rawValue: 8)
  /// Somebody asked for it.
  static let request = Scheduler.Causes(rawValue: 16)
  /// What it waited for is there, or gone.
  static let woken = Scheduler.Causes(rawValue: 32)
}
