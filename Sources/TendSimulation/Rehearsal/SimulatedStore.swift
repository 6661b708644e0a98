import Synchronization
import Tend
import TendEngine

/// A store on a simulated disk: what was acknowledged stays, what was not may be lost at a crash.
final class SimulatedStore: Sendable {
  private struct State {
    /// In the order in which they were handed in; none is acknowledged.
    var pending: [(number: Int, writes: [StoreWrite])] = []
    var last = 0
    var keys: Set<InventoryKey> = []
  }

  private let kept = InMemoryStore(eventLimit: 200_000)
  private let state = Mutex(State())

  /// Whether the inventory has a record of this, durably.
  func keeps(_ key: InventoryKey) -> Bool { state.withLock { $0.keys.contains(key) } }

  /// Everything that runs is dead: of what was not acknowledged, what came first may be kept.
  func crash(_ draw: inout Draw) {
    state.withLock { state in
      state.pending.removeLast(draw.below(state.pending.count + 1))
    }
  }

  func enqueue(_ writes: [StoreWrite]) -> Int {
    state.withLock { state in
      state.last += 1
      state.pending.append((state.last, writes))
      return state.last
    }
  }

  /// Keeps what was handed in up to a number.
  func flush(upTo number: Int = .max) async throws(StoreError) {
    while let writes = take(upTo: number) { try await kept.commit(writes) }
  }

  private func take(upTo number: Int) -> [StoreWrite]? {
    state.withLock { state in
      guard let first = state.pending.first, first.number <= number else { return nil }
      state.pending.removeFirst()
      for write in first.writes {
        switch write {
        case .putInventory(let record): state.keys.insert(record.key)
        case .removeInventory(let key): state.keys.remove(key)
        default: break
        }
      }
      return first.writes
    }
  }

  func load() async throws(StoreError) -> StoreContents {
    try await flush()
    return try await kept.load()
  }

  func events(_ query: EventQuery) async throws(StoreError) -> [Event] {
    try await kept.events(query)
  }

  func revisions(of unit: String, limit: Int) async throws(StoreError) -> [RevisionRecord] {
    try await kept.revisions(of: unit, limit: limit)
  }
}

/// The simulated store as one life of an agent has it.
struct StoreOfLife: Store {
  let store: SimulatedStore
  let life: Life
  let chance: Chance

  func load() async throws(StoreError) -> StoreContents { try await store.load() }

  func commit(_ writes: [StoreWrite]) async throws(StoreError) {
    // What a dead process writes goes nowhere; its tasks end the sooner if nothing fails.
    guard !life.isOver else { return }
    if chance.next("store commit", [(.failure, chance.rates.store)]) != nil {
      throw StoreError(.full, "no space is left on the simulated disk")
    }
    listen(to: writes)
    let number = store.enqueue(writes)
    await Task.yield()
    guard !life.isOver else { return }
    try await store.flush(upTo: number)
  }

  private func listen(to writes: [StoreWrite]) {
    for write in writes {
      switch write {
      case .addEvent(let event): life.witness.told(event, by: life)
      case .putMemory(_, let memory?): life.witness.heard(memory.json, in: "the inventory")
      case .putInventory(let record):
        if let memory = record.memory { life.witness.heard(memory.json, in: "the inventory") }
      case .putLastSeen(let seen):
        for condition in seen.conditions {
          life.witness.heard(condition.message, in: "what was last seen")
        }
      case .putRevision(let record):
        life.witness.heard(record.message ?? "", in: "the history of revisions")
      default: break
      }
    }
  }

  func events(_ query: EventQuery) async throws(StoreError) -> [Event] {
    try await store.events(query)
  }

  func revisions(
    of unit: String, limit: Int
  ) async throws(StoreError) -> [RevisionRecord] {
    try await store.revisions(of: unit, limit: limit)
  }

  /// Keyed with a fixed key, so that histories are equal in all processes.
  func digest(of bytes: [UInt8]) -> String {
    var hash = SHA256()
    hash.update(Array("simulation".utf8))
    hash.update(bytes)
    return hash.finish()
  }
}
