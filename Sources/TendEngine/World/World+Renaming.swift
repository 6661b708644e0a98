import Tend

/// How a resource goes on under another identity: what the store keeps of it moves with the
/// acceptance of the revision, its memory once nothing runs for the old identity any more, and its
/// provider is told before the new one is first looked at.
///
/// What its provider was not told yet is kept, so that a crash between two of these loses nothing.
extension World {
  /// Who owns what goes on as another one: only what is still declared does; the rest goes the way
  /// of all that is withdrawn.
  func canGoOn(_ old: Node, in unit: Int) -> Bool {
    self[old].isOwned && Int(self[old].unit) == unit && stillDeclares(self[old])
  }

  /// Whether what a plan lets go on is still there to do so.
  func canRename(_ prepared: Prepared) -> Bool {
    guard let unit = unitIndex(prepared.intake.unit.name) else { return prepared.renamed.isEmpty }
    return prepared.renamed.allSatisfy { !self[$0.key].isOwned && canGoOn($0.value, in: unit) }
  }

  /// What is kept of a unit once what goes on under another identity has moved.
  func moved(_ prepared: Prepared, _ record: UnitRecord) -> UnitRecord {
    var record = record
    for (node, old) in prepared.renamed.sorted(by: { $0.key < $1.key }) {
      let move = UnitRecord.Move(from: key(old), to: key(node))
      record.moves.removeAll { $0 == move }
      record.moves.append(move)
      record.moveSuspension(move)
    }
    return record
  }

  /// The resource of one node is that of another from now on.
  mutating func succeed(_ old: Node, by node: Node, _ effects: inout Effects) {
    let before = self[old]
    update(node) { entry in
      entry.ownership = before.ownership
      entry.lastChange = before.lastChange
      entry.flags.formUnion(before.flags.intersection([.exists, .wasSettled]))
    }
    let unit = Int(before.unit)
    if units[unit].record.moveSuspension(UnitRecord.Move(from: key(old), to: key(node))) {
      effects.writes.append(.putUnit(units[unit].record))
    }
    retire(old, to: isHeld(old) ? .tentative : .leaving)
    // Back to what it was, before its memory had moved.
    if departing[node] == old { departing[node] = nil } else { departing[old] = node }
    effects.adds.append(
      Effects.Add(
        handle: self[old].handle, priority: .revision, causes: .woken, supersedes: true))
  }

  /// Whether a node has to wait for its memory.
  func isAwaited(_ node: Node) -> Bool {
    !departing.isEmpty && departing.values.contains(node)
  }

  /// Who takes over from a node of which nothing runs any more; it need not wait longer.
  mutating func departure(of node: Node, _ effects: inout Effects) -> Node? {
    guard !isAwaited(node), let heir = departing.removeValue(forKey: node) else { return nil }
    effects.adds.append(
      Effects.Add(handle: self[heir].handle, priority: .revision, causes: .woken))
    return heir
  }

  /// What the provider of a node was not told yet, in the order in which it came.
  func moves(to node: Node) -> [UnitRecord.Move] {
    let moves = units.flatMap(\.record.moves)
    var chain: [UnitRecord.Move] = []
    var key = key(node)
    while chain.count < moves.count, let move = moves.last(where: { $0.to == key }) {
      chain.append(move)
      key = move.from
    }
    return chain.reversed()
  }

  /// The provider knows.
  mutating func forget(moves: [UnitRecord.Move], _ effects: inout Effects) {
    for unit in units.indices where units[unit].record.moves.contains(where: moves.contains) {
      units[unit].record.moves.removeAll(where: moves.contains)
      effects.writes.append(.putUnit(units[unit].record))
    }
  }

  /// What is no longer ours goes on as nothing.
  mutating func forgetMoves(to node: Node, _ effects: inout Effects) {
    if isAwaited(node) { departing = departing.filter { $0.value != node } }
    let moves = moves(to: node)
    if !moves.isEmpty { forget(moves: moves, &effects) }
  }
}

extension UnitRecord {
  /// Who was left alone stays so; false where nobody was.
  @discardableResult
  fileprivate mutating func moveSuspension(_ move: Move) -> Bool {
    guard var suspension = resume(move.from) else { return false }
    suspension.resource = move.to
    suspend(suspension)
    return true
  }
}
