import Synchronization
import Tend

@testable import TendEngine

/// What the source holds in one search: three resources, in two revisions.
struct Scenario: Sendable, CustomStringConvertible {
  let description: String
  /// What is declared of each resource, one revision after the other; nil: nothing.
  var revisions: [[String?]]
  /// Whom a resource waits for, by number.
  var dependencies: [Int: [Int]] = [:]
  /// What was there before the first agent.
  var strangers: [Int] = []

  static let names = ["a", "b", "c"]

  func isEverDeclared(_ slot: Int) -> Bool { revisions.contains { $0[slot] != nil } }

  /// One resource builds on another; it goes when the other changes.
  static let chain = Scenario(
    description: "b builds on a; then a changes and b goes",
    revisions: [["1", "1", "1"], ["2", nil, "1"]], dependencies: [1: [0]])
  /// Two that build on one another go.
  static let withdrawal = Scenario(
    description: "b builds on a; then both go",
    revisions: [["1", "1", "1"], [nil, nil, "1"]], dependencies: [1: [0]])
  /// One was there before, and is given back.
  static let adoption = Scenario(
    description: "c was there before; then it is given back, and b builds on a",
    revisions: [["1", nil, "1"], ["1", "1", nil]], dependencies: [1: [0]], strangers: [2])

  /// Few enough for a search that leaves out nothing.
  static let pair = Scenario(
    description: "b builds on a; then a changes and b goes, and there is no c",
    revisions: [["1", "1", nil], ["2", nil, nil]], dependencies: [1: [0]])

  static let all = [chain, withdrawal, adoption]
}

/// What all states of one search share: the revisions, staged by the real stager.
final class Catalog: Sendable {
  private struct Stage: Hashable {
    let revision: Int
    let basis: ObjectIdentifier?
  }

  let scenario: Scenario
  let unit: Unit
  let reservation: Reservation
  private let engine: Engine
  private let staged = Mutex<[Stage: Intake]>([:])
  private let compared = Mutex<[[String?]: [Difference]]>([:])

  init(_ scenario: Scenario) throws {
    self.scenario = scenario
    var unit = Unit("main")
    unit.policy.allowedDeletions = 100
    unit.policy.detectsContest = false
    self.unit = unit
    engine = try Engine(
      store: InMemoryStore(), providers: [ShelfProvider(shelf: Shelf())])
    reservation = Reservation(engine.core, unit: unit)
  }

  func snapshot(_ revision: Int) -> Snapshot {
    let declarations = scenario.revisions[revision].enumerated().compactMap { slot, content in
      content.map { content in
        item(
          Scenario.names[slot], content: content,
          dependsOn: (scenario.dependencies[slot] ?? []).map { "Item/\(Scenario.names[$0])" })
      }
    }
    return Snapshot(
      revision: Revision(id: "r\(revision)", message: "change"), declarations: declarations)
  }

  /// The position of a revision that is known by its name.
  func number(_ revision: Revision) -> Int { Int(revision.id.dropFirst()) ?? -1 }

  /// Decoded and ordered, on top of what is in force where there is something.
  func intake(_ revision: Int, on basis: Intake?) -> Intake? {
    let stage = Stage(revision: revision, basis: basis.map { ObjectIdentifier($0) })
    return staged.withLock { staged in
      if let intake = staged[stage] { return intake }
      let snapshot = snapshot(revision)
      let controllers = engine.stagingProviders
      let restaged = basis.flatMap {
        Restager(controllers: controllers, unit: unit, snapshot: snapshot, basis: $0).stage()
      }
      let stager = Stager(
        controllers: controllers, unit: unit, snapshot: snapshot, previous: basis)
      let intake = restaged ?? (try? stager.stage())
      staged[stage] = intake
      return intake
    }
  }

  /// How a resource with this content differs from one with that; asked of each pair once.
  func differences(_ slot: Int, from found: String?, to desired: String) -> [Difference] {
    compared.withLock { compared in
      let pair = [found, desired]
      if let differences = compared[pair] { return differences }
      let name = Scenario.names[slot]
      let row = found.map { ShelfRow(id: name, thing: Shelf.Thing(content: $0), digest: "") }
      let item = ShelfItem(kind: "Item", spec: ShelfItem.Spec(path: name, content: desired))
      let differences = item.differences(from: row)
      compared[pair] = differences
      return differences
    }
  }
}

/// A mistake that is planted in what drives the decisions, to see that it is found.
enum Mistake: String, CaseIterable {
  case acceptsBeforeDurable = "a revision is in force before it is durable who owns what"
  case actsBeforeClaim = "what no plan has seen is changed before it is durable that it is ours"
  case acknowledgesEarly = "a store acknowledges before it keeps"
  case runsTwice = "two workers run one resource"
  case losesWakes = "nobody is woken who waits for another"
  case losesEvents = "what was done is not told"
  case forgetsEdges = "a restart forgets who depends on whom"
  case concludesStale = "what was done for an old revision settles the new one"

  /// Whether nothing shows it as long as nobody dies.
  private var needsCrash: Bool { self == .forgetsEdges }

  /// As little as it takes to find it.
  var budget: ReconcileModel.Budget {
    .init(
      crashes: needsCrash ? 1 : 0, edits: 0, failures: self == .actsBeforeClaim ? 1 : 0)
  }
}
