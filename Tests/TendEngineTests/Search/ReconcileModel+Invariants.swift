import Tend

@testable import TendEngine

/// What must hold in every state, and in those in which nothing goes on any more.
extension ReconcileModel {
  /// What is new is begun only once what it builds on is there, and deleted only after what builds
  /// on it.
  func checkOrder(_ slot: Int, _ assignment: Assignment) throws(Flaw) {
    guard assignment.isNew, assignment.isDeclared else { return }
    for dependency in catalog.scenario.dependencies[slot] ?? [] {
      let entry = world[Self.node(dependency)]
      if entry.isDeclared, entry.phase != .settled {
        throw Flaw(
          what: "\(Scenario.names[slot]) is begun before \(Scenario.names[dependency]) is Ready")
      }
    }
  }

  /// A change is announced, durably, before it is made, and what is deleted is ours and withdrawn.
  func checkChange(_ slot: Int, _ verdict: Verdict) throws(Flaw) {
    let name = Scenario.names[slot]
    guard let record = durable.inventory[key(slot)] else {
      throw Flaw(what: "\(name) is changed, and the inventory has no record of it")
    }
    guard verdict == .delete else { return }
    if record.isDeclared || record.isAdopted {
      throw Flaw(what: "\(name) is deleted, and the inventory says that it stays")
    }
    if catalog.scenario.revisions.prefix(published).allSatisfy({ $0[slot] != nil }) {
      throw Flaw(what: "\(name) is deleted, and every revision declares it")
    }
    for (dependent, dependencies) in catalog.scenario.dependencies
    where dependencies.contains(slot) {
      if let record = durable.inventory[key(dependent)], !record.isDeclared, !record.isAdopted,
        things[dependent]?.isTheirs == false
      {
        throw Flaw(what: "\(name) is deleted before \(Scenario.names[dependent])")
      }
    }
  }

  /// Every event of a change has its change.
  mutating func account(for event: Event) throws(Flaw) {
    guard [.create, .update, .replace, .delete].contains(event.kind),
      let slot = Scenario.names.firstIndex(where: { event.resource == "Item/\($0)" })
    else { return }
    let count = (untold[slot] ?? 0) - 1
    if count < 0, event.result == "done" {
      throw Flaw(what: "“\(event.message)” is told of \(Scenario.names[slot]), and was not done")
    }
    untold[slot] = count > 0 ? count : nil
  }

  /// In every state.
  func check() throws(Flaw) {
    for (slot, key) in scheduler.keys where key.isRunning {
      if !runs.contains(where: { $0.slot == slot }) {
        throw Flaw(what: "\(Scenario.names[slot]) is taken, and no worker is at it")
      }
    }
    if isQuiet { try checkQuiet() }
  }

  /// Nothing goes on: what was reported is repaired, and a look at everything finds what was not.
  private func checkQuiet() throws(Flaw) {
    if missed.isEmpty, !isRetrying { try checkConverged("nothing is to be done any more") }
    if !untold.isEmpty {
      let names = untold.keys.sorted().map { Scenario.names[$0] }
      throw Flaw(what: "no event tells what was done to \(names.joined(separator: ", "))")
    }
    var later = self
    try later.lookAtAll()
    try later.checkConverged("everything was looked at")
    let before = later.things
    later.missed = []
    try later.lookAtAll()
    if later.things != before || !later.untold.isEmpty {
      throw Flaw(what: "what is as declared is changed again")
    }
  }

  /// Lets each delay end once, and everything go on until nothing does.
  private mutating func lookAtAll() throws(Flaw) {
    (budget.crashes, budget.edits, budget.failures) = (0, 0, 0)
    for slot in scheduler.keys.keys.sorted() where scheduler.keys[slot]?.phase == .waiting {
      scheduler.keys[slot]?.phase = .ready
    }
    for _ in 0..<200 {
      if isQuiet, !isRetrying { return }
      guard let step = ownSteps.first else { break }
      try take(step)
    }
    throw Flaw(what: "it does not come to rest")
  }

  private var isRetrying: Bool {
    scheduler.keys.values.contains { $0.phase == .waiting && $0.priority != .resync }
  }

  /// The world is as the newest revision declares it, and so the inventory says.
  private func checkConverged(_ when: String) throws(Flaw) {
    // Whoever changes it twice, each time between our write and our look, is taken for a mistake of
    // the provider: it is said, and it is not written again before it is declared anew.
    let reasons = world.entries[0].compactMap { $0.extra?.reason }
    if reasons.contains("ReadsBackDifferent") { return }
    let declared = catalog.scenario.revisions[head]
    for slot in things.indices {
      let name = Scenario.names[slot]
      let isOwned = stored[stored.count - 1].state.inventory[key(slot)] != nil
      if let content = declared[slot] {
        if things[slot]?.content != content {
          throw Flaw(what: "\(when), and \(name) is not as declared")
        }
        if !isOwned { throw Flaw(what: "\(when), and the inventory lacks \(name)") }
        if world[Self.node(slot)].phase != .settled {
          throw Flaw(what: "\(when), and \(name) is not said to be settled")
        }
      } else {
        if let thing = things[slot], !thing.isTheirs {
          throw Flaw(what: "\(when), and \(name), which we made, is left over")
        }
        if isOwned { throw Flaw(what: "\(when), and the inventory still has \(name)") }
      }
    }
  }
}
