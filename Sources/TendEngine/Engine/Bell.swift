import Synchronization

/// Wakes one task that waits; a ring while nobody waits is kept for the next one.
final class Bell: Sendable {
  private struct State {
    var isRung = false
    var isClosed = false
    var waiter: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  func ring() { wake { $0.isRung = true } }

  /// Nobody waits any more.
  func close() { wake { $0.isClosed = true } }

  /// Whether it was closed.
  var isClosed: Bool { state.withLock { $0.isClosed } }

  private func wake(_ body: (inout State) -> Void) {
    let waiter = state.withLock { state in
      body(&state)
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
  }

  /// Waits until somebody rings, the bell is closed, or the task is cancelled.
  func wait() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isDone = state.withLock { state in
          if state.isRung || state.isClosed || Task.isCancelled { return true }
          state.waiter = continuation
          return false
        }
        if isDone { continuation.resume() }
      }
    } onCancel: {
      wake { _ in }
    }
    state.withLock { $0.isRung = false }
  }
}

extension Time {
  /// Waits until the bell rings, or the pause is over; without a pause until it rings.
  func wait(_ pause: Duration?, or bell: Bell) async {
    guard let pause else { return await bell.wait() }
    await withTaskGroup { group in
      group.addTask { try? await sleep(pause) }
      group.addTask { await bell.wait() }
      await group.next()
      group.cancelAll()
    }
  }
}
