import Tend

/// A revision of one unit, decoded, linked and ordered: what a plan is made from.
///
/// Each declaration has a number. One that is in two revisions, of which the later was staged on
/// top of the earlier, has the same number in both, and both share what did not change.
final class Intake: Sendable {
  let unit: Unit
  let snapshot: Snapshot
  /// By controller.
  let parts: [any StagedPart]
  let numbering: Numbering
  /// Finds numbers by reference.
  let index: NumberIndex
  let wiring: Wiring
  /// What linking asked for, by who asked.
  let asked: [Reference: [Links.Link]]
  /// Controllers that asked for anything.
  let askers: Set<Int>
  /// Declarations whose name is their identity and that had others, in order.
  let renamed: [Renamed]
  /// What is different from an earlier intake.
  let delta: Delta

  /// What a declaration was identified by under its former names.
  struct Renamed: Sendable {
    var number: Int32
    /// The newest first, as they are written.
    var former: [(name: String, identity: String)]
  }

  /// A staged declaration: where its content is.
  struct Item: Sendable, Hashable {
    /// -1 where the number is vacant.
    var controller: Int32
    /// The row in the controller's part.
    var row: Int32

    static let vacant = Item(controller: -1, row: -1)
  }

  /// Which declaration has which number.
  struct Numbering: Sendable {
    /// By number.
    var items: [Item]
    /// By controller, then row; -1 where the row is vacant.
    var numbers: [[Int32]]
    /// By document of the snapshot; -1 for a definition.
    var documents: [Int32]
    /// Numbers that stand for nothing.
    var vacant: [Int32] = []

    /// How many declarations there are.
    var count: Int { items.count - vacant.count }
  }

  /// What is different from an earlier intake.
  struct Delta: Sendable {
    /// The earlier one, whose numbers still count; nil where all is different.
    var basis: Intake.Mark?
    /// By number, whether it is new or anything that it is made from changed.
    var isFresh: [Bool]
    /// Numbers that are fresh, or that depend on something else now, in the order of the plan.
    var touched: [Int32]
    /// Numbers whose resource is another one than in the basis, or is new.
    var moved: [Int32] = []
    /// Numbers of the basis whose resource nothing stands for any more, unless it moved.
    var left: [Int32] = []
  }

  /// Tells one intake from all others without keeping it.
  final class Mark: Sendable {}
  let mark = Mark()

  init(
    unit: Unit, snapshot: Snapshot, parts: [any StagedPart], numbering: Numbering,
    index: NumberIndex, wiring: Wiring, asked: [Reference: [Links.Link]], askers: Set<Int>,
    renamed: [Renamed] = [], delta: Delta
  ) {
    self.unit = unit
    self.snapshot = snapshot
    self.parts = parts
    self.numbering = numbering
    self.index = index
    self.wiring = wiring
    self.asked = asked
    self.askers = askers
    self.renamed = renamed
    self.delta = delta
  }

  var revision: Revision { snapshot.revision }
  /// All numbers, in an order in which each comes after what it depends on.
  var order: [Int32] { wiring.order }
  var names: Names { Names(parts, numbering.items, index) }

  func item(_ number: Int32) -> Item { numbering.items[Int(number)] }

  func part(_ number: Int32) -> any StagedPart { parts[Int(item(number).controller)] }

  func declaration(_ number: Int32) -> Declaration {
    part(number).declaration(Int(item(number).row))
  }

  func identity(_ number: Int32) -> String { part(number).identity(Int(item(number).row)) }

  /// Written, then linked, then implied.
  func dependencies(_ number: Int32) -> ArraySlice<Int32> {
    wiring.graph.dependencies(of: Int(number))
  }

  func isFresh(_ number: Int32) -> Bool { delta.isFresh[Int(number)] }
}

/// Who depends on whom, and the order that follows; shared by revisions that leave it as it is.
final class Wiring: Sendable {
  /// All numbers as they are declared, one provider after the other.
  let sequence: [Int32]
  let graph: Graph
  let order: [Int32]

  init(sequence: [Int32], graph: Graph, order: [Int32]) {
    self.sequence = sequence
    self.graph = graph
    self.order = order
  }
}
