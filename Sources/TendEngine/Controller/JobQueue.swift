import Tend

#if canImport(Glibc)
private import Glibc
#elseif canImport(Darwin)
private import Darwin
#endif

/// What threads of an executor work through: jobs, and tasks that sleep until their time has come.
///
/// What guards the state: `mutex`, a pthread mutex at a fixed address, around every access to
/// `jobs`, `head`, `sleepers`, `number` and `isClosed`; a condition tells who waits for them.
final class JobQueue: @unchecked Sendable {
  /// What a thread does next.
  private enum Turn {
    case job(UnownedJob, UnownedTaskExecutor)
    case wake(CheckedContinuation<Void, Never>)
  }

  private struct Sleeper {
    let number: UInt64
    let end: ContinuousClock.Instant
    let continuation: CheckedContinuation<Void, Never>
  }

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var jobs: [(UnownedJob, UnownedTaskExecutor)] = []
  private var head = 0
  /// Who sleeps, the next one to be woken last.
  ///
  /// A few: tasks that live as long as the engine, and workers that wait for what they do.
  private var sleepers: [Sleeper] = []
  private var number: UInt64 = 0
  private var isClosed = false

  init() {
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    #if !canImport(Darwin)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    #endif
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  private func withLock<Answer>(_ body: () -> Answer) -> Answer {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }

  func push(_ job: UnownedJob, _ executor: UnownedTaskExecutor) {
    withLock { jobs.append((job, executor)) }
    pthread_cond_signal(condition)
  }

  func close() {
    withLock { isClosed = true }
    pthread_cond_broadcast(condition)
  }

  // MARK: Sleeping

  /// Names who is about to sleep.
  func nextNumber() -> UInt64 {
    withLock {
      number &+= 1
      return number
    }
  }

  /// Has one of the threads resume this once its time has come.
  func sleep(
    _ number: UInt64, until end: ContinuousClock.Instant,
    _ continuation: CheckedContinuation<Void, Never>
  ) {
    let isNext = withLock {
      let place = sleepers.firstIndex { $0.end <= end } ?? sleepers.endIndex
      let isNext = place == sleepers.endIndex
      sleepers.insert(Sleeper(number: number, end: end, continuation: continuation), at: place)
      return isNext
    }
    if isNext { pthread_cond_signal(condition) }
  }

  /// Wakes a sleeper early; without effect where it sleeps no more.
  func endSleep(_ number: UInt64) {
    let sleeper = withLock {
      sleepers.firstIndex { $0.number == number }.map { sleepers.remove(at: $0) }
    }
    sleeper?.continuation.resume()
  }

  // MARK: Threads

  private func next() -> Turn? {
    withLock {
      while true {
        if let sleeper = sleepers.last, sleeper.end <= .now {
          sleepers.removeLast()
          return .wake(sleeper.continuation)
        }
        if head < jobs.count { return takeJob() }
        if isClosed { return nil }
        wait(until: sleepers.last?.end)
      }
    }
  }

  private func takeJob() -> Turn {
    let (job, executor) = jobs[head]
    head += 1
    if head == jobs.count {
      jobs.removeAll(keepingCapacity: jobs.capacity < 1024)
      head = 0
    }
    return .job(job, executor)
  }

  /// At most a minute: the condition's clock stands still while the machine is suspended.
  private static let longestWait = Duration.seconds(60)

  private func wait(until end: ContinuousClock.Instant?) {
    guard let end else {
      pthread_cond_wait(condition, mutex)
      return
    }
    let rest = min(max(.zero, ContinuousClock.now.duration(to: end)), Self.longestWait)
    var time = timespec()
    #if canImport(Darwin)
    (time.tv_sec, time.tv_nsec) = Self.parts(rest.nanoseconds)
    pthread_cond_timedwait_relative_np(condition, mutex, &time)
    #else
    clock_gettime(CLOCK_MONOTONIC, &time)
    let (seconds, nanoseconds) = Self.parts(Int64(time.tv_nsec) + rest.nanoseconds)
    (time.tv_sec, time.tv_nsec) = (time.tv_sec + seconds, nanoseconds)
    pthread_cond_timedwait(condition, mutex, &time)
    #endif
  }

  private static func parts(_ nanoseconds: Int64) -> (seconds: Int, nanoseconds: Int) {
    let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    return (Int(seconds), Int(rest))
  }

  private func work() {
    while let turn = next() {
      switch turn {
      case .job(let job, let executor): job.runSynchronously(on: executor)
      case .wake(let continuation): continuation.resume()
      }
    }
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
        Unmanaged<JobQueue>.fromOpaque(argument).takeRetainedValue().work()
        return nil
      }, context.toOpaque())
    if status != 0 { context.release() }
    pthread_attr_destroy(&attributes)
  }
}
