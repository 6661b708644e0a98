internal import Synchronization
internal import TendEngine

/// Lets tasks that run at once go on one at a time, in an order that a seed decides.
///
/// A task waits at each boundary until all others wait or have ended; then one of them is drawn.
final class Turns: Sendable {
  private struct State {
    var random: SplitMix
    var running: Int
    var waiting: [CheckedContinuation<Void, Never>] = []

    /// Who goes on once nobody runs.
    mutating func draw() -> CheckedContinuation<Void, Never>? {
      guard running == 0, !waiting.isEmpty else { return nil }
      let index = Int(random.next() % UInt64(waiting.count))
      running += 1
      return waiting.remove(at: index)
    }
  }

  private let state: Mutex<State>

  /// For this many tasks, all of which run.
  init(of tasks: Int, seed: UInt64) {
    state = Mutex(State(random: SplitMix(state: seed), running: tasks))
  }

  /// Waits for the task's next turn.
  func wait() async {
    await withCheckedContinuation { continuation in
      let next = state.withLock { state in
        state.running -= 1
        state.waiting.append(continuation)
        return state.draw()
      }
      next?.resume()
    }
  }

  /// This task has ended.
  func end() {
    let next = state.withLock { state in
      state.running -= 1
      return state.draw()
    }
    next?.resume()
  }
}
