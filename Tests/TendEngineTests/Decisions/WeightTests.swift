import Synchronization
import Tend
import Testing

@testable import TendEngine

@Suite("The counts of a unit", .timeLimit(.minutes(2)))
struct WeightTests {
  @Test("are what a recount gives, after any sequence of operations", arguments: 0..<20)
  func recount(seed: UInt64) async throws {
    var random = SplitMix(state: seed)
    let shelf = Shelf()
    let bench = Bench(shelf: shelf) { $0.unit.policy.allowedDeletions = 1000 }
    let feed = Feed()
    let engine = try bench.engine()
    try engine.follow(feed, as: bench.unit)
    let rounds = (0..<12).map { _ in (0..<6).map { _ in random.next() } }
    try await engine.running { engine in
      for (number, draws) in rounds.enumerated() {
        disturb(shelf, draws)
        feed.offer("r\(number)", declared(draws))
        _ = try? await flowing(bench.clock) { try await engine.converge(unit: "main") }
        engine.core.world.withLock { world in
          for unit in world.units.indices {
            var counted = Weight()
            for column in world.entries {
              for entry in column where Int(entry.unit) == unit {
                counted.replace(Weight(), by: Weight(entry))
              }
            }
            #expect(world.units[unit].weight == counted, "round \(number)")
          }
          for (controller, column) in world.entries.enumerated() {
            for (slot, entry) in column.enumerated() {
              let node = Node(controller: controller, slot: UInt32(slot))
              #expect(entry.dependencies.allSatisfy { world[$0].dependents.contains(node) })
              #expect(entry.dependents.allSatisfy { world[$0].dependencies.contains(node) })
              #expect(entry.pins == 0)
            }
          }
        }
        #expect(shelf.overlaps == 0)
        shelf.heal()
      }
    }
  }

  private func disturb(_ shelf: Shelf, _ draws: [UInt64]) {
    let path = "i\(draws[0] % 8)"
    switch draws[1] % 6 {
    case 0: shelf.failApply(path, .fail(.permanent("no")))
    case 1: shelf.failApply(path, .fail(.transient("no")), .fail(.transient("no")))
    case 2: shelf.failObserve(path, .fail(.notPermitted("no")))
    case 3: shelf.remove(path)
    case 4: shelf.put(path) { $0.content = "theirs" }
    default: break
    }
  }

  private func declared(_ draws: [UInt64]) -> [Declaration] {
    (0..<8).filter { draws[2] >> UInt64($0) & 1 == 1 }.map { number in
      let before = (0..<number).last { draws[2] >> UInt64($0) & 1 == 1 }
      let isLinked = draws[3] >> UInt64(number) & 1 == 1
      return item(
        "i\(number)", content: "\(draws[4] % 2)", color: "\(draws[5] % 2)",
        dependsOn: isLinked ? before.map { ["Item/i\($0)"] } ?? [] : []
      ) { lifecycle in
        lifecycle.preventDelete = draws[4] >> UInt64(number) % 16 & 7 == 7
        if draws[5] >> UInt64(number) & 7 == 7 { lifecycle.mode = .observe }
        if draws[3] >> UInt64(number) & 15 == 15 { lifecycle.suspend = true }
      }
    }
  }
}
