import Tend

/// Stages a revision on top of an earlier one, so that what did not change costs next to nothing.
///
/// The answer is what `Stager` would give, with other numbers. It is nil wherever everything has to
/// be looked at: something is wrong, a definition changed, a name has become ambiguous, or a
/// resource is new that others have waited for.
struct Restager {
  let controllers: [any Controlling]
  let unit: Unit
  let snapshot: Snapshot
  let basis: Intake

  func stage() -> Intake? {
    // Who had which name before concerns all declarations.
    guard basis.renamed.isEmpty else { return nil }
    guard let edits = RevisionEdits(snapshot, controllers, on: basis) else { return nil }
    let premises = snapshot.premises(of: unit)
    var parts: [EditedPart] = []
    for (part, edit) in zip(basis.parts, edits.parts) {
      guard let edited = part.edited(edit, premises) else { return nil }
      parts.append(edited)
    }
    let numbering = edits.numbering(parts, basis.numbering)
    guard let names = names(edits, parts, numbering),
      let asked = link(parts, names, numbering),
      let changes = changes(parts, numbering, asked, names),
      let wiring = wiring(names, numbering, asked, changes)
    else { return nil }
    return Intake(
      unit: unit, snapshot: snapshot, parts: parts.map(\.part), numbering: numbering,
      index: names.index, wiring: wiring, asked: asked.all, askers: asked.askers,
      delta: changes.delta(wiring.order, basis.mark))
  }

  /// Nil where a new name is one of several that a reference may mean.
  private func names(
    _ edits: RevisionEdits, _ parts: [EditedPart], _ numbering: Intake.Numbering
  ) -> Names? {
    var index = basis.index
    for number in edits.removed {
      index.remove(Int(number), hash: basis.declaration(number).reference.hashValue)
    }
    var names = Names(parts.map(\.part), numbering.items, index)
    for (controller, part) in parts.enumerated() {
      for row in part.added {
        let number = Int(numbering.numbers[controller][row])
        guard names.namesakes(of: names.declaration(number).reference).isEmpty,
          names.enter(number) == nil
        else { return nil }
      }
    }
    return names
  }

  private func link(
    _ parts: [EditedPart], _ names: Names, _ numbering: Intake.Numbering
  ) -> Asked? {
    let asked = Asked()
    for (controller, edited) in parts.enumerated() {
      if !basis.askers.contains(controller), edited.relink(edited) { continue }
      let rows = numbering.documents.filter {
        $0 >= 0 && numbering.items[Int($0)].controller == Int32(controller)
      }.map { Int(numbering.items[Int($0)].row) }
      guard edited.part.link(asked.links(names, for: controller), rows).isEmpty else { return nil }
    }
    return asked
  }

  /// What became of the numbers of both intakes.
  private struct Changes {
    var isFresh: [Bool]
    /// Not fresh, but what they depend on is not what it was.
    var isRewired: [Bool]
    var moved: [Int32] = []
    var left: [Int32] = []

    func delta(_ order: [Int32], _ basis: Intake.Mark) -> Intake.Delta {
      Intake.Delta(
        basis: basis, isFresh: isFresh,
        touched: order.filter { isFresh[Int($0)] || isRewired[Int($0)] }, moved: moved, left: left)
    }
  }

  private func changes(
    _ parts: [EditedPart], _ numbering: Intake.Numbering, _ asked: Asked, _ names: Names
  ) -> Changes? {
    let none = [Bool](repeating: false, count: numbering.items.count)
    var changes = Changes(isFresh: none, isRewired: none)
    for (controller, part) in parts.enumerated() {
      guard let moves = part.reidentify(part) else { return nil }
      let numbers = numbering.numbers[controller]
      for row in part.changed + part.added { changes.isFresh[Int(numbers[row])] = true }
      changes.moved += moves.moved.map { numbers[$0] }
      changes.left += moves.left.map { basis.numbering.numbers[controller][$0] }
    }
    let links = asked.all
    for reference in Set(links.keys).union(basis.asked.keys)
    where links[reference] != basis.asked[reference] {
      if let number = names.number(of: reference) { changes.isFresh[number] = true }
    }
    findRewired(&changes, numbering)
    return changes
  }

  /// Those that depended on what is no longer there, or is there under another number.
  private func findRewired(_ changes: inout Changes, _ numbering: Intake.Numbering) {
    if changes.left.isEmpty { return }
    var isLeft = [Bool](repeating: false, count: basis.numbering.items.count)
    for number in changes.left { isLeft[Int(number)] = true }
    for number in isLeft.indices where numbering.items[number] != .vacant {
      if changes.isFresh[number] { continue }
      changes.isRewired[number] = basis.dependencies(Int32(number)).contains { isLeft[Int($0)] }
    }
  }

  // MARK: Edges

  private func wiring(
    _ names: Names, _ numbering: Intake.Numbering, _ asked: Asked, _ changes: Changes
  ) -> Wiring? {
    let resolver = EdgeResolver(names: names, numbers: numbering.numbers, asked: asked.all)
    var resolved: [Int: [Int32]] = [:]
    var diagnostics: [Diagnostic] = []
    for number in changes.isFresh.indices
    where changes.isFresh[number] || changes.isRewired[number] {
      let edges = resolver.edges(of: number, &diagnostics)
      guard diagnostics.isEmpty else { return nil }
      if number >= basis.wiring.graph.count
        || !basis.dependencies(Int32(number)).elementsEqual(edges)
      {
        resolved[number] = edges
      }
    }
    let isSameSequence = numbering.documents == basis.numbering.documents
    if isSameSequence, resolved.isEmpty { return basis.wiring }
    let sequence = isSameSequence ? basis.wiring.sequence : sequence(numbering)
    let graph = graph(numbering, resolved)
    guard case .ordered(let order) = graph.order(sequence) else { return nil }
    return Wiring(sequence: sequence, graph: graph, order: order)
  }

  private func sequence(_ numbering: Intake.Numbering) -> [Int32] {
    var sequences = [[Int32]](repeating: [], count: controllers.count)
    for number in numbering.documents where number >= 0 {
      sequences[Int(numbering.items[Int(number)].controller)].append(number)
    }
    return sequences.flatMap { $0 }
  }

  private func graph(_ numbering: Intake.Numbering, _ resolved: [Int: [Int32]]) -> Graph {
    let before = basis.wiring.graph
    var starts: [Int32] = [0]
    var targets: [Int32] = []
    starts.reserveCapacity(numbering.items.count + 1)
    targets.reserveCapacity(before.targets.count)
    for number in numbering.items.indices {
      if let edges = resolved[number] {
        targets += edges
      } else if number < before.count, numbering.items[number] != .vacant {
        targets += before.dependencies(of: number)
      }
      starts.append(Int32(targets.count))
    }
    return Graph(starts: starts, targets: targets)
  }
}
