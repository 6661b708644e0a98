import Tend

/// What a revision changes in the parts of an earlier one, before anything is decoded.
///
/// Pure.
struct RevisionEdits {
  /// By controller.
  private(set) var parts: [PartEdit]
  /// Numbers whose declarations are gone.
  private(set) var removed: [Int32] = []
  /// The number of each document; -1 where it has none yet, or never will.
  private var documents: [Int32]
  /// By controller, the documents that are added.
  private var added: [[Int]]

  /// Nil where the change is to a definition, to what nobody serves, or to what had other names.
  init?(_ snapshot: Snapshot, _ controllers: [any Controlling], on basis: Intake) {
    let alignment = Alignment(from: basis.snapshot.declarations, to: snapshot.declarations)
    parts = Array(repeating: PartEdit(), count: controllers.count)
    added = Array(repeating: [], count: controllers.count)
    documents = alignment.before.map { $0 < 0 ? -1 : basis.numbering.documents[Int($0)] }
    var gone: [Reference: Int32] = [:]
    for document in alignment.gone {
      let number = basis.numbering.documents[document]
      if number < 0 { return nil }
      gone[basis.declaration(number).reference] = number
    }
    guard take(alignment.fresh, snapshot, basis, &gone) else { return nil }
    removed = gone.values.sorted()
    for number in removed {
      let item = basis.item(number)
      parts[Int(item.controller)].removed.append(Int(item.row))
    }
  }

  /// Finds for each new document the one of the same name that it replaces.
  private mutating func take(
    _ fresh: [Int], _ snapshot: Snapshot, _ basis: Intake, _ gone: inout [Reference: Int32]
  ) -> Bool {
    if fresh.isEmpty { return true }
    var owners: [KindName: Int] = [:]
    for (index, part) in basis.parts.enumerated() {
      for name in part.kindNames { owners[name] = index }
    }
    for document in fresh {
      let declaration = snapshot.declarations[document]
      guard let owner = owners[declaration.reference.kind], declaration.formerNames.isEmpty else {
        return false
      }
      if let number = gone.removeValue(forKey: declaration.reference) {
        let row = Int(basis.item(number).row)
        parts[owner].replaced.append((row, declaration))
        documents[document] = number
      } else {
        parts[owner].added.append(declaration)
        added[owner].append(document)
      }
    }
    return true
  }

  /// The numbers once the parts are edited; those that become vacant are not given out at once.
  func numbering(_ parts: [EditedPart], _ before: Intake.Numbering) -> Intake.Numbering {
    var numbering = before
    numbering.documents = documents
    for number in removed {
      let item = before.items[Int(number)]
      numbering.items[Int(number)] = .vacant
      numbering.numbers[Int(item.controller)][Int(item.row)] = -1
    }
    for (controller, part) in parts.enumerated() {
      for (row, document) in zip(part.added, added[controller]) {
        let item = Intake.Item(controller: Int32(controller), row: Int32(row))
        let number = numbering.give(item)
        numbering.documents[document] = number
      }
    }
    numbering.vacant += removed
    return numbering
  }
}

extension Intake.Numbering {
  /// A number for an item that has none.
  fileprivate mutating func give(_ item: Intake.Item) -> Int32 {
    let number = vacant.popLast() ?? Int32(items.count)
    if Int(number) == items.count { items.append(item) } else { items[Int(number)] = item }
    while numbers[Int(item.controller)].count <= Int(item.row) {
      numbers[Int(item.controller)].append(-1)
    }
    numbers[Int(item.controller)][Int(item.row)] = number
    return number
  }
}
