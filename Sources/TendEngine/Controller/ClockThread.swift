/// The system's continuous clock, with a thread of its own that ends every sleep.
///
/// Who sleeps on it and prefers it as executor is woken where it runs: one change of threads, where
/// the cooperative pool takes four. For what does little and never blocks. The thread ends when
/// the clock is gone.
final class ClockThread: TaskExecutor, Clock {
  typealias Instant = ContinuousClock.Instant

  private let queue = JobQueue()

  init() { queue.startThread() }

  /// For time that is the system's; nil for any other.
  convenience init?(for clock: some Clock<Duration>) {
    guard clock is ContinuousClock else { return nil }
    self.init()
  }

  deinit { queue.close() }

  var now: Instant { .now }
  var minimumResolution: Duration { ContinuousClock().minimumResolution }

  func enqueue(_ job: consuming ExecutorJob) {
    queue.push(UnownedJob(job), asUnownedTaskExecutor())
  }

  /// Waits until then; throws at once where the task is cancelled.
  func sleep(until end: Instant, tolerance: Duration?) async throws {
    let number = queue.nextNumber()
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        queue.sleep(number, until: end, continuation)
        // Where that came first it found nobody.
        if Task.isCancelled { queue.endSleep(number) }
      }
    } onCancel: {
      queue.endSleep(number)
    }
    try Task.checkCancellation()
  }
}
