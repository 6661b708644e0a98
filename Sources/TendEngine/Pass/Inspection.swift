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
    var waiter: CheckedContinuation<Void, Never>?
  }

  private let state: Lock<State>
  /// What the unit of the plan is confined to.
  let confinement: Confinement?

  init(count: Int, confinement: Confinement? = nil) {
    self.confinement = confinement
    var results: [Node: Result] = [:]
    results.reserveCapacity(count)
    state = Lock(State(results: results, remaining: count))
  }

  func deliver(_ result: Result, for node: Node) {
    let waiter = state.withLock { state in
      guard state.results.updateValue(result, forKey: node) == nil else {
        return nil as CheckedContinuation<Void, Never>?
      }
      state.remaining -= 1
      guard state.remaining == 0 else { return nil }
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
  }

  /// Waits until everything was inspected, or the task is cancelled.
  func wait() async -> [Node: Result] {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isDone = state.withLock { state in
          if state.remaining <= 0 || Task.isCancelled { return true }
          state.waiter = continuation
          return false
        }
        if isDone { continuation.resume() }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        defer { state.waiter = nil }
        return state.waiter
      }
      waiter?.resume()
    }
    return state.withLock { $0.results }
  }
}
