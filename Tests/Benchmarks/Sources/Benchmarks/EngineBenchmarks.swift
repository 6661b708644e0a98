import Logging
import Tend
import TendEngine

/// What the engine costs where nothing is to be done.
enum EngineBenchmarks {
  static let all = [noOperation]

  static let noOperation = Benchmark(
    name: "E1",
    what: "no-op reconciles of 1,000,000 typed in-memory resources by two workers",
    figures: [
      .rate("engine", aim: 3_000_000),
      .rate("plain"),
      Benchmark.Figure(name: "share", unit: .ratio, risesWithQuality: true, aim: 0.3),
      Benchmark.Figure(name: "bytes", unit: .bytes, aim: 250),
    ]
  ) { percent in
    let count = max(1000, Int(1_000_000 * percent / 100))
    let world = ShelfWorld(count: count)
    let plain = await plainLoop(world)
    let before = Measure.resident()
    let declarations = world.declarations()
    let declared = Measure.resident() - before
    let engine = try Engine(
      store: ForgetfulStore(),
      logger: Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() },
      providers: [ShelfProvider(world: world)])
    var unit = Unit("bench")
    unit.policy.interval = .milliseconds(1)
    let snapshot = Snapshot(revision: Revision(id: "1"), declarations: declarations)
    let (rate, resident) = try await engine.running { [unit] engine in
      let plan = try await engine.prepare(snapshot, for: unit)
      _ = try await engine.apply(plan, by: "benchmark")
      return (try await measure(engine), Measure.resident())
    }
    let values = Double(MemoryLayout<Shelf>.stride * count)
    return [
      "engine": rate, "plain": plain, "share": rate / plain,
      "bytes": (resident - before - declared - values) / Double(count),
    ]
  }

  /// Runs per second, over three seconds after one to settle.
  private static func measure(_ engine: Engine) async throws -> Double {
    try await Task.sleep(for: .seconds(1))
    let (begin, first) = (Measure.now(), runs(engine))
    try await Task.sleep(for: .seconds(3))
    return Double(runs(engine) - first) / (Double(Measure.now() - begin) / 1e9)
  }

  private static func runs(_ engine: Engine) -> UInt64 {
    engine.schedulerMetrics.lanes.reduce(0) { $0 + $1.counts.runs }
  }

  /// The same observations and comparisons in two tasks, without scheduler and engine.
  private static func plainLoop(_ world: ShelfWorld) async -> Double {
    let begin = Measure.now()
    let passes = max(1, 4_000_000 / world.rows.count)
    let wrong = await withTaskGroup(of: Int.self) { group in
      for half in 0..<2 {
        group.addTask {
          var wrong = 0
          for _ in 0..<passes {
            for index in stride(from: half, to: world.rows.count, by: 2) {
              let current = await world.observe(index)
              if !world.desired[index].differences(from: current).isEmpty { wrong += 1 }
              if current?.memory != world.memories[index] { wrong += 1 }
            }
          }
          return wrong
        }
      }
      return await group.reduce(0, +)
    }
    precondition(wrong == 0, "the world is as declared")
    return Double(passes * world.rows.count) / (Double(Measure.now() - begin) / 1e9)
  }
}

/// A row as it is: three fields, and a memory of 40 bytes.
struct ShelfRow: Resource {
  struct Memory: Codable, Equatable, Sendable {
    var device: Int64, inode: Int64, size: Int64, modified: Int64, changed: Int64
  }
  let id: Int
  var title: String
  var count: Int
  var isOpen: Bool
  var memory: Memory
}

struct Shelf: DesiredState {
  let id: Int
  var title: String
  var count: Int
  var isOpen: Bool

  func differences(from current: ShelfRow?) -> [Difference] {
    compare {
      $0.field("title", current?.title, title)
      $0.field("count", current?.count, count)
      $0.field("isOpen", current?.isOpen, isOpen)
    }
  }
}

/// Rows in memory, all as declared.
final class ShelfWorld: Sendable {
  let rows: [ShelfRow]
  let desired: [Shelf]
  /// What was remembered of each row.
  let memories: [ShelfRow.Memory]

  init(count: Int) {
    let titles = ["a shelf", "a box", "a drawer"]
    desired = (0..<count).map { Shelf(id: $0, title: titles[$0 % 3], count: $0, isOpen: true) }
    rows = desired.map { shelf in
      let number = Int64(shelf.id)
      return ShelfRow(
        id: shelf.id, title: shelf.title, count: shelf.count, isOpen: shelf.isOpen,
        memory: .init(device: 1, inode: number, size: 2, modified: 3, changed: number))
    }
    memories = rows.map(\.memory)
  }

  func observe(_ id: Int) async -> ShelfRow? { rows[id] }

  func declarations() -> [Declaration] {
    desired.map { shelf in
      Declaration(
        Reference(kind: "shelves/v1 Shelf", name: "shelf-\(shelf.id)"),
        spec: ["id": .integer(Int64(shelf.id))],
        at: Place(file: "shelves.yaml", line: 1, column: 1))
    }
  }
}

struct ShelfProvider: Provider {
  let world: ShelfWorld
  var execution: Execution { .pool(limit: 2) }

  var kinds: [Kind<Shelf>] {
    [
      Kind("shelves/v1 Shelf", Schema("A shelf.", [.integer("id", "Which.")])) {
        [world] declaration in
        guard case .integer(let id)? = declaration.spec.value(at: "id") else {
          preconditionFailure("the benchmark declares numbers")
        }
        return world.desired[Int(id)]
      }
    ]
  }

  func observe(
    _ target: Target<Shelf>, _ context: Context
  ) async throws(ProviderError) -> ShelfRow? {
    world.rows[target.id]
  }

  func apply(
    _ change: Change<Shelf>, _ journal: Journal<Shelf>, _ context: Context
  ) async throws(ProviderError) -> Outcome {
    throw .permanent("nothing changes here")
  }
}

/// Keeps nothing, so that only the engine's own memory is measured.
struct ForgetfulStore: Store {
  func load() async throws(StoreError) -> StoreContents { StoreContents() }
  func commit(_ writes: [StoreWrite]) async throws(StoreError) {}
  func events(_ query: EventQuery) async throws(StoreError) -> [Event] { [] }
  func revisions(of unit: String, limit: Int) async throws(StoreError) -> [RevisionRecord] { [] }
  func digest(of bytes: [UInt8]) -> String { "\(bytes.count)" }
}
