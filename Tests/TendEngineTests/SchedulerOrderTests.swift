import Testing

@testable import TendEngine

@Suite("Scheduler: order, limits, lanes")
struct SchedulerOrderTests {
  @Test("higher priorities first, first come first served within one")
  func order() {
    let fixture = Fixture()
    let keys = fixture.keys(8)
    let priorities: [Scheduler.Priority] = [
      .resync, .drift, .revision, .retry, .drift, .resync, .revision, .retry,
    ]
    for (key, priority) in zip(keys, priorities) { fixture.add(key, priority) }
    #expect(fixture.drain() == [2, 6, 1, 4, 3, 7, 0, 5])
  }

  @Test("a raised key goes to the end of its new priority, one added again keeps its place")
  func raise() {
    let fixture = Fixture()
    let keys = fixture.keys(4)
    for key in keys { fixture.add(key, .drift) }
    fixture.add(keys[3], .revision)
    fixture.add(keys[0], .drift)
    fixture.add(keys[2], .revision)
    fixture.add(keys[1], .resync)
    #expect(fixture.drain() == [3, 2, 0, 1])
  }

  @Test("a resync gets its turn however many revisions come, within the stated bound")
  func ageing() throws {
    let fixture = Fixture()
    let low = fixture.keys(3)
    for key in low { fixture.add(key, .resync) }
    let busy = try #require(fixture.keys(1).first)
    var takenAt: [Int] = []
    for taken in 0..<64 {
      fixture.advance(milliseconds: 1)
      fixture.add(busy, .revision)
      let ticket = try #require(fixture.take())
      if ticket.priority == .resync { takenAt.append(taken) }
      fixture.finish(ticket)
    }
    #expect(takenAt == [15, 31, 47], "one of 16, in their order")
  }

  @Test("the oldest head gets the aged turn, whatever its priority")
  func oldest() throws {
    let fixture = Fixture()
    let keys = fixture.keys(2)
    fixture.add(keys[0], .drift)
    fixture.advance(milliseconds: 1)
    fixture.add(keys[1], .resync)
    let busy = try #require(fixture.keys(1).first)
    var order: [Scheduler.Priority] = []
    for _ in 0..<32 {
      fixture.advance(milliseconds: 1)
      fixture.add(busy, .revision)
      let ticket = try #require(fixture.take())
      if ticket.handle != busy { order.append(ticket.priority) }
      fixture.finish(ticket)
    }
    #expect(order == [.drift, .resync])
  }

  @Test("a lane's limit and a pause hold, and lifting them lets go on")
  func limits() throws {
    let fixture = Fixture(limit: 2)
    for key in fixture.keys(4) { fixture.add(key) }
    let first = try #require(fixture.take())
    let second = try #require(fixture.take())
    #expect(fixture.take() == nil)
    fixture.finish(first)
    fixture.state.setLimit(0, ofLane: fixture.lane)
    #expect(fixture.take() == nil)
    fixture.finish(second)
    #expect(fixture.take() == nil, "the lane is paused")
    fixture.state.setLimit(1, ofLane: fixture.lane)
    #expect(fixture.drain() == [2, 3])
  }

  @Test("the limit over all lanes holds")
  func totalLimit() throws {
    var configuration = Scheduler.Configuration.plain
    configuration.totalLimit = 1
    let fixture = Fixture(configuration)
    let other = try #require(fixture.addLane(limit: 5))
    for lane in [fixture.lane, other] {
      fixture.add(try #require(fixture.register(lane: lane, payload: UInt32(lane))))
    }
    let ticket = try #require(fixture.take())
    #expect(fixture.take(lane: other) == nil)
    fixture.finish(ticket)
    #expect(fixture.take(lane: other)?.payload == 1)
  }

  @Test("lanes that share a limit take turns, also when one never runs dry")
  func turns() throws {
    var configuration = Scheduler.Configuration.plain
    configuration.totalLimit = 1
    let fixture = Fixture(configuration)
    let other = try #require(fixture.addLane(limit: 1))
    let quiet = try #require(fixture.register(lane: other, payload: 9))
    let keys = fixture.keys(1_000)
    for key in keys { fixture.add(key) }
    var batch = Scheduler.Batch(.init(index: fixture.lane))
    var otherBatch = Scheduler.Batch(.init(index: other))
    #expect(fixture.exchange(&batch) == .taken)
    #expect(fixture.exchange(&otherBatch) == .nothing && fixture.park(other))
    fixture.add(quiet)
    var taken = batch.count
    while fixture.exchange(&batch, .done) == .taken { taken += batch.count }
    #expect(taken <= 2 * Scheduler.Batch.largest, "it leaves its place after at most two batches")
    let wakes = fixture.state.takeEffects().wakes
    #expect(wakes == [other])
    #expect(!fixture.isFree(fixture.lane), "the place is kept for the lane that was woken")
    fixture.arrive(other)
    #expect(fixture.exchange(&otherBatch) == .taken && otherBatch[0].payload == 9)
  }

  @Test("a batch holds each worker's share, and what is left unsaid is given back in front")
  func batches() throws {
    let fixture = Fixture(limit: 1)
    for key in fixture.keys(200) { fixture.add(key, causes: .one) }
    var batch = Scheduler.Batch(.init(index: fixture.lane))
    var sizes: [Int] = []
    for _ in 0..<8 {
      #expect(fixture.exchange(&batch, .done) == .taken)
      sizes.append(batch.count)
    }
    #expect(sizes == [1, 2, 4, 8, 16, 32, 64, 64], "it doubles while batches are fast")
    let held = batch[0].payload
    fixture.state.giveBack(&batch, now: fixture.now)
    #expect(batch.count == 0)
    let again = try #require(fixture.take())
    #expect(again.causes == .one && again.payload >= held)
    #expect(fixture.metrics.busyWorkers == 1 && fixture.metrics.running == 1)
  }

  @Test(
    "resyncs are taken by whoever is awake, what may take long is spread over all workers",
    arguments: [(Scheduler.Priority.resync, 8), (.drift, 2), (.revision, 2)])
  func share(priority: Scheduler.Priority, taken: Int) {
    let fixture = Fixture(limit: 4)
    for key in fixture.keys(15) { fixture.add(key, .resync) }
    var batch = Scheduler.Batch(.init(index: fixture.lane))
    while fixture.exchange(&batch, .done) == .taken {}
    for _ in 0..<4 { #expect(fixture.park(fixture.lane)) }
    for key in fixture.keys(8) { fixture.add(key, priority) }
    #expect(fixture.exchange(&batch, .done) == .taken)
    #expect(batch.count == taken)
  }

  @Test(
    "nobody else is woken for the resyncs that a quick worker leaves: it is soon back",
    arguments: [(Scheduler.Priority.resync, 0, 0), (.resync, 1, 1), (.drift, 0, 1)])
  func quick(priority: Scheduler.Priority, milliseconds: Int, woken: UInt64) {
    let fixture = Fixture(limit: 4)
    for key in fixture.keys(200) { fixture.add(key, .resync) }
    var batch = Scheduler.Batch(.init(index: fixture.lane))
    while fixture.exchange(&batch, .done) == .taken {
      fixture.advance(milliseconds: milliseconds)
    }
    for _ in 0..<3 { #expect(fixture.park(fixture.lane)) }
    for key in fixture.keys(200) { fixture.add(key, priority) }
    fixture.arrive(fixture.lane)
    let before = fixture.counts.wakes
    #expect(fixture.exchange(&batch, .done) == .taken)
    #expect(fixture.counts.wakes - before == woken)
  }

  @Test("tickets behind a hanging one can be withdrawn and run elsewhere, once")
  func withdraw() throws {
    let fixture = Fixture(limit: 1)
    for key in fixture.keys(3) { fixture.add(key) }
    var batch = Scheduler.Batch(.init(index: fixture.lane))
    _ = fixture.exchange(&batch, .done)
    _ = fixture.exchange(&batch, .done)
    #expect(batch.count == 2)
    let (hanging, waiting) = (batch[0], batch[1])
    let isFreed = fixture.state.surrender(hanging)
    let isBack = fixture.state.withdraw(waiting, now: fixture.now)
    #expect(isFreed && isBack)
    #expect(fixture.drain() == [2])
    fixture.add(waiting.handle)
    let other = try #require(fixture.take())
    #expect(other.payload == 2)
    _ = fixture.exchange(&batch, .failed())
    #expect(fixture.status(hanging.handle)?.failures == 1)
    #expect(fixture.status(waiting.handle)?.failures == 0, "the late word has no effect")
    #expect(fixture.status(waiting.handle)?.isRunning == true)
  }

  @Test("T48 edits without end starve no resync, and wait for none")
  func starvation() throws {
    let fixture = Fixture(limit: 1)
    let keys = fixture.keys(10_008)
    for key in keys.dropLast(8) { fixture.add(key, .resync) }
    var waiting = Set((0..<10_000).map { UInt32($0) })
    var slowest = Duration.zero
    // One worker, a run each millisecond, and always an edit that is new.
    for step in 0..<16 * 10_000 + 64 {
      fixture.add(keys[10_000 + step % 8], .revision)
      let ticket = try #require(fixture.take())
      if ticket.payload >= 10_000 { slowest = max(slowest, ticket.waited) }
      waiting.remove(ticket.payload)
      fixture.advance(milliseconds: 1)
      fixture.finish(ticket)
    }
    #expect(waiting.isEmpty, "\(waiting.count) resyncs never ran")
    #expect(slowest < .seconds(1))
  }

  @Test("slow batches shrink to one")
  func slowBatches() {
    let fixture = Fixture(limit: 1)
    for key in fixture.keys(500) { fixture.add(key) }
    var batch = Scheduler.Batch(.init(index: fixture.lane))
    for _ in 0..<6 { _ = fixture.exchange(&batch, .done) }
    #expect(batch.count == 32)
    for expected in [16, 8, 4, 2, 1, 1] {
      fixture.advance(milliseconds: 1)
      #expect(fixture.exchange(&batch, .done) == .taken)
      #expect(batch.count == expected)
    }
  }
}
