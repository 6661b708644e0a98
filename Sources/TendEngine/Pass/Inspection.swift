import Tend

/// Collects what the inspections for one plan found; each belongs to one node.
final class Inspection: Sendable {
  /// What an inspection found, or why it could not.
  enum Result: Sendable {
    case found(exists: Bool, differences: [Difference], losesData: Bool)
    case failed(ProviderError)

    /// When it may be seen, where what failed said so.
    var retryAfter: Duration? {
      guard case .failed(let error) = self, error.code == .transient else { return nil }
      return error.retryAfter
    }
  }

  private struct State {
    var results: [Node: Result] = [:]
    var remaining: Int
  }

  private let state: Lock<State>
  /// Rung when nothing remains.
  private let bell = Bell()
  /// What the unit of the plan is confined to.
  let confinement: Confinement?

  init(count: Int, confinement: Confinement? = nil) {
    self.confinement = confinement
    var results: [Node: Result] = [:]
    results.reserveCapacity(count)
    state = Lock(State(results: results, remaining: count))
    if count <= 0 { bell.ring() }
  }

  func deliver(_ result: Result, for node: Node) {
    let isLast = state.withLock { state in
      guard state.results.updateValue(result, forKey: node) == nil else { return false }
      state.remaining -= 1
      return state.remaining == 0
    }
    if isLast { bell.ring() }
  }

  /// Waits until everything was inspected, or the task is cancelled.
  func wait() async -> [Node: Result] {
    await bell.wait()
    return state.withLock { $0.results }
  }
}
