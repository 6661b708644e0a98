import Synchronization
import Tend

/// A revision of one unit, decoded, linked and ordered: what a plan is made from.
final class Intake: Sendable {
  let unit: Unit
  let snapshot: Snapshot
  /// By controller.
  let parts: [any StagedPart]
  /// All declarations, in an order in which each comes after what it depends on.
  let items: [Item]
  /// What linking asked for, by who asked.
  let asked: [Reference: [Links.Link]]

  struct Item: Sendable {
    let controller: Int
    let index: Int
    /// Positions in `items`; written, then linked, then implied.
    let dependencies: [Int]
    /// Whether nothing that it is made from changed since the revision before.
    let isUnchanged: Bool
  }

  init(
    unit: Unit, snapshot: Snapshot, parts: [any StagedPart], items: [Item],
    asked: [Reference: [Links.Link]]
  ) {
    self.unit = unit
    self.snapshot = snapshot
    self.parts = parts
    self.items = items
    self.asked = asked
  }

  var revision: Revision { snapshot.revision }

  func declaration(_ item: Item) -> Declaration {
    parts[item.controller].declaration(item.index)
  }

  func identity(_ item: Item) -> String { parts[item.controller].identity(item.index) }
}
