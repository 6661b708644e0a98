import Synchronization

/// One life of a worker loop whose calls may block: until the loop ends, or until a call hangs for
/// so long that nobody waits for it any more.
final class Shift: Sendable {
  enum End: Sendable {
    /// The loop ended; whether there may be more to do.
    case ended(isOpen: Bool)
    case givenUp
  }

  private struct State {
    /// What was taken together, and which of it is at its turn.
    var tickets: [Scheduler.Ticket] = []
    var position = 0
    var end: End?
    var cancel: (@Sendable () -> Void)?
    var isCancelled = false
    var waiter: CheckedContinuation<End, Never>?
  }

  private let state = Mutex(State())

  /// How its loop is cancelled.
  func began(cancel: @escaping @Sendable () -> Void) {
    let isCancelled = state.withLock { state in
      state.cancel = cancel
      return state.isCancelled
    }
    if isCancelled { cancel() }
  }

  func cancel() {
    let cancel = state.withLock { state in
      state.isCancelled = true
      return state.cancel
    }
    cancel?()
  }

  /// The loop has taken these.
  func hold(_ batch: Scheduler.Batch) {
    state.withLock { state in
      state.tickets = (0..<batch.count).map { batch[$0] }
      state.position = -1
    }
  }

  /// The loop turns to the next one; false where it was given up.
  func turn(to position: Int) -> Bool {
    state.withLock { state in
      // What it hung in stays known.
      if state.end == nil { state.position = position }
      return state.end == nil
    }
  }

  /// The loop concludes what it holds, in which nothing can hang; false where it was given up.
  func conclude() -> Bool { turn(to: -1) }

  /// The loop has come to the end of what it holds; which of it was given up, if any was.
  func rest() -> Int? {
    state.withLock { state in
      if state.end != nil { return state.position }
      state.tickets = []
      return nil
    }
  }

  /// Nobody waits any more; the answer is what the loop hangs in, and what else it holds.
  func giveUp() -> (hanging: Scheduler.Ticket, others: [Scheduler.Ticket])? {
    let (answer, waiter) = state.withLock { state in
      guard state.end == nil, state.tickets.indices.contains(state.position) else {
        return (nil, nil)
          as (
            (hanging: Scheduler.Ticket, others: [Scheduler.Ticket])?,
            CheckedContinuation<End, Never>?
          )
      }
      state.end = .givenUp
      var others = state.tickets
      let hanging = others.remove(at: state.position)
      defer { state.waiter = nil }
      return ((hanging, others), state.waiter)
    }
    waiter?.resume(returning: .givenUp)
    return answer
  }

  /// The loop has ended.
  func end(isOpen: Bool) {
    let waiter = state.withLock { state in
      guard state.end == nil else { return nil as CheckedContinuation<End, Never>? }
      state.end = .ended(isOpen: isOpen)
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume(returning: .ended(isOpen: isOpen))
  }

  /// Waits until it has ended or was given up; cancelled, it cancels the loop and goes on waiting.
  func wait() async -> End {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let end = state.withLock { state in
          if state.end == nil { state.waiter = continuation }
          return state.end
        }
        if let end { continuation.resume(returning: end) }
      }
    } onCancel: {
      cancel()
    }
  }
}
