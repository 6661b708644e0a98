import Synchronization
import Tend

/// Where a test reports drift, as a watch of the world would.
final class DriftBell: Sendable {
  private struct State {
    var drift: Drift<String>?
    var forgotten: [String] = []
    var waiter: CheckedContinuation<Void, Never>?
    var isCancelled = false
  }
  private let state = Mutex(State())

  var isWatching: Bool { state.withLock { $0.drift != nil } }
  var forgotten: [String] { state.withLock { $0.forgotten } }

  func ring(_ id: String) { state.withLock { $0.drift }?.mayHaveChanged(id) }
  func loseTrack() { state.withLock { $0.drift }?.lostTrack() }
  func forget(_ id: String) { state.withLock { $0.forgotten.append(id) } }

  /// Holds the door until the task is cancelled.
  func hold(_ drift: Drift<String>) async {
    state.withLock { $0.drift = drift }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if !state.isCancelled { state.waiter = continuation }
          return state.isCancelled
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        state.isCancelled = true
        defer { state.waiter = nil }
        return state.waiter
      }
      waiter?.resume()
    }
  }
}
