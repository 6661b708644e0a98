import Synchronization
import TendEngine
import TendTesting
import Testing

@Suite("Scheduler: workers, timer, shutdown", .timeLimit(.minutes(1)))
struct SchedulerDriverTests {
  @Test("a sleeping worker gets a key that is added")
  func wake() async {
    let scheduler = Scheduler()
    let lane = scheduler.addLane(limit: 1)
    let key = scheduler.register(lane, payload: 7)
    async let ticket = scheduler.next(lane)
    await until { scheduler.metrics.lanes[0].idleWorkers == 1 }
    #expect(scheduler.add(key))
    #expect(await ticket?.payload == 7)
  }

  @Test("the timer ends delays at their time and not before")
  func timer() async {
    let clock = ManualClock()
    let scheduler = Scheduler(clock: clock)
    let lane = scheduler.addLane(limit: 1)
    let keys = (0..<3).map { scheduler.register(lane, payload: $0) }
    await withTaskGroup { group in
      group.addTask { await scheduler.run() }
      scheduler.add(keys[0], after: .seconds(40))
      await clock.waitForSleepers()
      scheduler.add(keys[1], after: .milliseconds(5))
      await until { clock.nextDeadline == .init(offset: .milliseconds(5)) }
      clock.advance(by: .milliseconds(4))
      #expect(scheduler.metrics.lanes[0].ready == 0)
      async let first = scheduler.next(lane)
      await until { scheduler.metrics.lanes[0].idleWorkers == 1 }
      clock.advance(by: .milliseconds(1))
      let ticket = await first
      #expect(ticket?.payload == 1)
      if let ticket { scheduler.finish(ticket, .done) }
      await sleepUntilReady(scheduler, clock, limit: 6)
      #expect(clock.now == .init(offset: .seconds(40)))
      #expect(scheduler.takeIfReady(lane)?.payload == 0)
      group.cancelAll()
    }
  }

  @Test("a worker that asks ends delays too, where no timer runs")
  func withoutTimer() async {
    let clock = ManualClock()
    let scheduler = Scheduler(clock: clock)
    let lane = scheduler.addLane(limit: 1)
    scheduler.add(scheduler.register(lane), after: .seconds(3_600))
    clock.advance(by: .seconds(3_599))
    #expect(scheduler.takeIfReady(lane) == nil)
    clock.advance(by: .seconds(1))
    #expect(scheduler.takeIfReady(lane) != nil)
  }

  @Test("cancelling a worker that sleeps gives it nil, and no wake-up is lost")
  func cancelWorker() async {
    let scheduler = Scheduler()
    let lane = scheduler.addLane(limit: 2)
    let key = scheduler.register(lane)
    await withTaskGroup { group in
      group.addTask { await scheduler.next(lane) }
      await until { scheduler.metrics.lanes[0].idleWorkers == 1 }
      group.cancelAll()
      #expect(await group.next() == .some(nil))
    }
    #expect(scheduler.metrics.lanes[0].idleWorkers == 0)
    scheduler.add(key)
    #expect(await scheduler.next(lane) != nil)
  }

  @Test("finishRunning: what runs ends, what is ready or waits is counted and not run")
  func finishRunning() async throws {
    let scheduler = Scheduler(clock: ManualClock())
    let lane = scheduler.addLane(limit: 2)
    let keys = (0..<5).map { scheduler.register(lane, payload: $0) }
    scheduler.add(keys[0])
    let ticket = try #require(scheduler.takeIfReady(lane))
    scheduler.add(all: [keys[1], keys[2]])
    scheduler.add(keys[3], after: .seconds(1))
    async let timer: Void = scheduler.run()
    async let report = scheduler.shutDown(.finishRunning)
    await timer
    #expect(await scheduler.next(lane) == nil)
    #expect(!scheduler.add(keys[4]))
    #expect(scheduler.finish(ticket, .again(after: .seconds(1))))
    let left = await report
    #expect(left.delayed == 2 && left.ready == 2 && left.running == 0 && left.refused == 1)
  }

  @Test("finishReady: what is ready runs, with what was added to running keys before")
  func finishReady() async throws {
    let scheduler = Scheduler(clock: ManualClock())
    let lane = scheduler.addLane(limit: 2)
    let keys = (0..<4).map { scheduler.register(lane, payload: $0) }
    scheduler.add(keys[0])
    let ticket = try #require(scheduler.takeIfReady(lane))
    scheduler.add(all: keys[0...2])
    scheduler.add(keys[3], after: .seconds(1))
    let seen = Journal()
    await withTaskGroup { group in
      group.addTask {
        while let ticket = await scheduler.next(lane) {
          seen.append(ticket.payload)
          scheduler.finish(ticket, .failed())
        }
      }
      async let report = scheduler.shutDown(.finishReady)
      await until { seen.payloads.count == 2 }
      scheduler.finish(ticket, .done)
      let left = await report
      #expect(left.delayed == 4 && left.ready == 0 && left.running == 0)
    }
    #expect(seen.payloads == [1, 2, 0])
  }

  @Test("shutdown leaves nobody waiting: all workers get nil, the timer returns")
  func joins() async {
    for mode in [Scheduler.Shutdown.finishRunning, .finishReady] {
      let scheduler = Scheduler()
      let lanes = [scheduler.addLane(limit: 3), scheduler.addLane(limit: 3)]
      await withTaskGroup { group in
        group.addTask { await scheduler.run() }
        for lane in lanes {
          for _ in 0..<3 { group.addTask { #expect(await scheduler.next(lane) == nil) } }
        }
        await until { scheduler.metrics.lanes.allSatisfy { $0.idleWorkers == 3 } }
        _ = await scheduler.shutDown(mode)
      }
    }
  }

  @Test("waiting for the end can be cancelled; the report says what still runs")
  func cancelShutdown() async throws {
    let scheduler = Scheduler()
    let lane = scheduler.addLane(limit: 1)
    scheduler.add(scheduler.register(lane))
    let ticket = try #require(scheduler.takeIfReady(lane))
    await withTaskGroup { group in
      group.addTask { await scheduler.shutDown() }
      group.cancelAll()
      #expect(await group.next()?.running == 1)
    }
    #expect(scheduler.finish(ticket, .done))
    #expect(await scheduler.shutDown().running == 0)
  }

  @Test("a lane of another scheduler gets nothing and harms nothing")
  func strangeLane() async {
    let other = Scheduler()
    let lanes = (0..<3).map { _ in other.addLane(limit: 1) }
    let scheduler = Scheduler()
    let own = scheduler.addLane(limit: 1)
    scheduler.add(scheduler.register(own))
    scheduler.setLimit(0, of: lanes[2])
    #expect(!scheduler.add(scheduler.register(lanes[2])))
    #expect(scheduler.takeIfReady(lanes[2]) == nil)
    #expect(await scheduler.next(lanes[2]) == nil)
    var batch = Scheduler.Batch(lanes[2])
    #expect(await scheduler.next(&batch) == false)
    #expect(await scheduler.next(own) != nil)
  }

  @Test("nothing keeps a scheduler alive after its end")
  func leak() async {
    weak var gone: Scheduler?
    do {
      let scheduler = Scheduler()
      gone = scheduler
      let lane = scheduler.addLane(limit: 1)
      scheduler.add(scheduler.register(lane), after: .seconds(3_600))
      await withTaskGroup { group in
        group.addTask { await scheduler.run() }
        group.addTask { _ = await scheduler.next(lane) }
        await until { scheduler.metrics.lanes[0].idleWorkers == 1 }
        _ = await scheduler.shutDown()
      }
    }
    #expect(gone == nil)
  }

  /// Moves the clock from sleeper to sleeper until something is ready.
  private func sleepUntilReady(
    _ scheduler: Scheduler, _ clock: ManualClock, limit: Int
  ) async {
    for _ in 0..<limit where scheduler.metrics.lanes[0].ready == 0 {
      await clock.waitForSleepers()
      clock.advanceToNextSleeper()
      await until { scheduler.metrics.lanes[0].ready > 0 || clock.sleeperCount > 0 }
    }
  }
}

/// What workers saw, in order.
final class Journal: Sendable {
  private let seen = Mutex<[UInt32]>([])

  var payloads: [UInt32] { seen.withLock { $0 } }

  func append(_ payload: UInt32) { seen.withLock { $0.append(payload) } }
}

/// Lets others run until this holds; the test's time limit ends it otherwise.
func until(_ condition: () -> Bool) async {
  while !condition(), !Task.isCancelled { await Task.yield() }
}
