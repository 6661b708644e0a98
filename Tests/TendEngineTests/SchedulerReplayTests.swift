import Synchronization
import TendTesting
import Testing

@testable import TendEngine

/// Runs all jobs on the calling thread, the next one drawn by a seed; time moves when nothing is
/// left.
private final class SeededExecutor: TaskExecutor {
  private struct State {
    var jobs: [UnownedJob] = []
    var random: SplitMix
  }

  private let state: Mutex<State>
  let clock = ManualClock()

  init(seed: UInt64) { state = Mutex(State(random: SplitMix(state: seed))) }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    state.withLock { $0.jobs.append(job) }
  }

  private func draw() -> UnownedJob? {
    state.withLock { state in
      guard !state.jobs.isEmpty else { return nil }
      return state.jobs.remove(at: Int(state.random.next() % UInt64(state.jobs.count)))
    }
  }

  /// Runs until nothing is left to do and nobody sleeps.
  func run() {
    repeat {
      while let job = draw() { job.runSynchronously(on: asUnownedTaskExecutor()) }
    } while clock.advanceToNextSleeper()
  }
}

@Suite("Scheduler: replay")
struct SchedulerReplayTests {
  /// What ran when, in words.
  private final class History: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
  }

  private static func play(seed: UInt64) -> [String] {
    let executor = SeededExecutor(seed: seed)
    let history = History()
    // The root of the simulation: all that it starts are child tasks on the seeded executor.
    Task(executorPreference: executor) { await scenario(executor.clock, history) }
    executor.run()
    return history.all
  }

  private static func scenario(_ clock: ManualClock, _ history: History) async {
    let scheduler = Scheduler(clock: clock, seed: 5)
    let lane = scheduler.addLane(limit: 3)
    let handles = (0..<12).map { scheduler.register(lane, payload: $0) }
    await withTaskGroup { group in
      group.addTask { await scheduler.run() }
      for worker in 0..<3 {
        group.addTask {
          while let ticket = await scheduler.next(lane) {
            history.add("\(clock.now.offset) worker \(worker) key \(ticket.payload)")
            if ticket.payload % 3 == 0 { try? await clock.sleep(for: .milliseconds(7)) }
            let fails = ticket.payload % 4 == 0 && ticket.failures < 3
            scheduler.finish(ticket, fails ? .failed() : .done)
          }
        }
      }
      group.addTask {
        for turn in 0..<40 {
          scheduler.add(handles[turn * 5 % 12], after: .milliseconds(turn % 4 * 13))
          await Task.yield()
        }
        try? await clock.sleep(for: .seconds(60))
        _ = await scheduler.shutDown(.finishReady)
      }
    }
    history.add("\(clock.now.offset) end")
  }

  @Test("with one seed everything happens again in the same way; other seeds differ")
  func replay() {
    let first = Self.play(seed: 1)
    #expect(first.last == "60.0 seconds end")
    #expect(first.count > 20)
    for _ in 0..<10 { #expect(Self.play(seed: 1) == first) }
    #expect(Set((1...20).map { Self.play(seed: $0) }).count > 5)
  }
}
