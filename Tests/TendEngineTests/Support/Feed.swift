import Synchronization
import Tend
import TendEngine

/// A source that says what the test wants it to say.
final class Feed: Source {
  private struct State {
    var newest: Refresh = .unchanged
    var failure: SourceError?
    var snapshots: [String: Snapshot] = [:]
    var refreshes = 0
    var known: [String?] = []
  }

  let description = "feed"
  private let state = Mutex(State())

  init(_ snapshot: Snapshot? = nil) { if let snapshot { offer(snapshot) } }

  var refreshes: Int { state.withLock { $0.refreshes } }
  /// What was known at each refresh.
  var known: [String?] { state.withLock { $0.known } }

  /// This is the newest revision from now on.
  func offer(_ snapshot: Snapshot) {
    state.withLock { state in
      state.newest = .changed(snapshot)
      state.failure = nil
      state.snapshots[snapshot.revision.id] = snapshot
    }
  }

  func offer(_ revision: String, _ declarations: [Declaration]) {
    offer(Snapshot(revision: Revision(id: revision), declarations: declarations))
  }

  /// The newest revision can't be used.
  func offerInvalid(_ revision: String, _ diagnostics: [Diagnostic]) {
    state.withLock { state in
      state.newest = .invalid(
        Snapshot(revision: Revision(id: revision), declarations: []), Diagnostics(diagnostics))
      state.failure = nil
    }
  }

  /// The remote fails, until something is offered.
  func fail(_ failure: SourceError) { state.withLock { $0.failure = failure } }

  func recover() { state.withLock { $0.failure = nil } }

  func refresh(after known: Revision?) async throws(SourceError) -> Refresh {
    let answer: Result<Refresh, SourceError> = state.withLock { state in
      state.refreshes += 1
      state.known.append(known?.id)
      if let failure = state.failure { return .failure(failure) }
      if case .changed(let snapshot) = state.newest, snapshot.revision.id == known?.id {
        return .success(.unchanged)
      }
      return .success(state.newest)
    }
    return try answer.get()
  }

  func snapshot(of revision: Revision) async throws(SourceError) -> Snapshot {
    guard let snapshot = state.withLock({ $0.snapshots[revision.id] }) else {
      throw SourceError(.missing, "no revision \(revision.id)")
    }
    return snapshot
  }
}
