private import Glibc
private import Synchronization

/// Threads of its own for calls that block, so that none ever blocks the cooperative pool.
///
/// A thread is made when a job finds none idle, up to the limit; a job beyond it waits for one.
/// Threads wait for a byte of a pipe, one for each job, and end with `close()`.
final class BlockingThreads: TaskExecutor {
  private struct State {
    var jobs: [UnownedJob] = []
    var first = 0
    var idle = 0
    var threads = 0
    var isClosed = false

    mutating func take() -> UnownedJob? {
      guard first < jobs.count else { return nil }
      defer {
        first += 1
        if first == jobs.count {
          jobs.removeAll(keepingCapacity: true)
          first = 0
        }
      }
      return jobs[first]
    }
  }

  private let state = Mutex(State())
  private let limit: Int
  private let wakeUps: Descriptor
  private let waker: Descriptor

  /// Makes no thread yet.
  init(limit: Int) {
    self.limit = Swift.max(1, limit)
    var ends: (Int32, Int32) = (-1, -1)
    withUnsafeMutableBytes(of: &ends) { bytes in
      if let base = bytes.assumingMemoryBound(to: Int32.self).baseAddress { _ = pipe(base) }
    }
    _ = fcntl(ends.0, F_SETFD, FD_CLOEXEC)
    _ = fcntl(ends.1, F_SETFD, FD_CLOEXEC)
    wakeUps = Descriptor(ends.0)
    waker = Descriptor(ends.1)
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let needsThread = state.withLock { state in
      state.jobs.append(job)
      let waiting = state.jobs.count - state.first
      guard state.idle < waiting, state.threads < limit else { return false }
      state.threads += 1
      return true
    }
    if needsThread { spawn() }
    post(1)
  }

  /// Ends the threads once their jobs are done.
  func close() {
    let threads = state.withLock { state in
      state.isClosed = true
      return state.threads
    }
    post(threads)
  }

  private func post(_ count: Int) {
    for _ in 0..<count { _ = write(waker.raw, [1] as [UInt8], 1) }
  }

  private func spawn() {
    let context = Unmanaged.passRetained(self).toOpaque()
    var thread = pthread_t()
    let result = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<BlockingThreads>.fromOpaque(context).takeRetainedValue().work()
        return nil
      }, context)
    if result == 0 {
      pthread_detach(thread)
    } else {
      Unmanaged<BlockingThreads>.fromOpaque(context).release()
      state.withLock { $0.threads -= 1 }
    }
  }

  private func work() {
    while true {
      state.withLock { $0.idle += 1 }
      var byte: UInt8 = 0
      let isWoken = read(wakeUps.raw, &byte, 1) == 1
      let (job, isClosed) = state.withLock { state in
        state.idle -= 1
        return (state.take(), state.isClosed)
      }
      if let job { job.runSynchronously(on: asUnownedTaskExecutor()) }
      if job == nil, isClosed || (!isWoken && errno != EINTR) { break }
    }
    state.withLock { $0.threads -= 1 }
  }
}

/// Runs a call that blocks on a thread of its own.
package func onThreadOfItsOwn<Result: Sendable>(
  _ body: @Sendable () throws -> Result
) async rethrows -> Result {
  let threads = BlockingThreads(limit: 1)
  defer { threads.close() }
  return try await withTaskExecutorPreference(threads) { try body() }
}
