import Synchronization

#if canImport(Glibc)
private import Glibc
#elseif canImport(Darwin)
private import Darwin
#endif

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

/// The jobs, with a condition to wait for them.
///
/// What guards the state: `mutex`, a pthread mutex at a fixed address, around every access to
/// `jobs` and `isClosed`.
private final class JobQueue: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var jobs: [(UnownedJob, UnownedTaskExecutor)] = []
  private var head = 0
  private var isClosed = false

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  func push(_ job: UnownedJob, _ executor: UnownedTaskExecutor) {
    pthread_mutex_lock(mutex)
    jobs.append((job, executor))
    pthread_mutex_unlock(mutex)
    pthread_cond_signal(condition)
  }

  func close() {
    pthread_mutex_lock(mutex)
    isClosed = true
    pthread_mutex_unlock(mutex)
    pthread_cond_broadcast(condition)
  }

  private func pop() -> (UnownedJob, UnownedTaskExecutor)? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while head == jobs.count {
      if isClosed { return nil }
      pthread_cond_wait(condition, mutex)
    }
    let job = jobs[head]
    head += 1
    if head == jobs.count {
      jobs.removeAll(keepingCapacity: jobs.capacity < 1024)
      head = 0
    }
    return job
  }

  func startThread() {
    var thread = pthread_t()
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    let context = Unmanaged.passRetained(self)
    let status = pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument else { return nil }
        let queue = Unmanaged<JobQueue>.fromOpaque(argument).takeRetainedValue()
        while let (job, executor) = queue.pop() { job.runSynchronously(on: executor) }
        return nil
      }, context.toOpaque())
    if status != 0 { context.release() }
    pthread_attr_destroy(&attributes)
  }
}
