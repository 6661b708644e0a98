import Tend

extension World {
  /// `unsettled` is what the unit's deletions wait for, found once for all.
  func status(of node: Node, unsettled: [Node]) -> ResourceStatus {
    let entry = self[node]
    let reference = entry.reference ?? Reference(kind: "", name: entry.identity)
    let waits = entry.flags.contains(.blocked) ? blockers(of: entry, unsettled: unsettled) : []
    let last = lastConditions(of: node)
    return ResourceStatus(
      unit: units[Int(entry.unit)].unit.name, reference: reference, identity: entry.identity,
      revision: revision(of: entry), place: "\(entry.place)", isDeclared: isDeclared(entry),
      isAdopted: entry.ownership == .adopted,
      conditions: last?.conditions ?? conditions(of: node, waits), asOf: last?.at,
      differences: (entry.extra?.differences ?? []).map {
        PlannedDifference($0, in: entry.declaration)
      }, dependsOn: names(entry.dependencies), waitsFor: names(waits),
      lastChange: entry.lastChange == 0 ? nil : Timestamp(nanoseconds: entry.lastChange),
      failures: entry.extra?.failures ?? 0, suspension: suspension(of: node))
  }

  private func isDeclared(_ entry: Entry) -> Bool {
    if case .stored(let record) = entry.origin {
      return record.isDeclared && entry.phase != .doomed
    }
    return entry.isDeclared
  }

  private func names(_ nodes: some Sequence<Node>) -> [String] {
    nodes.compactMap { self[$0].reference?.description }
  }

  // MARK: Conditions

  private func conditions(of node: Node, _ waits: [Node]) -> [Condition] {
    conditions(of: self[node], node, waits)
  }

  func conditions(of entry: Entry, _ node: Node, _ waits: [Node]) -> [Condition] {
    let answers = Answers(
      entry, suspension(of: node),
      waitsFor: entry.flags.contains(.blocked) ? hold(entry, waits) : nil,
      handedOver: isHandedOver(entry) ? handedOver(entry, key(node)) : nil)
    let transition = entry.transition
    let revision = revision(of: entry)
    return Condition.Kind.allCases.map { kind in
      let (status, reason, message) = answers[kind]
      return Condition(
        kind, status, reason: reason, message: message, observedRevision: revision,
        lastTransitionTime: transition == 0 ? nil : Timestamp(nanoseconds: transition))
    }
  }

  func status(ofUnit index: Int, now: Duration) -> UnitStatus {
    let state = units[index]
    let last = lastSeen?[.unit(state.unit.name)]
    let isKnown = suspension(ofUnit: index) == nil && state.record.left == nil
    let said = isKnown ? last : nil
    return UnitStatus(
      name: state.unit.name, source: state.source, revision: state.record.accepted,
      conditions: said?.conditions ?? conditions(ofUnit: state), asOf: last?.at,
      resources: state.weight.resources, ready: last?.ready ?? state.weight.settled,
      stalled: last?.stalled ?? state.weight.stalled, suspended: state.weight.suspended,
      suspension: suspension(ofUnit: index), refused: state.record.refused,
      dependsOn: state.unit.dependencies, waitsFor: state.waitsFor, left: state.record.left,
      allowed: state.unit.policy.allow?.lines,
      lastRefresh: state.lastRefresh.map { now - $0 },
      nextRefresh: state.nextRefresh.map { max(.zero, $0 - now) })
  }

  /// What a unit leaves behind that is no longer configured, in words.
  static func staying(_ count: Int) -> String {
    count == 1 ? "1 resource stays as it is" : "\(count) resources stay as they are"
  }

  /// Whether a unit is Ready, so that others may build on it.
  func isReady(unit: Int) -> Bool {
    units[unit].isInForce
      && conditions(ofUnit: units[unit]).contains { $0.type == .ready && $0.status == .yes }
  }

  private func conditions(ofUnit state: UnitState) -> [Condition] {
    let weight = state.weight
    let revision = state.record.accepted?.id
    func condition(
      _ kind: Condition.Kind, _ status: Condition.Status, _ reason: String, _ message: String = ""
    ) -> Condition {
      Condition(kind, status, reason: reason, message: message, observedRevision: revision)
    }
    if let left = state.record.left {
      let message = "no longer configured; \(Self.staying(left.count))"
      return Condition.Kind.allCases.map { condition($0, .unknown, "Left", message) }
    }
    if let suspension = brake ?? state.record.suspension(of: nil) {
      let reason = suspension.reason.rawValue
      return Condition.Kind.allCases.map { kind in
        switch kind {
        case .ready: condition(kind, .unknown, reason, "\(suspension)")
        case .inSync: condition(kind, .unknown, reason)
        case .reconciling: condition(kind, .no, reason)
        case .stalled: condition(kind, .no, "Working")
        }
      }
    }
    let isKnown = state.intake != nil || weight.settled > 0
    let isDone = weight.unsettled == 0 && weight.doomed == 0
    let pending =
      "\(weight.unsettled + weight.doomed) of \(weight.resources) resources are not done"
    let ready: Condition =
      if let problem = state.problem {
        condition(.ready, .no, problem.reason, problem.message)
      } else if !state.waitsFor.isEmpty {
        condition(.ready, .no, "Waiting", state.waiting)
      } else if !isKnown {
        condition(.ready, .unknown, "NotObserved", unobserved(state))
      } else if isDone {
        condition(.ready, .yes, "Ready", summary(weight))
      } else {
        condition(.ready, .no, "Progressing", pending)
      }
    let inSync: Condition =
      !isKnown
      ? condition(.inSync, .unknown, "NotObserved")
      : isDone && state.problem == nil
        ? condition(.inSync, .yes, "Converged")
        : condition(
          .inSync, .no, state.problem?.reason ?? "Progressing", state.problem?.message ?? pending)
    let reconciling =
      weight.active > 0 || !state.waitsFor.isEmpty
      ? condition(
        .reconciling, .yes, weight.active > 0 ? "Progressing" : "Waiting",
        weight.active > 0 ? pending : state.waiting)
      : condition(.reconciling, .no, "Idle")
    let stalled: Condition =
      if let problem = state.problem {
        Condition(
          .stalled, .yes, reason: problem.reason, message: problem.message,
          observedRevision: problem.revision)
      } else if weight.stalled > 0 {
        condition(.stalled, .yes, "ResourcesStalled", "\(count(weight.stalled)) stalled")
      } else {
        condition(.stalled, .no, "Working")
      }
    return [ready, inSync, reconciling, stalled]
  }

  private func count(_ resources: Int) -> String {
    resources == 1 ? "1 resource is" : "\(resources) resources are"
  }

  private func summary(_ weight: Weight) -> String {
    "\(count(weight.settled)) as declared"
      + (weight.suspended > 0 ? ", \(weight.suspended) suspended" : "")
  }

  /// Why nothing is known of a unit.
  private func unobserved(_ state: UnitState) -> String {
    guard lastSeen != nil, let revision = state.record.accepted else {
      return "no revision has been read yet"
    }
    return "revision \(revision.short) had not converged when its engine died"
  }

  // MARK: Differences

  func differences(of nodes: [Node], _ seen: [Node: Inspection.Result]) -> [Plan] {
    var plans: [Int: Plan] = [:]
    for node in nodes {
      let entry = self[node]
      let unit = Int(entry.unit)
      var plan =
        plans[unit]
        ?? Plan(
          unit: units[unit].unit.name,
          revision: units[unit].record.accepted ?? Revision(id: revision(of: entry)))
      append(node, entry, seen[node], to: &plan)
      plans[unit] = plan
    }
    return plans.sorted { $0.key < $1.key }.map(\.value)
  }

  private func append(
    _ node: Node, _ entry: Entry, _ seen: Inspection.Result?, to plan: inout Plan
  ) {
    let reference = entry.reference ?? Reference(kind: "", name: entry.identity)
    switch seen {
    case nil: return
    case .failed(let error):
      plan.errors.append(
        PlanProblem(
          reference: reference, place: entry.place, code: error.code.description,
          message: error.description))
    case .found(let exists, let differences, let losesData):
      let ignored = exists ? entry.lifecycle.ignoreDifferences : []
      let remaining = differences.filter { !$0.isBelow(anyOf: ignored) }
      guard !exists || !remaining.isEmpty else {
        plan.unchanged += 1
        return
      }
      let isReplaced = remaining.contains(where: \.forcesReplacement)
      plan.changes.append(
        PlannedChange(
          reference: reference, identity: entry.identity,
          action: !exists ? .create : isReplaced ? .replace : .update, cause: .drift,
          differences: remaining.map { PlannedDifference($0, in: entry.declaration) },
          place: entry.place, revision: revision(of: entry), losesData: isReplaced && losesData))
    }
  }
}

extension UnitState {
  fileprivate var waiting: String {
    "a new revision waits until \(waitsFor.joined(separator: ", ")) is Ready"
  }
}

/// The four answers about one resource.
private struct Answers {
  typealias Answer = (status: Condition.Status, reason: String, message: String)

  private let ready: Answer
  private let inSync: Answer
  private let reconciling: Answer
  private let stalled: Answer

  subscript(kind: Condition.Kind) -> Answer {
    switch kind {
    case .ready: ready
    case .inSync: inSync
    case .reconciling: reconciling
    case .stalled: stalled
    }
  }

  init(_ entry: Entry, _ suspension: Suspension?, waitsFor: String?, handedOver: String?) {
    let reason = entry.extra?.reason
    let message = entry.extra?.message ?? ""
    let idle: Answer = (.no, "Idle", "")
    let working: Answer = (.no, "Working", "")
    if entry.flags.contains(.unreadable) {
      let text = "what is remembered of it can't be read"
      (ready, inSync) = ((.no, "Unreadable", text), (.unknown, "Unreadable", text))
      (reconciling, stalled) = (idle, (.yes, "Unreadable", text))
      return
    }
    if suspension != nil || entry.flags.contains(.suspended) {
      let why = suspension?.reason.rawValue ?? "Suspended"
      ready = (.unknown, why, suspension?.description ?? "by its declaration")
      (inSync, reconciling, stalled) = ((.unknown, why, ""), (.no, why, ""), working)
      return
    }
    let differs = entry.flags.contains(.differs)
    switch entry.phase {
    case .settled:
      ready = (.yes, reason ?? "Ready", message)
      inSync = differs ? (.no, reason ?? "Drift", message) : (.yes, "AsDeclared", "")
      (reconciling, stalled) = (idle, working)
    case .unsettled:
      let why: Answer =
        waitsFor.map { (.no, "Waiting", $0) } ?? (.no, reason ?? "Progressing", message)
      (ready, inSync) = (why, why)
      (reconciling, stalled) = ((.yes, why.reason, why.message), working)
    case .failing where reason == "Degraded":
      // It is as declared, and does not work: there is nothing to change.
      ready = (.no, "Degraded", message)
      (inSync, reconciling, stalled) = ((.yes, "AsDeclared", ""), idle, working)
    case .failing:
      ready = (.no, reason ?? "Retrying", message)
      (inSync, reconciling) = (ready, (.yes, reason ?? "Retrying", message))
      stalled = working
    case .stalled:
      ready = (.no, reason ?? "Failed", message)
      (inSync, reconciling) = (ready, idle)
      stalled = (.yes, reason ?? "Failed", message)
    case .doomed:
      ready = (.no, waitsFor == nil ? "Deleting" : "Waiting", waitsFor ?? message)
      (inSync, reconciling) = (ready, (.yes, ready.reason, ready.message))
      stalled = working
    case .protected:
      ready = (.yes, "Protected", "no longer declared; preventDelete keeps it")
      (inSync, reconciling, stalled) = ((.no, "Protected", ready.message), idle, working)
    case .dormant, .free, .tentative, .leaving:
      let answer: Answer =
        handedOver.map { (.unknown, "HandedOver", "no longer declared here; \($0)") }
        ?? (.unknown, "NotObserved", "it has not been observed yet")
      (ready, inSync, reconciling, stalled) = (answer, answer, idle, working)
    }
  }
}
