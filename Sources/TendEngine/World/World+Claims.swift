import Tend

/// How a resource moves from one unit to another: claimed by the new one, handed over by the old
/// one instead of being deleted, taken over by the new one.
///
/// Each step is kept, so that it may lie in another process, or after a crash.
extension World {
  /// Those of these nodes that another unit owns, whether it still declares them or not.
  func foreign(_ nodes: [Node], to unit: Int) -> [Node] {
    nodes.filter { self[$0].isOwned && Int(self[$0].unit) != unit }
  }

  /// Declarations of a unit whose identity another unit still declares.
  func conflicts(
    _ intake: Intake, _ nodes: [Node], _ visited: [Int32], _ unit: Int, isClaiming: Bool
  ) -> [Diagnostic] {
    visited.compactMap { number in
      let entry = self[nodes[Int(number)]]
      guard entry.isOwned, Int(entry.unit) != unit, stillDeclares(entry) else { return nil }
      let declaration = intake.declaration(number)
      let other = units[Int(entry.unit)].unit.name
      return Diagnostic(
        .duplicateIdentity, at: declaration.place,
        "\(declaration.reference) claims \(entry.identity), which unit \(other) declares at "
          + "\(entry.place)",
        remedy: isClaiming
          ? "take it out of unit \(other), which then hands it over, or out of this one"
          : "take it out of one of the units", related: [entry.place])
    }
  }

  func stillDeclares(_ entry: Entry) -> Bool {
    switch entry.origin {
    case .stored(let record): record.isDeclared && entry.phase != .doomed
    case .declared: entry.isDeclared
    case .none: false
    }
  }

  /// What is withdrawn from a unit: to be removed, or released to a unit that waits for it.
  func divided(_ withdrawn: [Node], of unit: Int) -> (removed: [Node], released: [Node]) {
    let claims = units.indices.filter { $0 != unit }.flatMap { units[$0].record.claims }
    if claims.isEmpty { return (withdrawn, []) }
    let claimed = Set(claims)
    let isClaimed = { (node: Node) in claimed.contains(key(node)) }
    return (withdrawn.filter { !isClaimed($0) }, withdrawn.filter(isClaimed))
  }

  /// Keeps what a unit waits to take over, in order.
  ///
  /// The answer names units that handed something over to it which it wants no longer.
  mutating func claim(
    _ claims: [InventoryKey], _ unit: Int, _ effects: inout Effects
  ) -> [String] {
    let before = units[unit].record
    guard before.claims != claims else { return [] }
    units[unit].record.claims = claims
    effects.writes.append(.putUnit(units[unit].record))
    return abandon(before, unit)
  }

  /// What was handed over to a unit that no longer claims it is its old unit's again, and that has
  /// to look what is to become of it.
  mutating func abandon(_ before: UnitRecord, _ unit: Int) -> [String] {
    let record = units[unit].record
    guard before.claims.contains(where: { !record.claims($0) }) else { return [] }
    func isAbandoned(_ node: Node) -> Bool {
      let key = key(node)
      return isHandedOver(self[node]) && before.claims(key) && !record.claims(key)
    }
    let owners = units.indices.filter { $0 != unit && nodes(of: $0).contains(where: isAbandoned) }
    for owner in owners { units[owner].isInForce = false }
    return owners.map { units[$0].unit.name }
  }

  /// Lets others take over at once what a unit's newest revision no longer declares and they claim,
  /// while that revision waits for what others declare: they may wait for each other.
  ///
  /// The revision that is in force still declares it, and so is no longer in force as a whole. The
  /// answer says which resources that are, and whom they are for.
  mutating func letGo(
    _ released: [Node], of unit: Int, for revision: String, _ now: Timestamp,
    _ effects: inout Effects
  ) -> (withdrawn: [Node], heirs: Set<String>) {
    let declared = released.filter { self[$0].isOwned && stillDeclares(self[$0]) }
    guard !declared.isEmpty, suspension(ofUnit: unit) == nil else { return ([], []) }
    var acceptance = Acceptance()
    for node in declared {
      effects.writes.append(.putInventory(withdrawn(node)))
      effects.writes.append(handOver(node, units[unit].unit.name, revision, now))
      release(node, &acceptance)
    }
    units[unit].intake = nil
    units[unit].isInForce = false
    return (acceptance.withdrawn, heirs(of: declared))
  }

  /// Whether what a plan is about is still where it was: no other unit has taken it over since.
  func isUndisturbed(_ prepared: Prepared) -> Bool {
    guard let unit = unitIndex(prepared.intake.unit.name) else { return true }
    let isElsewhere = { (node: Node) in self[node].isOwned && Int(self[node].unit) != unit }
    return !(prepared.removed + prepared.released).contains(where: isElsewhere)
      && !prepared.visited.contains { number in
        let node = prepared.nodes[Int(number)]
        return isElsewhere(node) && stillDeclares(self[node])
      }
  }

  /// Whether its unit no longer declares it, and leaves it to another.
  func isHandedOver(_ entry: Entry) -> Bool {
    guard entry.phase == .dormant, case .stored(let record) = entry.origin else { return false }
    return !record.isDeclared
  }

  /// Who is to take over a resource, in words.
  func handedOver(_ entry: Entry, _ key: InventoryKey) -> String {
    let heir = units.first { $0.record.claims(key) }
    return heir.map { "handed over to unit \($0.unit.name)" } ?? "not yet deleted"
  }
}
