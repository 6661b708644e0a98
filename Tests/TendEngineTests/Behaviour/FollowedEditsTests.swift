import Tend
import TendTesting
import Testing

@testable import TendEngine

@Suite("Revisions that change a little each", .oneThread, .timeLimit(.minutes(2)))
struct FollowedEditsTests {
  @Test("leave the world and the engine as a first revision of the same would", arguments: 0..<12)
  func edits(seed: UInt64) async throws {
    var random = SplitMix(state: seed)
    let bench = Bench { $0.unit.policy.allowedDeletions = 1000 }
    var declared = [box("a"), box("b")] + (0..<12).map { item("a/\($0)") }
    let feed = Feed(snapshot("r0", declared))
    var revisions: [[Declaration]] = []
    for _ in 0..<25 {
      Self.edit(&declared, &random)
      revisions.append(declared)
    }
    let engine = try bench.engine()
    try engine.follow(feed, as: bench.unit)
    try await withThrowingTaskGroup(of: Void.self) { [revisions] group in
      group.addTask { try await engine.run() }
      await converged(engine, "r0", bench)
      for (number, declared) in revisions.enumerated() {
        feed.offer("r\(number + 1)", declared)
        try engine.refresh()
        await converged(engine, "r\(number + 1)", bench)
        try check(engine, declared, "r\(number + 1)", bench)
      }
      group.cancelAll()
      do { try await group.waitForAll() } catch is CancellationError {}
    }
    try await checkStore(bench, revisions.last ?? [])
  }

  /// One document or a few are others; their names and paths stay apart.
  private static func edit(_ declared: inout [Declaration], _ random: inout SplitMix) {
    func draw(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
    for _ in 0...draw(3) {
      let number = draw(20)
      let position = declared.firstIndex { $0.reference.name.hasSuffix("/\(number)") }
      let path = "\(["a", "b"][draw(2)])/\(number)"
      let other = declared.dropFirst(2).randomElement(using: &random)?.reference
      let depends = draw(3) == 0 ? other.map { ["\($0)"] } ?? [] : []
      let isCircle = other?.name.hasSuffix("/\(number)") == true || position != nil
      let changed = item(
        path, content: "\(draw(4))", dependsOn: isCircle ? [] : depends
      ) { $0.preventDelete = draw(16) == 0 }
      switch (draw(5), position) {
      case (0, let position?):
        let name = "\(declared[position].reference)"
        let isNeeded = declared.contains { $0.dependencies.contains(name) }
        if !isNeeded { declared.remove(at: position) }
      case (_, let position?):
        let name = declared[position].reference.name
        declared[position] = item(name, content: "\(draw(4))")
      case (_, nil): declared.insert(changed, at: 2 + draw(declared.count - 1))
      }
    }
  }

  private func converged(_ engine: Engine, _ revision: String, _ bench: Bench) async {
    await eventually("\(revision) has converged") {
      let unit = engine.units().first
      return unit?.revision?.id == revision
        && (unit?.condition(.ready)?.status == .yes || unit?.condition(.stalled)?.status == .yes)
    }
  }

  private func check(
    _ engine: Engine, _ declared: [Declaration], _ revision: String, _ bench: Bench
  ) throws {
    let resources = engine.resources().filter(\.isDeclared)
    #expect(Set(resources.map(\.reference)) == Set(declared.map { "\($0.reference)" }))
    #expect(resources.allSatisfy { $0.revision == revision })
    let whole = try Stager(
      controllers: engine.stagingProviders, unit: bench.unit,
      snapshot: snapshot(revision, declared), previous: nil
    ).stage()
    for number in whole.order {
      let reference = "\(whole.declaration(number).reference)"
      let needs = whole.dependencies(number).map { "\(whole.declaration($0).reference)" }
      #expect(resources.first { $0.reference == reference }?.dependsOn == needs, "\(revision)")
      let spec = whole.declaration(number).spec
      let thing = bench.shelf[whole.identity(number)]
      #expect(
        thing != nil
          && spec.value(at: "content").map { $0 == .string(thing?.content ?? "") }
            ?? true,
        "\(revision): \(reference)")
    }
    checkWorld(engine)
  }

  private func checkWorld(_ engine: Engine) {
    engine.core.world.withLock { world in
      var counted = Weight()
      for (controller, column) in world.entries.enumerated() {
        for (slot, entry) in column.enumerated() {
          let node = Node(controller: controller, slot: UInt32(slot))
          counted.replace(Weight(), by: Weight(entry))
          #expect(entry.dependencies.allSatisfy { world[$0].dependents.contains(node) })
          #expect(entry.dependents.allSatisfy { world[$0].dependencies.contains(node) })
        }
      }
      #expect(world.units.first?.weight == counted)
      #expect(world.units.first?.held.isEmpty == true)
    }
  }

  /// What is kept says whose each resource is, and what it depends on.
  private func checkStore(_ bench: Bench, _ declared: [Declaration]) async throws {
    let inventory = try await bench.inventory().filter(\.isDeclared)
    #expect(Set(inventory.map(\.reference)) == Set(declared.map(\.reference)))
    for record in inventory {
      let box = record.key.identity.split(separator: "/").dropLast().joined(separator: "/")
      if !box.isEmpty { #expect(record.dependencies.map(\.identity).contains(box)) }
    }
  }
}
