import Tend

/// What a reconcile is to do, as things stand when it begins.
struct Assignment: Sendable {
  var reference: Reference
  var isDeclared: Bool
  var lifecycle: Lifecycle
  var mode: Lifecycle.Mode
  var ownership: Verdict.Ownership
  /// The generation of the desired state that it works for.
  var generation: UInt32
  /// Whether the desired state is newer than what was settled last.
  var isNew: Bool
  /// Whether a destructive verdict may be carried out.
  var isPermitted: Bool
  var interval: Duration
  var timeout: Duration
  var detectsContest: Bool
  var cause: Event.Cause
  var expectation: Extra.Expectation?
  var readBack: [Difference]
  /// What the unit is confined to; nil where it is not.
  var confinement: Confinement?
  var ledger: DriftLedger
  /// Of which its provider has to know first.
  var moves: [UnitRecord.Move]
}

enum Beginning: Sendable {
  case run(Assignment)
  /// Something else must come first, and will wake it.
  case blocked
  /// Neither observed nor changed.
  case suspended
  /// What is stored of it can't be read, so nothing may be concluded.
  case unreadable
  /// There is nothing to do.
  case gone
  /// Nobody needs the slot any more.
  case leave
  /// It goes on as another one did, and will be woken once that has ended.
  case awaits
}

extension World {
  /// Decides whether a reconcile may begin, and with what.
  mutating func begin(_ node: Node, causes: Scheduler.Causes) -> Beginning {
    let entry = self[node]
    switch entry.phase {
    case .free, .tentative, .dormant, .protected: return .gone
    case .leaving: return departing[node] == nil ? .leave : .gone
    case .unsettled, .settled, .failing, .stalled, .doomed: break
    }
    if entry.flags.contains(.unreadable) { return .unreadable }
    if isSuspended(entry) { return .suspended }
    if isAwaited(node) { return .awaits }
    if isBlocked(entry) {
      update(node) { $0.flags.insert(.blocked) }
      if entry.phase == .doomed, units[Int(entry.unit)].weight.unsettled > 0 {
        units[Int(entry.unit)].holdsDeletions = true
      }
      return .blocked
    }
    return .run(assignment(node, causes))
  }

  private func assignment(_ node: Node, _ causes: Scheduler.Causes) -> Assignment {
    let entry = self[node]
    let unit = units[Int(entry.unit)].unit
    let lifecycle = entry.lifecycle
    let isNew = entry.phase == .unsettled || entry.phase == .doomed
    let cause: Event.Cause =
      if isNew {
        .revision
      } else if causes.contains(.request) {
        .request
      } else if causes.contains(.retry), entry.phase == .failing {
        .retry
      } else {
        .drift
      }
    return Assignment(
      reference: entry.reference ?? Reference(kind: "", name: entry.identity),
      isDeclared: entry.isDeclared, lifecycle: lifecycle, mode: lifecycle.mode ?? unit.policy.mode,
      ownership: entry.ownership, generation: entry.wanted, isNew: isNew,
      isPermitted: !entry.flags.contains(.unknown) || entry.flags.contains(.permitted),
      interval: lifecycle.interval ?? unit.policy.interval,
      timeout: lifecycle.timeout ?? unit.policy.timeout,
      detectsContest: unit.policy.detectsContest, cause: cause,
      expectation: entry.expectation,
      readBack: entry.extra?.isStuck == true ? entry.extra?.readBack ?? [] : [],
      confinement: Confinement(unit), ledger: entry.extra?.ledger ?? DriftLedger(),
      moves: moves(to: node))
  }

  func isBlocked(_ entry: Entry) -> Bool {
    switch entry.phase {
    case .unsettled: !entry.dependencies.allSatisfy(isReady)
    case .settled, .failing, .stalled: !entry.dependencies.allSatisfy(exists)
    case .doomed:
      units[Int(entry.unit)].weight.unsettled > 0 || entry.dependents.contains(where: holds)
    case .free, .tentative, .dormant, .protected, .leaving: false
    }
  }

  /// What must come first, as many as are worth naming: dependencies, or for a deletion what
  /// depends on it and what is `unsettled` in its unit.
  func blockers(of entry: Entry, unsettled: [Node]) -> [Node] {
    let blockers =
      switch entry.phase {
      case .unsettled: entry.dependencies.filter { !isReady($0) }
      case .settled, .failing, .stalled: entry.dependencies.filter { !exists($0) }
      case .doomed: unsettled + entry.dependents.lazy.filter(holds).prefix(Self.worthNaming)
      case .free, .tentative, .dormant, .protected, .leaving: [Node]()
      }
    return Array(blockers.prefix(Self.worthNaming))
  }

  /// Those of each unit that its deletions wait for, as many as are worth naming.
  func unsettled() -> [[Node]] {
    units.indices.map { unit in
      guard units[unit].weight.unsettled > 0, units[unit].weight.doomed > 0 else { return [] }
      return Array(
        nodes(of: unit).lazy.filter { Weight(self[$0]).unsettled > 0 }.prefix(Self.worthNaming))
    }
  }

  static let worthNaming = 20

  /// Whether what a new revision brings may build on it.
  private func isReady(_ node: Node) -> Bool {
    let entry = self[node]
    switch entry.phase {
    case .settled: return true
    case .unsettled, .failing, .stalled: return isThereSuspended(entry)
    case .free, .tentative, .dormant, .doomed, .protected, .leaving: return true
    }
  }

  /// Whether a repair may build on it.
  private func exists(_ node: Node) -> Bool {
    let entry = self[node]
    guard entry.isDeclared else { return true }
    return entry.flags.contains(.exists) || isThereSuspended(entry) || entry.phase == .settled
  }

  /// What is suspended counts as it was seen last, and what was never seen as there.
  private func isThereSuspended(_ entry: Entry) -> Bool {
    guard entry.flags.contains(.suspended) else { return false }
    return entry.ownership != .intended || entry.flags.contains(.exists)
  }

  /// Whether a dependent keeps what it depends on from being deleted.
  private func holds(_ node: Node) -> Bool {
    let entry = self[node]
    return entry.phase == .doomed
  }
}

extension World {
  /// What a run does after it has answered a plan: nil, it goes on with what else it was asked for.
  mutating func afterInspection(
    _ node: Node, _ causes: Scheduler.Causes
  ) -> Scheduler.Disposition? {
    guard causes == .inspect else { return nil }
    let entry = self[node]
    let unit = units.indices.contains(Int(entry.unit)) ? units[Int(entry.unit)].unit : Unit("")
    let interval = entry.lifecycle.interval ?? unit.policy.interval
    switch entry.phase {
    case .free, .tentative, .dormant, .protected: return .done
    case .leaving: return nil
    case .settled, .stalled: return .again(after: interval, priority: .resync)
    case .failing: return .again(after: .seconds(1), priority: .retry, causes: .retry)
    case .unsettled, .doomed: return entry.flags.contains(.blocked) ? .done : nil
    }
  }
}
