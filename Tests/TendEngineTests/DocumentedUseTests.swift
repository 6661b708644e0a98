import Synchronization
import TendEngine
import TendTesting
import Testing

/// The uses that comments show, to the letter.
final class DocumentedUseTests: Sendable {
  private let visits = Mutex<[String]>([])

  private func visit(_ key: String) async -> Bool {
    visits.withLock { $0.append(key) }
    return true
  }

  private func work(_ ticket: Scheduler.Ticket) async -> Bool { await visit("work") }

  @Test("the scheduler works as its comment shows")
  func scheduler() async {
    let scheduler = Scheduler()
    let lane = scheduler.addLane(limit: 4)
    let key = scheduler.register(lane)
    scheduler.add(key, priority: .drift)
    async let report = scheduler.shutDown(.finishReady)
    await withTaskGroup { group in
      group.addTask { await scheduler.run() }  // the timer
      group.addTask {  // a worker
        while let ticket = await scheduler.next(lane) {
          scheduler.finish(ticket, await work(ticket) ? .done : .failed())
        }
      }
    }
    _ = await report
    #expect(visits.withLock { $0 } == ["work"])
  }

  @Test("the scheduler of keys works as its comment shows")
  func keyedScheduler() async {
    let scheduler = KeyedScheduler<String>(limit: 4)
    scheduler.add("host-7")
    async let report = scheduler.shutDown(.finishReady)
    while let run = await scheduler.next() {
      scheduler.finish(run, await visit(run.key) ? .done : .failed())
    }
    _ = await report
    #expect(visits.withLock { $0 } == ["host-7"])
  }

  @Test("the manual clock works as its comment shows")
  func manualClock() async throws {
    let clock = ManualClock()
    async let slept: Void = clock.sleep(for: .seconds(5))
    await clock.waitForSleepers()
    clock.advance(by: .seconds(5))
    try await slept
    #expect(clock.now.offset == .seconds(5))
  }
}
