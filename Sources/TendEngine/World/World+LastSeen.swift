import Tend

/// What is kept of how things are, so that it can be said when no engine runs.
extension World {
  /// Takes over what was said when the last engine ended.
  mutating func remember(_ seen: [LastSeen], _ nodes: [InventoryKey: Node]) {
    var last: [LastSeen.Subject: LastSeen] = [:]
    for seen in seen {
      last[seen.subject] = seen
      if case .resource(let key) = seen.subject, let node = nodes[key] {
        self[node].flags.insert(.noted)
      }
    }
    lastSeen = last
  }

  /// Keeps what is to be said of a resource, where that is more than that it is fine.
  mutating func note(_ node: Node, _ now: Timestamp, _ effects: inout Effects) {
    guard self[node].isOwned else { return }
    let subject = LastSeen.Subject.resource(key(node))
    if self[node].isFine {
      guard self[node].flags.contains(.noted) else { return }
      self[node].flags.remove(.noted)
      effects.writes.append(.removeLastSeen(subject))
    } else {
      self[node].flags.insert(.noted)
      let conditions = status(of: node, unsettled: []).conditions
      effects.writes.append(.putLastSeen(LastSeen(subject, at: now, conditions: conditions)))
    }
  }

  /// What is to be said of a unit that has converged, or whose engine ends.
  func noted(_ unit: Int, _ now: Timestamp) -> StoreWrite {
    let status = status(ofUnit: unit, now: .zero)
    return .putLastSeen(
      LastSeen(
        .unit(status.name), at: now, conditions: status.conditions, ready: status.ready,
        stalled: status.stalled))
  }

  /// Something else is to be said of a unit than when it had converged.
  mutating func noteAgain(_ unit: Int, _ now: Timestamp, _ effects: inout Effects) {
    guard units[unit].isInForce, !units[unit].isConverging else { return }
    effects.writes.append(noted(unit, now))
  }

  /// The engine ends: how everything is that it kept up.
  mutating func noteAll(_ now: Timestamp, _ effects: inout Effects) {
    for unit in units.indices where units[unit].isInForce {
      for node in nodes(of: unit) where !self[node].isFine { note(node, now, &effects) }
      effects.writes.append(noted(unit, now))
    }
  }

  /// How a resource was, and when; nil where nothing is known, or an engine runs and will know.
  func lastConditions(of node: Node) -> (conditions: [Condition], at: Timestamp)? {
    let entry = self[node]
    guard let lastSeen, entry.phase == .dormant, case .stored(let record) = entry.origin,
      suspension(of: node) == nil, !entry.flags.contains(.unreadable)
    else { return nil }
    if let own = lastSeen[.resource(key(node))] { return (own.conditions, own.at) }
    let unit = units[Int(entry.unit)].unit.name
    guard record.isDeclared, let unit = lastSeen[.unit(unit)] else { return nil }
    var fine = entry
    fine.phase = .settled
    return (conditions(of: fine, node, []), unit.at)
  }
}

extension Entry {
  /// Whether it works and is as declared, and there is nothing else to say.
  var isFine: Bool {
    phase == .settled && flags.isDisjoint(with: [.differs, .suspended, .unreadable])
      && extra?.reason == nil
  }
}
