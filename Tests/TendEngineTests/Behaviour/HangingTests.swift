import Glibc
import Synchronization
import Tend
import TendTesting
import Testing

@testable import TendEngine

@Suite("Calls that hang", .oneThread, .timeLimit(.minutes(2)))
struct HangingTests {
  private func bench(_ world: Blocking, limit: Int = 2) -> Bench {
    Bench { $0.others = [BlockingProvider(world: world, limit: limit)] }
  }

  private func reason(_ engine: Engine, _ name: String) -> String? {
    engine.resources(Selection(resource: "Block/\(name)")).first?.condition(.ready)?.reason
  }

  /// Waits until it is so while the clock goes on, but only when all that is at work hangs: a call
  /// that is merely slow, as threads are on a busy machine, is not to be taken for one that hangs.
  @discardableResult
  private func outlast(
    _ what: String, _ world: Blocking, _ engine: Engine, on clock: ManualClock,
    _ condition: () async throws -> Bool
  ) async rethrows -> Duration {
    let begun = clock.now
    try await eventually(what) {
      if try await condition() { return true }
      let runs = engine.core.scheduler.runs
      let working = Set(runs.filter { !$0.isGivenUp }.map(\.worker)).count
      if working == world.hanging.count - runs.count(where: \.isGivenUp) {
        await pass(.seconds(1), on: clock)
      }
      return false
    }
    return begun.duration(to: clock.now)
  }

  @Test("T49 one that hangs in the kernel is given up at twice its deadline, and the others go on")
  func givenUp() async throws {
    let world = Blocking()
    let bench = bench(world)
    defer { world.release() }
    try await bench.running { engine in
      let declared = [block("a"), block("b"), block("c")]
      _ = try await bench.applyOn(engine, "1", declared)
      world.hang(["a"])
      try engine.reconcile(Selection(resource: "Block/a"))
      await eventually("it hangs") { world.hanging == ["a"] }
      let time = await outlast("it is given up", world, engine, on: bench.clock) {
        reason(engine, "a") == "Hanging"
      }
      #expect(time >= .seconds(59))
      let looks = world.looks("b")
      let looksBefore = world.looks("a")
      for _ in 0..<2 {
        try engine.reconcile(Selection(resource: "Block/b"))
        try engine.reconcile(Selection(resource: "Block/c"))
        await eventually("both workers work") { world.looks("b") > looks }
      }
      #expect(world.looks("a") == looksBefore, "its key stays taken")
      world.release()
      await eventually("it is looked at again, and well") {
        world.looks("a") > looksBefore && reason(engine, "a") != "Hanging"
      }
    }
    let kept = try await bench.events().filter { $0.result == "Hanging" }
    #expect(kept.map(\.resource) == ["Block/a"])
  }

  @Test("a drain does not wait for it")
  func drain() async throws {
    let world = Blocking()
    let bench = bench(world)
    defer { world.release() }
    try await bench.running { engine in
      _ = try await bench.applyOn(engine, "1", [block("a"), block("b")])
      world.hang(["a"])
      try engine.reconcile(Selection(resource: "Block/a"))
      await eventually("it hangs") { world.hanging == ["a"] }
      await outlast("it is given up", world, engine, on: bench.clock) {
        reason(engine, "a") == "Hanging"
      }
    }
    #expect(world.hanging == ["a"], "the engine has ended, the call has not")
  }

  @Test("a plan does not wait for it, and says so")
  func plan() async throws {
    let world = Blocking()
    let bench = bench(world)
    defer { world.release() }
    try await bench.running { engine in
      let declared = [block("a"), block("b")]
      _ = try await bench.applyOn(engine, "1", declared)
      world.hang(["a"])
      async let asked = engine.prepare(snapshot("2", declared), for: bench.unit).plan
      await eventually("it hangs") { world.hanging == ["a"] }
      await outlast("it is given up", world, engine, on: bench.clock) {
        reason(engine, "a") == "Hanging"
      }
      let plan = try await asked
      #expect(plan.errors.map { "\($0.reference)" } == ["Block/a"])
      #expect(plan.errors.first?.message.contains("hangs") == true)
      let again = try await engine.prepare(snapshot("2", declared), for: bench.unit).plan
      #expect(again.errors.count == 1, "and is not asked again")
    }
  }

  @Test("after eight threads none is replaced: then all is Stalled, and recovers")
  func stuck() async throws {
    let world = Blocking()
    let bench = bench(world, limit: 2)
    defer { world.release() }
    try await bench.running { engine in
      let names = (0..<10).map { "n\($0)" }
      let declared = (names + ["last"]).map { block($0) }
      _ = try await bench.applyOn(engine, "1", declared)
      world.hang(names)
      for name in names { try engine.reconcile(Selection(resource: "Block/\(name)")) }
      await outlast("all threads are gone", world, engine, on: bench.clock) {
        reason(engine, "last") == "ProviderHangs"
      }
      #expect(world.hanging.count == 10)
      world.release()
      await eventually("all is well again") {
        engine.resources(Selection(unit: "main")).allSatisfy {
          $0.condition(.ready)?.status == .yes
        }
      }
    }
  }
}

extension Bench {
  fileprivate func applyOn(
    _ engine: Engine, _ revision: String, _ declared: [Declaration]
  ) async throws -> ApplyReport {
    try await engine.apply(
      engine.prepare(snapshot(revision, declared), for: unit, claiming: true), by: "test")
  }
}

/// A world whose calls block their thread until they are released, whatever is cancelled.
private final class Blocking: Sendable {
  private struct State {
    var hangs: Set<String> = []
    var hanging: [String] = []
    var looks: [String: Int] = [:]
    var isReleased = false
    var made: Set<String> = []
  }

  private let state = Mutex(State())

  var hanging: [String] { state.withLock { $0.hanging.sorted() } }
  func looks(_ name: String) -> Int { state.withLock { $0.looks[name] ?? 0 } }
  func hang(_ names: [String]) { state.withLock { $0.hangs = Set(names) } }
  func release() { state.withLock { $0.isReleased = true } }
  func make(_ name: String) { state.withLock { _ = $0.made.insert(name) } }

  /// Blocks as a system call does that never returns.
  func look(_ name: String) -> Bool {
    let hangs = state.withLock { state in
      state.looks[name, default: 0] += 1
      guard state.hangs.contains(name), !state.isReleased else { return false }
      state.hanging.append(name)
      return true
    }
    while hangs, !state.withLock({ $0.isReleased }) { usleep(1_000) }
    return state.withLock { state in
      if hangs { state.hanging.removeAll { $0 == name } }
      return state.made.contains(name)
    }
  }
}

private struct BlockRow: Resource { let id: String }

private struct Block: DesiredState {
  let id: String
  func differences(from current: BlockRow?) -> [Difference] {
    compare { $0.field("there", current.map { _ in true }, true) }
  }
}

private struct BlockingProvider: Provider {
  let world: Blocking
  let limit: Int
  var execution: Execution { .threads(limit) }

  let kinds = [
    Kind<Block>("blocks/v1 Block", Schema("A block.", [])) {
      (declaration: Declaration) throws(Diagnostics) in Block(id: declaration.reference.name)
    }
  ]

  func observe(
    _ target: Target<Block>, _ context: Context
  ) async throws(ProviderError) -> BlockRow? {
    world.look(target.id) ? BlockRow(id: target.id) : nil
  }

  func apply(
    _ change: Change<Block>, _ journal: Tend.Journal<Block>, _ context: Context
  ) async throws(ProviderError) -> Outcome {
    if case .create(let block) = change.action { world.make(block.id) }
    return .done
  }
}

private func block(_ name: String) -> Declaration {
  Declaration(
    Reference(kind: "blocks/v1 Block", name: name), spec: .null,
    at: Place(file: "blocks.yaml", line: 1, column: 1))
}
