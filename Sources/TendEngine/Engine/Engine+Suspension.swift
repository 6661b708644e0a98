import Logging
public import Tend

extension Engine {
  /// Leaves a unit, or one of its resources, alone until it is resumed or its time is up.
  ///
  /// Neither observed nor changed; a suspended unit takes in no revision either. What has begun is
  /// finished before this returns. The word is durable then; it takes the place of an earlier one.
  /// Throws `.notFound`, `.ambiguous`, and `.store` where it can't be kept: then it holds until
  /// this engine ends. Cancellation stops waiting for what has begun.
  @discardableResult
  public func suspend(
    _ selection: Selection, reason: Suspension.Reason = .suspended, note: String? = nil,
    by user: String, until: Timestamp? = nil
  ) async throws(EngineError) -> Suspension {
    if let note, note.utf8.count > Suspension.noteLimit {
      throw EngineError(
        .invalid, "the reason has more than \(Suspension.noteLimit) bytes",
        remedy: "say it in fewer words")
    }
    let (unit, node) = try suspendable(selection)
    return try await suspend(unit, node, reason, note: note, by: user, until: until)
  }

  func suspend(
    _ unit: Int, _ node: Node?, _ reason: Suspension.Reason, note: String?, by user: String,
    until: Timestamp?
  ) async throws(EngineError) -> Suspension {
    let suspension = Suspension(
      node.map { node in core.world.withLock { $0.key(node) } }, reason: reason, note: note,
      by: user, since: core.time.wall(), until: until)
    let isTooMany = core.world.withLock { world in
      world.units[unit].record.suspensions.count > UnitRecord.suspensionLimit
    }
    if isTooMany {
      throw EngineError(
        .refused, "more than \(UnitRecord.suspensionLimit) resources are suspended",
        remedy: "suspend the unit")
    }
    let nodes = core.decide { world, effects in world.suspend(unit, suspension, &effects) }
    suspensions.ring()
    await settle(nodes)
    try await keep("suspended")
    return suspension
  }

  /// Goes on with what was suspended; nil where it was not.
  ///
  /// A unit's source is asked at once, and what differs is repaired as drift.
  @discardableResult
  public func resume(
    _ selection: Selection, by user: String
  ) async throws(EngineError) -> Suspension? {
    let (unit, node) = try suspendable(selection)
    let now = core.time.wall()
    let (ended, name) = core.decide { world, effects in
      let key = node.map { world.key($0) }
      return (
        world.resume(unit, key, by: user, now: now, &effects), world.units[unit].unit.name
      )
    }
    if ended != nil, node == nil { ring(name) }
    try await keep("resumed")
    return ended
  }

  /// Looks now whether everything is to be left alone; the answer says why, nil where it is not.
  ///
  /// See ``Configuration/brake``. It is looked at before every change in any case; this makes what
  /// is shown, and what waits for the end, follow at once. What has begun is finished when it
  /// returns.
  @discardableResult
  public func heedBrake() async -> Suspension? {
    let brake = heed()
    guard brake != nil else { return nil }
    suspensions.ring()
    await settle(core.world.withLock { $0.resources })
    return brake
  }

  @discardableResult
  private func heed() -> Suspension? {
    let wasPulled = core.world.withLock { $0.brake != nil }
    let brake = core.heedBrake()
    if wasPulled, brake == nil { for name in units().map(\.name) { ring(name) } }
    return brake
  }

  private func ring(_ unit: String) {
    do throws(EngineError) { try refresh(unit: unit) } catch {}
  }

  /// The unit that is meant, and its resource where one is.
  private func suspendable(
    _ selection: Selection
  ) throws(EngineError) -> (unit: Int, node: Node?) {
    if selection.resource != nil {
      let node = try only(selection)
      return core.world.withLock { (Int($0[node].unit), node) }
    }
    let unit = core.world.withLock { world in selection.unit.flatMap(world.unitIndex) }
    guard let unit else {
      let known = units().map(\.name)
      throw EngineError(
        .notFound, "there is no unit \(selection.unit ?? "without a name")",
        remedy: nearest(to: selection.unit ?? "", among: known).map { "did you mean \($0)?" }
          ?? "`tend get units` lists what there is")
    }
    return (unit, nil)
  }

  /// Waits until what runs now for these has ended; what would begin afterwards does not.
  private func settle(_ nodes: [Node]) async {
    let running = nodes.filter { node in
      let handle = core.world.withLock { $0[node].handle }
      return core.scheduler.status(of: handle)?.isRunning == true
    }
    guard !running.isEmpty else { return }
    // The next run of a resource begins when this one has ended, and answers.
    let inspection = Inspection(count: running.count)
    for controller in stagingProviders {
      let own = running.filter { $0.controller == Int32(controller.index) }.map(\.slot)
      if !own.isEmpty { controller.inspect(inForce: own, into: inspection) }
    }
    _ = await inspection.wait()
  }

  func keep(_ what: String) async throws(EngineError) {
    do throws(StoreError) {
      try await core.ledger.flush()
    } catch {
      throw EngineError(
        .store, "it is \(what), but only until this process ends: \(error.message)",
        remedy: error.remedy)
    }
  }

  /// Ends suspensions when their time is up, and notices when everything may go on.
  func keepSuspensions() async {
    while !suspensions.isClosed, !Task.isCancelled {
      let now = core.time.wall()
      let resumed = core.decide { world, effects in world.lapse(at: now, &effects) }
      for unit in resumed { ring(unit) }
      let isBraked = heed() != nil
      let next = core.world.withLock { $0.nextLapse }
      await core.time.wait(Self.pause(until: next, now, isBraked: isBraked), or: suspensions)
    }
  }

  /// How long nothing is to be looked at; nil: until somebody rings.
  ///
  /// At most a minute, since the wall clock may be set meanwhile.
  static func pause(until next: Timestamp?, _ now: Timestamp, isBraked: Bool) -> Duration? {
    var pause: Duration? = isBraked ? .seconds(5) : nil
    if let next {
      let left = min(max(now.duration(to: next), .milliseconds(1)), .seconds(60))
      pause = min(pause ?? left, left)
    }
    return pause
  }

  /// Throws where a unit, or everything, is to be left alone.
  func refuseSuspended(_ name: String) throws(EngineError) {
    core.heedBrake()
    let (brake, own) = core.world.withLock { world in
      (world.brake, world.unitIndex(name).flatMap { world.units[$0].record.suspension(of: nil) })
    }
    if let brake {
      throw EngineError(
        .suspended, "everything is suspended \(brake)", remedy: "`tend resume --all` ends that")
    }
    if let own {
      throw EngineError(
        .suspended, "unit \(name) is suspended \(own)", remedy: "`tend resume \(name)` ends that")
    }
  }

  /// Throws where a resource is to be left alone, be it with its unit or by its declaration.
  func refuseSuspended(_ node: Node) throws(EngineError) {
    let (status, own, isLeftAlone) = core.world.withLock { world in
      let status = world.status(of: node, unsettled: [])
      let own = world.unitIndex(status.unit)
        .flatMap { world.units[$0].record.suspension(of: world.key(node)) }
      return (status, own, world[node].flags.contains(.suspended))
    }
    try refuseSuspended(status.unit)
    if let own {
      throw EngineError(
        .suspended, "\(status.reference) is suspended \(own)",
        remedy: "`tend resume \(status.reference)` ends that")
    }
    if isLeftAlone {
      throw EngineError(
        .suspended, "\(status.reference) is suspended by its declaration at \(status.place)",
        remedy: "take `suspend: true` out of its lifecycle")
    }
  }

  /// Whether nothing new is to be taken in for a unit.
  func isSuspended(_ name: String) -> Bool {
    core.heedBrake()
    return core.world.withLock { world in
      world.unitIndex(name).map { world.suspension(ofUnit: $0) != nil } ?? (world.brake != nil)
    }
  }
}

extension Core {
  /// Asks whether everything is to be left alone, and sees to it that everybody knows.
  @discardableResult
  func heedBrake() -> Suspension? {
    let brake = self.brake()
    guard world.withLock({ $0.brake != brake }) else { return brake }
    let now = time.wall()
    let isNews = decide { world, effects in
      guard world.brake != brake else { return false }
      world.pull(brake, now: now, &effects)
      return true
    }
    if isNews {
      logger.notice(
        brake == nil ? "everything goes on" : "everything is suspended",
        metadata: brake.map { ["suspension": "\($0)"] })
    }
    return brake
  }
}

extension World {
  /// All resources, in order.
  var resources: [Node] { units.indices.flatMap { nodes(of: $0) } }
}
