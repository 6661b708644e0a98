import Synchronization
import Tend
import TendEngine
import TendSimulation

/// A store that acknowledges what it keeps only with the next commit.
final class HastyStore: Store {
  private let store: any Store
  private let late = Mutex<[StoreWrite]>([])

  init(_ store: any Store) { self.store = store }

  func load() async throws(StoreError) -> StoreContents { try await store.load() }

  func commit(_ writes: [StoreWrite]) async throws(StoreError) {
    let before = late.withLock { late in
      defer { late = writes }
      return late
    }
    if !before.isEmpty { try await store.commit(before) }
  }

  func events(_ query: EventQuery) async throws(StoreError) -> [Event] {
    try await store.events(query)
  }

  func revisions(
    of unit: String, limit: Int
  ) async throws(StoreError) -> [RevisionRecord] {
    try await store.revisions(of: unit, limit: limit)
  }

  func digest(of bytes: [UInt8]) -> String { store.digest(of: bytes) }
}

/// A store that forgets to number one in ten events: it drops them.
struct DroppingStore: Store {
  let store: any Store

  func load() async throws(StoreError) -> StoreContents { try await store.load() }

  func commit(_ writes: [StoreWrite]) async throws(StoreError) {
    try await store.commit(
      writes.filter { if case .addEvent(let event) = $0 { event.resource == nil } else { true } })
  }

  func events(_ query: EventQuery) async throws(StoreError) -> [Event] {
    try await store.events(query)
  }

  func revisions(
    of unit: String, limit: Int
  ) async throws(StoreError) -> [RevisionRecord] {
    try await store.revisions(of: unit, limit: limit)
  }

  func digest(of bytes: [UInt8]) -> String { store.digest(of: bytes) }
}

/// A source that answers with what it could read so far where the rest can't be reached.
struct PartialSource: Source {
  let source: any Source
  let description = "partial"

  func refresh(after known: Revision?) async throws(SourceError) -> Refresh {
    do {
      return try await source.refresh(after: known)
    } catch {
      guard error.code == .unreachable, let known, known.id.hasPrefix("r") else { throw error }
      return .changed(try await partial(known))
    }
  }

  func snapshot(of revision: Revision) async throws(SourceError) -> Snapshot {
    guard revision.id.hasPrefix("part-") else { return try await source.snapshot(of: revision) }
    return try await partial(Revision(id: String(revision.id.dropFirst(5))))
  }

  private func partial(_ revision: Revision) async throws(SourceError) -> Snapshot {
    let whole = try await source.snapshot(of: revision)
    return Snapshot(
      revision: Revision(id: "part-\(revision.id)"), declarations: whole.declarations.dropLast(2))
  }
}
