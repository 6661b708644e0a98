/// Threads of its own for the worker loops of a provider whose calls block.
///
/// Jobs run in the order in which they came, on whichever thread is free. The threads end when the
/// executor is gone.
package final class BlockingThreads: TaskExecutor {
  private let queue = JobQueue()

  /// Starts this many threads, at least one.
  package init(count: Int, name: String) {
    for _ in 0..<max(1, count) { queue.startThread() }
  }

  /// One more, in place of one that does not come back.
  package func addThread() { queue.startThread() }

  deinit { queue.close() }

  package func enqueue(_ job: consuming ExecutorJob) {
    queue.push(UnownedJob(job), asUnownedTaskExecutor())
  }
}
