/// Who waits inside the scheduler: workers by lane, the timer, and those who wait for the end.
struct Sleepers {
  typealias Continuation = CheckedContinuation<Void, Never>
  /// Resumed with true where the worker was woken for work, false where it only has to look again.
  typealias Worker = CheckedContinuation<Bool, Never>

  /// Continuations taken out under the lock, to be resumed outside it.
  struct Awakened {
    var continuations: [Continuation] = []
    var workers: [Worker] = []
    var dismissed: [Worker] = []

    func resume() {
      for continuation in continuations { continuation.resume() }
      for worker in workers { worker.resume(returning: true) }
      for worker in dismissed { worker.resume(returning: false) }
    }
  }

  private struct Sleeper<Continuation> {
    let number: UInt64
    let continuation: Continuation
  }

  private var workers: [[Sleeper<Worker>]] = []
  private var timers: [Sleeper<Continuation>] = []
  private var closers: [Sleeper<Continuation>] = []
  private var lastNumber: UInt64 = 0

  mutating func addLane() { workers.append([]) }

  /// A name for somebody who is about to sleep.
  mutating func number() -> UInt64 {
    lastNumber += 1
    return lastNumber
  }

  mutating func add(worker number: UInt64, lane: Int, _ continuation: Worker) {
    workers[lane].append(Sleeper(number: number, continuation: continuation))
  }

  mutating func add(timer number: UInt64, _ continuation: Continuation) {
    timers.append(Sleeper(number: number, continuation: continuation))
  }

  mutating func add(closer number: UInt64, _ continuation: Continuation) {
    closers.append(Sleeper(number: number, continuation: continuation))
  }

  /// The worker with this number, if it sleeps still.
  mutating func remove(worker number: UInt64, lane: Int) -> Worker? {
    Self.remove(number, from: &workers[lane])
  }

  mutating func remove(closer number: UInt64) -> Continuation? {
    Self.remove(number, from: &closers)
  }

  mutating func remove(timer number: UInt64) -> Continuation? {
    Self.remove(number, from: &timers)
  }

  private static func remove<C>(_ number: UInt64, from sleepers: inout [Sleeper<C>]) -> C? {
    guard let place = sleepers.firstIndex(where: { $0.number == number }) else { return nil }
    return sleepers.remove(at: place).continuation
  }

  /// Takes out all whom these effects concern.
  ///
  /// The worker that fell asleep last is woken first: its memory is the warmest.
  mutating func wake(_ effects: SchedulerState.Effects, isOpen: Bool) -> Awakened {
    var awakened = Awakened()
    for lane in effects.wakes {
      if let sleeper = workers[lane].popLast() {
        awakened.workers.append(sleeper.continuation)
      }
    }
    if effects.rearms {
      awakened.continuations += timers.map(\.continuation)
      timers = []
    }
    if effects.stops {
      awakened.continuations += closers.map(\.continuation)
      closers = []
    }
    if !isOpen { awakened.dismissed = takeWorkers() }
    return awakened
  }

  private mutating func takeWorkers() -> [Worker] {
    defer { for lane in workers.indices { workers[lane] = [] } }
    return workers.flatMap { $0.map(\.continuation) }
  }
}
