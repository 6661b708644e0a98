import Synchronization
import Tend
import TendEngine

/// A store in memory that counts its commits, and can fail.
final class CountingStore: Store {
  private struct State {
    var commits = 0
    var writes: [StoreWrite] = []
    var failure: StoreError?
  }

  private let inner = InMemoryStore()
  private let state = Mutex(State())

  var commits: Int { state.withLock { $0.commits } }
  var writes: [StoreWrite] { state.withLock { $0.writes } }

  /// From now on every commit fails so, until it is nil.
  func fail(with failure: StoreError?) { state.withLock { $0.failure = failure } }

  func load() async throws(StoreError) -> StoreContents { try await inner.load() }

  func commit(_ writes: [StoreWrite]) async throws(StoreError) {
    let failure = state.withLock { state in
      if state.failure == nil {
        state.commits += 1
        state.writes += writes
      }
      return state.failure
    }
    if let failure { throw failure }
    try await inner.commit(writes)
  }

  func events(_ query: EventQuery) async throws(StoreError) -> [Event] {
    try await inner.events(query)
  }

  func revisions(
    of unit: String, limit: Int
  ) async throws(StoreError) -> [RevisionRecord] {
    try await inner.revisions(of: unit, limit: limit)
  }

  func digest(of bytes: [UInt8]) -> String { inner.digest(of: bytes) }
}
