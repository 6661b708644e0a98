import Tend

extension World {
  /// Who asked that a resource be left alone; nil also where only its declaration says so.
  func suspension(of node: Node) -> Suspension? {
    if let brake { return brake }
    let unit = Int(self[node].unit)
    return units.indices.contains(unit) ? units[unit].record.suspends(key(node)) : nil
  }

  /// Who asked that a unit be left alone.
  func suspension(ofUnit unit: Int) -> Suspension? {
    brake ?? units[unit].record.suspension(of: nil)
  }

  /// Whether a resource is left alone, by its declaration or by somebody's word.
  func isSuspended(_ entry: Entry) -> Bool { brake != nil || entry.flags.contains(.suspended) }

  /// Whether a revision is taken in without a look at this resource.
  ///
  /// A plan that somebody is shown has also what a suspended unit would do.
  func isLeftAlone(_ node: Node, _ unit: String, isStrict: Bool) -> Bool {
    guard let unit = unitIndex(unit), !units[unit].record.suspensions.isEmpty else { return false }
    if !isStrict, units[unit].record.suspension(of: nil) != nil { return true }
    return units[unit].record.suspension(of: key(node)) != nil
  }

  /// Whether the declaration of a node, or what is kept of its unit, leaves it alone.
  private func shouldSuspend(_ node: Node) -> Bool {
    let entry = self[node]
    if entry.isDeclared, entry.lifecycle.suspend { return true }
    return units[Int(entry.unit)].record.suspends(key(node)) != nil
  }

  /// Brings the flag of a node up to date; says whether that changed anything.
  @discardableResult
  mutating func markSuspension(_ node: Node) -> Bool {
    let isSuspended = shouldSuspend(node)
    guard self[node].flags.contains(.suspended) != isSuspended else { return false }
    update(node) { entry in
      if isSuspended { entry.flags.insert(.suspended) } else { entry.flags.remove(.suspended) }
    }
    return true
  }

  // MARK: Asked for

  /// Leaves a unit or one of its resources alone; the answer is what is now to come to rest.
  mutating func suspend(
    _ unit: Int, _ suspension: Suspension, _ effects: inout Effects
  ) -> [Node] {
    units[unit].record.suspend(suspension)
    let name = name(of: suspension.resource)
    let until = suspension.until.map { " until \($0)" } ?? ""
    let note = suspension.note.map { ": \($0)" } ?? ""
    let what = suspension.reason == .restored ? "restored and suspended" : "suspended"
    effects.writes += [
      .putUnit(units[unit].record),
      .addEvent(
        Event(
          time: suspension.since, unit: units[unit].unit.name, resource: name, kind: .suspend,
          cause: .request, revision: units[unit].revision?.id,
          message: "\(what) by \(suspension.by)\(until)\(note)")),
    ]
    return remark(unit, at: suspension.since, &effects)
  }

  /// Ends a suspension; the answer is what it was, nil where there was none.
  mutating func resume(
    _ unit: Int, _ resource: InventoryKey?, by user: String, now: Timestamp,
    _ effects: inout Effects
  ) -> Suspension? {
    guard let ended = units[unit].record.resume(resource) else { return nil }
    told(unit, ended, "resumed by \(user); suspended \(ended)", cause: .request, now, &effects)
    return ended
  }

  /// Ends what is over; the answer is the units that go on.
  mutating func lapse(at now: Timestamp, _ effects: inout Effects) -> [String] {
    var units: [String] = []
    for unit in self.units.indices {
      let over = self.units[unit].record.lapse(at: now)
      for ended in over {
        told(unit, ended, "resumed: its time is up; suspended \(ended)", cause: nil, now, &effects)
      }
      if over.contains(where: { $0.resource == nil }) { units.append(self.units[unit].unit.name) }
    }
    return units
  }

  private mutating func told(
    _ unit: Int, _ ended: Suspension, _ message: String, cause: Event.Cause?, _ now: Timestamp,
    _ effects: inout Effects
  ) {
    effects.writes += [
      .putUnit(units[unit].record),
      .addEvent(
        Event(
          time: now, unit: units[unit].unit.name, resource: name(of: ended.resource),
          kind: .resume, cause: cause, revision: units[unit].revision?.id, message: message)),
    ]
    _ = remark(unit, at: now, &effects)
  }

  /// Brings the flags of a unit up to date, and wakes those for whom that makes a difference.
  private mutating func remark(
    _ unit: Int, at now: Timestamp, _ effects: inout Effects
  ) -> [Node] {
    let changed = nodes(of: unit).filter { markSuspension($0) }
    for node in changed {
      self[node].transition = now.nanoseconds
      effects.adds.append(wake(node))
      wakeAround(node, &effects)
    }
    check(unit, &effects)
    return changed
  }

  /// Looks anew; what differs meanwhile is drift.
  private func wake(_ node: Node) -> Effects.Add {
    Effects.Add(handle: self[node].handle, priority: .drift, causes: [.drift, .woken])
  }

  private func name(of resource: InventoryKey?) -> String? {
    guard let resource else { return nil }
    for (controller, provider) in providers.enumerated() where provider == resource.provider {
      let entry = entries[controller].first { $0.isResource && $0.identity == resource.identity }
      if let reference = entry?.reference { return reference.description }
    }
    return resource.identity
  }

  /// When the next suspension ends by itself.
  var nextLapse: Timestamp? {
    units.flatMap { $0.record.suspensions.compactMap(\.until) }.min()
  }

  // MARK: With the resource

  /// What is no longer ours is nobody's to leave alone.
  mutating func forgetSuspension(_ node: Node, _ effects: inout Effects) {
    let unit = Int(self[node].unit)
    guard units[unit].record.resume(key(node)) != nil else { return }
    effects.writes.append(.putUnit(units[unit].record))
  }

  /// What moved here from another unit stays suspended.
  mutating func keepSuspensions(_ unit: Int, _ nodes: [Node], _ effects: inout Effects) {
    let others = units.indices.filter { other in
      other != unit && units[other].record.suspensions.contains { $0.resource != nil }
    }
    guard !others.isEmpty else { return }
    let keys = Set(nodes.map(key))
    for other in others {
      let moved = units[other].record.suspensions.filter { suspension in
        suspension.resource.map(keys.contains) ?? false
      }
      guard !moved.isEmpty else { continue }
      for suspension in moved {
        _ = units[other].record.resume(suspension.resource)
        units[unit].record.suspend(suspension)
      }
      effects.writes += [.putUnit(units[other].record), .putUnit(units[unit].record)]
    }
    for node in nodes { markSuspension(node) }
  }

  // MARK: Everything

  /// Everything is left alone from now on, or goes on.
  mutating func pull(_ brake: Suspension?, now: Timestamp, _ effects: inout Effects) {
    let before = self.brake
    self.brake = brake
    let message =
      brake.map { "everything is suspended \($0)" }
      ?? "everything goes on; it was suspended \(before?.description ?? "")"
    for unit in units.indices {
      effects.writes.append(
        .addEvent(
          Event(
            time: now, unit: units[unit].unit.name, kind: brake == nil ? .resume : .suspend,
            cause: .request, revision: units[unit].revision?.id, message: message)))
      if brake == nil { for node in nodes(of: unit) { effects.adds.append(wake(node)) } }
      check(unit, &effects)
    }
  }
}
