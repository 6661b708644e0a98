import Synchronization
import TendEngine
import Testing

/// For each key: who runs it now, and what its runs saw of what was written before its adds.
private final class Ledger: Sendable {
  private let running: Mutex<[Int]>
  /// The newest number written for each key, and the newest that a run has seen.
  private let numbers: Mutex<(written: [Int], seen: [Int])>
  let overlaps = Atomic<Int>(0)

  init(_ keys: Int) {
    running = Mutex(Array(repeating: 0, count: keys))
    numbers = Mutex((Array(repeating: 0, count: keys), Array(repeating: 0, count: keys)))
  }

  func write(_ key: Int) { numbers.withLock { $0.written[key] += 1 } }

  func begin(_ key: Int) {
    let holders = running.withLock { running in
      running[key] += 1
      return running[key]
    }
    if holders != 1 { overlaps.add(1, ordering: .relaxed) }
    numbers.withLock { $0.seen[key] = $0.written[key] }
  }

  func end(_ key: Int) { running.withLock { $0[key] -= 1 } }

  var missed: Int { numbers.withLock { zip($0.written, $0.seen).count { $0 != $1 } } }
}

@Suite("Scheduler: many at once", .timeLimit(.minutes(5)))
struct SchedulerStressTests {
  static let dispositions: [Scheduler.Disposition] = [
    .done, .failed(), .again(after: .milliseconds(1)), .unstarted, .done, .done,
  ]

  @Test("no key ever runs twice at once, and each runs after its last add", arguments: 1...100)
  func handles(round: Int) async {
    let keys = 17
    let scheduler = Scheduler(
      .init(backoff: Backoff(base: .milliseconds(1), cap: .milliseconds(2))), seed: UInt64(round))
    let lane = scheduler.addLane(limit: 1 + round % 4)
    let handles = (0..<keys).map { scheduler.register(lane, payload: UInt32($0)) }
    let ledger = Ledger(keys)
    await withTaskGroup { group in
      group.addTask { await scheduler.run() }
      for worker in 0..<4 {
        group.addTask { await work(scheduler, lane, ledger, batches: (worker + round) % 2 == 0) }
      }
      await withTaskGroup { producers in
        for producer in 0..<3 {
          producers.addTask { produce(producer + round, scheduler, handles, ledger) }
        }
      }
      for handle in handles { scheduler.add(handle, priority: .revision) }
      let report = await scheduler.shutDown(.finishReady)
      #expect(report.ready == 0 && report.running == 0)
    }
    #expect(ledger.overlaps.load(ordering: .relaxed) == 0)
    #expect(ledger.missed == 0, "the run after the last add sees what was written before it")
    #expect(scheduler.metrics.lanes[0].running == 0 && scheduler.metrics.lanes[0].busyWorkers == 0)
  }

  @Test("the same for keys by value, which leave nothing behind", arguments: 1...20)
  func keyed(round: Int) async {
    let keys = 23
    let scheduler = KeyedScheduler<String>(limit: 3)
    let ledger = Ledger(keys)
    await withTaskGroup { group in
      group.addTask { await scheduler.run() }
      for _ in 0..<3 {
        group.addTask {
          var batch = scheduler.batch()
          while await scheduler.next(&batch) {
            for position in 0..<batch.count {
              guard let key = Int(batch.key(position)) else { continue }
              ledger.begin(key)
              ledger.end(key)
              batch.finish(position, .done)
            }
          }
        }
      }
      await withTaskGroup { producers in
        for producer in 0..<3 {
          producers.addTask {
            for turn in 0..<400 {
              let key = (turn &* 7 &+ producer &* 5 &+ round) % keys
              ledger.write(key)
              scheduler.add("\(key)", after: turn % 5 == 0 ? .milliseconds(1) : .zero)
            }
          }
        }
      }
      for key in 0..<keys { scheduler.add("\(key)") }
      _ = await scheduler.shutDown(.finishReady)
    }
    #expect(ledger.overlaps.load(ordering: .relaxed) == 0)
    #expect(ledger.missed == 0)
    #expect(scheduler.metrics.keys == 0)
  }

  @Test("workers that come, go and are cancelled lose no wake-up", arguments: 1...50)
  func cancellation(round: Int) async {
    let scheduler = Scheduler()
    let lane = scheduler.addLane(limit: 8)
    let handles = (0..<8).map { scheduler.register(lane, payload: UInt32($0)) }
    let ledger = Ledger(8)
    await withTaskGroup { group in
      group.addTask { await work(scheduler, lane, ledger, batches: round % 2 == 0) }
      for _ in 0..<20 {
        await withTaskGroup { passing in
          for batches in [true, false] {
            passing.addTask { await work(scheduler, lane, ledger, batches: batches) }
          }
          for (key, handle) in handles.enumerated() {
            ledger.write(key)
            scheduler.add(handle)
          }
          passing.cancelAll()
        }
      }
      await until { ledger.missed == 0 && scheduler.metrics.lanes[0].running == 0 }
      _ = await scheduler.shutDown(.finishReady)
    }
    #expect(ledger.overlaps.load(ordering: .relaxed) == 0)
    #expect(scheduler.metrics.lanes[0].busyWorkers == 0)
    #expect(scheduler.metrics.lanes[0].idleWorkers == 0)
  }
}

private func produce(
  _ salt: Int, _ scheduler: Scheduler, _ handles: [Scheduler.Handle], _ ledger: Ledger
) {
  for turn in 0..<400 {
    let key = (turn &* 31 &+ salt &* 7) % handles.count
    ledger.write(key)
    let delay: Duration = turn % 7 == 0 ? .milliseconds(turn % 3) : .zero
    scheduler.add(
      handles[key], priority: turn % 2 == 0 ? .drift : .resync, after: delay,
      supersedes: turn % 11 == 0)
    if turn % 13 == 0 { scheduler.postpone(handles[key], by: .milliseconds(1)) }
  }
}

private func work(
  _ scheduler: Scheduler, _ lane: Scheduler.Lane, _ ledger: Ledger, batches: Bool
) async {
  func run(_ ticket: Scheduler.Ticket, _ turn: Int) -> Scheduler.Disposition {
    let disposition = SchedulerStressTests.dispositions[turn % 6]
    guard disposition != .unstarted else { return .unstarted }
    ledger.begin(Int(ticket.payload))
    ledger.end(Int(ticket.payload))
    return disposition
  }
  var turn = 0
  if batches {
    var batch = Scheduler.Batch(lane)
    while await scheduler.next(&batch) {
      for position in 0..<batch.count {
        turn += 1
        batch.finish(position, run(batch[position], turn))
      }
    }
  } else {
    while let ticket = await scheduler.next(lane) {
      turn += 1
      scheduler.finish(ticket, run(ticket, turn))
    }
  }
}
