import Synchronization
import TendEngine
import TendTesting
import Testing

/// The uses that comments show, to the letter.
struct DocumentedUseTests {
  private final class Visits: Sendable {
    private let keys = Mutex<[String]>([])

    var all: [String] { keys.withLock { $0 } }

    func add(_ key: String) -> Bool {
      keys.withLock { $0.append(key) }
      return true
    }
  }

  @Test("the scheduler works as its comment shows")
  func scheduler() async {
    let visits = Visits()
    @Sendable func work(_ ticket: Scheduler.Ticket) async -> Bool { visits.add("work") }

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
    #expect(visits.all == ["work"])
  }

  @Test("the scheduler of keys works as its comment shows")
  func keyedScheduler() async {
    let visits = Visits()
    func visit(_ key: String) async -> Bool { visits.add(key) }

    let scheduler = KeyedScheduler<String>(limit: 4)
    scheduler.add("host-7")
    async let report = scheduler.shutDown(.finishReady)
    while let run = await scheduler.next() {
      scheduler.finish(run, await visit(run.key) ? .done : .failed())
    }
    _ = await report
    #expect(visits.all == ["host-7"])
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
