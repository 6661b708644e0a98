import Synchronization

/// Tells those who watch that something may look different now.
///
/// A number that is never the same again while the engine runs, and most probably not after a
/// restart either: who knows the last one learns whether anything happened since.
final class Pulse: Sendable {
  private struct State {
    var version: Int64
    var waiters: [Int64: CheckedContinuation<Void, Never>] = [:]
    var lastWaiter: Int64 = 0
  }

  private let state: Mutex<State>

  init(startingAt version: Int64) { state = Mutex(State(version: version)) }

  var version: Int64 { state.withLock { $0.version } }

  func beat() {
    let waiters = state.withLock { state in
      state.version &+= 1
      guard !state.waiters.isEmpty else { return [CheckedContinuation<Void, Never>]() }
      defer { state.waiters = [:] }
      return Array(state.waiters.values)
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Waits until the version is another one, or the task is cancelled.
  func wait(while version: Int64) async {
    let number = state.withLock { state in
      state.lastWaiter &+= 1
      return state.lastWaiter
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isDone = state.withLock { state in
          if state.version != version || Task.isCancelled { return true }
          state.waiters[number] = continuation
          return false
        }
        if isDone { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
    }
  }
}
