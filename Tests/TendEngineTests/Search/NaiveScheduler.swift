@testable import TendEngine

/// The merge rules written down as plainly as possible: a dictionary, no queue, no wheel.
struct NaiveScheduler {
  struct Key: Hashable {
    var phase = Scheduler.Phase.idle
    var isRunning = false
    var due = 0
    var priority = Scheduler.Priority.resync
    var causes: Scheduler.Causes = []
    var failures = 0
    var generation = 0
  }

  var keys: [Int: Key] = [:]
  var now = 0

  mutating func add(
    _ number: Int, _ priority: Scheduler.Priority, _ delay: Int, _ causes: Scheduler.Causes,
    _ supersedes: Bool
  ) {
    guard var key = keys[number] else { return }
    if supersedes { (key.failures, key.generation) = (0, key.generation + 1) }
    key.priority = key.phase == .idle ? priority : max(key.priority, priority)
    key.causes.formUnion(causes)
    switch key.phase {
    case .ready: break
    case .waiting where delay > 0: key.due = min(key.due, now + delay)
    case .idle where delay > 0: (key.phase, key.due) = (.waiting, now + delay)
    case .idle, .waiting: key.phase = .ready
    }
    keys[number] = key
  }

  /// Ends the delays that are over; a key that runs waits on until its run ends.
  mutating func release() {
    for (number, key) in keys where !key.isRunning && key.phase == .waiting && key.due <= now {
      keys[number]?.phase = .ready
    }
  }

  mutating func take(_ number: Int) -> Key? {
    guard let key = keys[number] else { return nil }
    keys[number] = Key(isRunning: true, failures: key.failures, generation: key.generation)
    return key
  }

  mutating func postpone(_ number: Int, _ delay: Int) {
    keys[number]?.phase = .waiting
    keys[number]?.due = now + delay
  }

  mutating func finish(_ number: Int, _ generation: Int, _ disposition: Scheduler.Disposition) {
    switch disposition {
    case .done: keys[number]?.failures = 0
    case .again(let delay, let priority, let causes, _):
      keys[number]?.failures = 0
      add(number, priority, Int(delay / .milliseconds(1)), causes, false)
    case .failed(_, let causes):
      if let key = keys[number], key.generation == generation {
        keys[number]?.failures = key.failures + 1
        add(number, .retry, min(100, 10 << min(10, key.failures)), causes, false)
      }
    case .unstarted: break
    }
    keys[number]?.isRunning = false
    release()
  }
}
