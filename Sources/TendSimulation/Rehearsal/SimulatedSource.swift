import Synchronization
import Tend
import TendEngine

/// A source like a repository: commits over time, and everything that happens to repositories.
final class SimulatedSource: Sendable {
  /// What is wrong with it, besides nothing.
  enum Trouble: String, Sendable {
    case outage = "can't be reached"
    case empty = "has an empty path"
    case missing = "has lost its branch"
    case invalid = "has a revision with a mistake in it"
    case rewritten = "has another history"
  }

  private struct State {
    var snapshots: [Snapshot] = []
    var trouble: (Trouble, until: Duration)?
    var troubles = 0
  }

  private let simulation: Simulation
  private let state = Mutex(State())

  init(_ simulation: Simulation) { self.simulation = simulation }

  /// The newest revision.
  var head: Revision? { state.withLock { $0.snapshots.last?.revision } }

  func commit(_ declarations: [Declaration]) -> Revision {
    state.withLock { state in
      let id = "r\(state.snapshots.count + 1)"
      let revision = Revision(id: id, author: "simulation", message: "change \(id)")
      state.snapshots.append(Snapshot(revision: revision, declarations: declarations))
      // All are needed after a restart only as far back as the last accepted one.
      if state.snapshots.count > 1000 { state.snapshots[state.snapshots.count - 1000] = .none(id) }
      return revision
    }
  }

  func suffer(_ trouble: Trouble, until: Duration) {
    state.withLock { state in
      state.trouble = (trouble, until)
      state.troubles += 1
    }
  }

  func heal() { state.withLock { $0.trouble = nil } }

  func refresh(after known: Revision?) throws(SourceError) -> Refresh {
    let now = simulation.time
    let (trouble, number, head) = state.withLock { state in
      (state.trouble.flatMap { $0.until > now ? $0.0 : nil }, state.troubles, state.snapshots.last)
    }
    let revision = Revision(id: "t\(number)")
    switch trouble {
    case .outage: throw SourceError(.unreachable, "the simulated source does not answer")
    case .missing: throw SourceError(.missing, "the simulated source has no such branch")
    case .rewritten: throw SourceError(.rewritten, "the simulated source has another history")
    case .empty: return .changed(Snapshot(revision: revision, declarations: []))
    case .invalid:
      return .invalid(
        Snapshot(revision: revision, declarations: []),
        Diagnostics([
          Diagnostic(.syntax, at: Place(file: "a.yaml", line: 1, column: 1), "it does not parse")
        ]))
    case nil: break
    }
    guard let head, head.revision.id != known?.id else { return .unchanged }
    return .changed(head)
  }

  func snapshot(of revision: Revision) throws(SourceError) -> Snapshot {
    let snapshot = state.withLock { state in
      state.snapshots.last { $0.revision.id == revision.id }
    }
    guard let snapshot else { throw SourceError(.missing, "there is no \(revision.id)") }
    return snapshot
  }
}

extension Snapshot {
  /// What is left of a revision that is too old to be asked for.
  fileprivate static func none(_ id: String) -> Snapshot {
    Snapshot(revision: Revision(id: "\(id)-forgotten"), declarations: [])
  }
}

/// The simulated source as one life of an agent has it.
struct SourceOfLife: Source {
  let source: SimulatedSource
  let life: Life
  let description = "simulated"

  func refresh(after known: Revision?) async throws(SourceError) -> Refresh {
    try await pass()
    return try source.refresh(after: known)
  }

  func snapshot(of revision: Revision) async throws(SourceError) -> Snapshot {
    try await pass()
    return try source.snapshot(of: revision)
  }

  private func pass() async throws(SourceError) {
    await Task.yield()
    if life.isOver { throw SourceError(.cancelled, "cancelled") }
  }
}
