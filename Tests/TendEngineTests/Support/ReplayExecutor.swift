import Synchronization
import TendTesting

@testable import TendEngine

/// Runs jobs one at a time on the thread that drives it, in an order that a seed decides.
///
/// When nothing is left to run, the clock goes to its next sleeper.
final class ReplayExecutor: TaskExecutor {
  private struct State {
    var jobs: [UnownedJob] = []
    var random: SplitMix
  }

  private let state: Mutex<State>
  private let clock: ManualClock

  init(seed: UInt64, clock: ManualClock) {
    state = Mutex(State(random: SplitMix(state: seed)))
    self.clock = clock
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    state.withLock { $0.jobs.append(job) }
  }

  /// Runs the body to its end; nil where it can't go on: no job, no sleeper, not done.
  func run<Answer: Sendable>(
    _ body: @escaping @Sendable () async throws -> Answer
  ) -> Swift.Result<Answer, any Error>? {
    let box = Box<Answer>()
    _ = Task(executorPreference: self) {
      do {
        let value = try await body()
        box.answer.withLock { $0 = .success(value) }
      } catch {
        box.answer.withLock { $0 = .failure(error) }
      }
    }
    while box.answer.withLock({ $0 == nil }) {
      guard let job = next() else {
        if clock.advanceToNextSleeper() { continue }
        return nil
      }
      job.runSynchronously(on: asUnownedTaskExecutor())
    }
    return box.answer.withLock { $0 }
  }

  private func next() -> UnownedJob? {
    state.withLock { state in
      guard !state.jobs.isEmpty else { return nil }
      let index = Int(state.random.next() % UInt64(state.jobs.count))
      return state.jobs.remove(at: index)
    }
  }
}

private final class Box<Answer: Sendable>: Sendable {
  let answer = Mutex<Swift.Result<Answer, any Error>?>(nil)
}
