import Synchronization
import TendEngine
import TendTesting

#if canImport(Glibc)
private import Glibc
#elseif canImport(Musl)
private import Musl
#elseif canImport(Darwin)
private import Darwin
#endif

/// Runs jobs one at a time on the thread that drives it, in an order that a seed decides.
///
/// When nothing is left to run, the clock goes to its next sleeper.
final class SeededExecutor: TaskExecutor {
  fileprivate struct State {
    var jobs: [UnownedJob] = []
    var random: SplitMix
    var steps = 0
    var thread: UInt?
    /// Whether a job came from a thread that is not the driving one.
    var isDisturbed = false
    var trap: (step: Int, action: @Sendable () -> Void)?
  }

  private let state: Mutex<State>
  private let clock: ManualClock
  private let limit: Int

  init(seed: UInt64, clock: ManualClock, limit: Int) {
    state = Mutex(State(random: SplitMix(state: seed)))
    self.clock = clock
    self.limit = limit
  }

  /// How many jobs were run so far.
  var steps: Int { state.withLock { $0.steps } }

  /// Does this between two jobs, once so many more have run; it takes the place of an earlier one.
  func after(steps: Int, _ action: @escaping @Sendable () -> Void) {
    state.withLock { $0.trap = ($0.steps + steps, action) }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let current = Self.currentThread
    state.withLock { state in
      state.jobs.append(job)
      if let thread = state.thread, thread != current { state.isDisturbed = true }
    }
  }

  /// Runs the body to its end.
  func run<Answer: Sendable>(
    _ body: @escaping @Sendable () async throws -> Answer
  ) throws -> Answer {
    state.withLock { $0.thread = Self.currentThread }
    defer { state.withLock { $0.thread = nil } }
    let box = Box<Answer>()
    _ = Task(executorPreference: self) {
      do {
        let value = try await body()
        box.answer.withLock { $0 = .success(value) }
      } catch {
        box.answer.withLock { $0 = .failure(error) }
      }
    }
    while true {
      if let answer = box.answer.withLock({ $0 }) {
        if state.withLock({ $0.isDisturbed }) { throw SimulationError.foreign }
        return try answer.get()
      }
      if let job = try next() {
        job.runSynchronously(on: asUnownedTaskExecutor())
      } else if !clock.advanceToNextSleeper() {
        throw SimulationError.halted
      }
    }
  }

  /// The next job as the seed draws it; nil where nobody wants to run.
  private func next() throws(SimulationError) -> UnownedJob? {
    let (job, action, failure) = state.withLock { state in
      if state.isDisturbed { return Turn(nil, nil, .foreign) }
      if state.steps >= limit { return Turn(nil, nil, .endless(steps: limit)) }
      guard !state.jobs.isEmpty else { return Turn(nil, nil, nil) }
      state.steps += 1
      let index = Int(state.random.next() % UInt64(state.jobs.count))
      state.jobs.swapAt(index, state.jobs.count - 1)
      return Turn(state.jobs.popLast(), state.takeTrap(), nil)
    }
    if let failure { throw failure }
    action?()
    return job
  }

  private typealias Turn = (UnownedJob?, (@Sendable () -> Void)?, SimulationError?)

  private static var currentThread: UInt {
    #if canImport(Darwin)
    UInt(bitPattern: pthread_self())
    #else
    UInt(pthread_self())
    #endif
  }
}

extension SeededExecutor.State {
  /// What is to be done now, once.
  fileprivate mutating func takeTrap() -> (@Sendable () -> Void)? {
    guard let due = trap, steps >= due.step else { return nil }
    trap = nil
    return due.action
  }
}

private final class Box<Answer: Sendable>: Sendable {
  let answer = Mutex<Swift.Result<Answer, any Error>?>(nil)
}
