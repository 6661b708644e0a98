internal import Synchronization

/// Lets so many through at once; the others wait in the order in which they came.
final class Gate: Sendable {
  private struct Waiter {
    let number: UInt64
    let continuation: CheckedContinuation<Bool, Never>
  }

  private struct State {
    var free: Int
    var lastNumber: UInt64 = 0
    var waiters: [Waiter] = []
    /// Those who are on their way into the line; true: they gave up before they stood there.
    var arriving: [UInt64: Bool] = [:]
  }

  private let state: Mutex<State>

  init(_ count: Int) {
    state = Mutex(State(free: max(1, count)))
  }

  /// Waits for a place; false where the task was cancelled first.
  func enter() async -> Bool {
    let number: UInt64? = state.withLock { state in
      if state.free > 0 {
        state.free -= 1
        return nil
      }
      state.lastNumber += 1
      state.arriving[state.lastNumber] = false
      return state.lastNumber
    }
    guard let number else { return true }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isThrough: Bool? = state.withLock { state in
          if state.arriving.removeValue(forKey: number) == true { return false }
          if state.free > 0 {
            state.free -= 1
            return true
          }
          state.waiters.append(Waiter(number: number, continuation: continuation))
          return nil
        }
        if let isThrough { continuation.resume(returning: isThrough) }
      }
    } onCancel: {
      cancel(number)
    }
  }

  /// Gives the place to the next.
  func leave() {
    let next: Waiter? = state.withLock { state in
      if state.waiters.isEmpty {
        state.free += 1
        return nil
      }
      return state.waiters.removeFirst()
    }
    next?.continuation.resume(returning: true)
  }

  private func cancel(_ number: UInt64) {
    let waiter: Waiter? = state.withLock { state in
      guard let index = state.waiters.firstIndex(where: { $0.number == number }) else {
        if state.arriving[number] != nil { state.arriving[number] = true }
        return nil
      }
      return state.waiters.remove(at: index)
    }
    waiter?.continuation.resume(returning: false)
  }
}
