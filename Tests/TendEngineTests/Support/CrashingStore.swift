import Synchronization
import Tend
import TendEngine

/// A store that takes this many commits and then no more: the process died there.
///
/// The next engine starts on `survivor`.
final class CrashingStore: Store {
  let survivor: InMemoryStore
  private let left: Mutex<Int>

  init(_ survivor: InMemoryStore, after commits: Int) {
    self.survivor = survivor
    left = Mutex(commits)
  }

  var hasCrashed: Bool { left.withLock { $0 < 0 } }

  func load() async throws(StoreError) -> StoreContents { try await survivor.load() }

  func commit(_ writes: [StoreWrite]) async throws(StoreError) {
    let isAlive = left.withLock { left in
      left -= 1
      if left < 0 { left = -1 }
      return left >= 0
    }
    guard isAlive else { throw StoreError(.inputOutput, "the process is dead") }
    try await survivor.commit(writes)
  }

  func events(_ query: EventQuery) async throws(StoreError) -> [Event] {
    try await survivor.events(query)
  }

  func revisions(
    of unit: String, limit: Int
  ) async throws(StoreError) -> [RevisionRecord] {
    try await survivor.revisions(of: unit, limit: limit)
  }

  func digest(of bytes: [UInt8]) -> String { survivor.digest(of: bytes) }
}
