import Testing

@testable import TendEngine

@Suite("Scheduler: delays, failures, deadlines, memory")
struct SchedulerTimeTests {
  static let delays = [
    1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 16_777_215, 16_777_216, 4_294_967_295,
    4_294_967_296, 31_536_000_000,
  ]

  @Test("a delay ends at its millisecond, neither early nor late", arguments: delays, [0, 1, 250])
  func exact(delay: Int, start: Int) throws {
    let fixture = Fixture()
    let key = try #require(fixture.keys(1).first)
    fixture.advance(milliseconds: start)
    fixture.add(key, after: delay)
    fixture.advance(milliseconds: delay - 1)
    fixture.release()
    #expect(fixture.phase(key) == .waiting)
    fixture.advance(milliseconds: 1)
    fixture.release()
    #expect(fixture.phase(key) == .ready)
  }

  @Test("a sleeper is woken when something is due, and not before", arguments: delays, [1, 64])
  func alarm(delay: Int, count: Int) {
    let fixture = Fixture()
    for (number, key) in fixture.keys(count).enumerated() {
      fixture.add(key, after: delay + number)
    }
    #expect(fixture.fire() == .at(Int64(delay) * 1_000_000))
  }

  @Test("however many wait, a sleeper is woken in time, and a few times too many at most")
  func alarmOfMany() {
    let fixture = Fixture()
    for (number, key) in fixture.keys(1000).enumerated() {
      fixture.add(key, after: 70_000 + number)
    }
    var alarms = 0
    while case .at(let time) = fixture.fire(), time < 70_000_000_000 {
      fixture.now = time
      alarms += 1
    }
    #expect(fixture.now < 70_000_000_000 && alarms <= 2)
    fixture.now = 70_000_000_000
    fixture.release()
    #expect(fixture.drain() == [0])
  }

  @Test("random delays end in order and exactly, however the time passes", arguments: 1...8)
  func random(seed: UInt64) throws {
    let fixture = Fixture()
    var random = SplitMix(state: seed)
    var due: [UInt32: Int64] = [:]
    for (payload, key) in fixture.keys(2_000).enumerated() {
      let delay = 1 + Int(random.next() % [300, 70_000, 20_000_000][payload % 3])
      fixture.add(key, after: delay)
      due[UInt32(payload)] = fixture.now + Int64(delay) * 1_000_000
      if payload % 7 == 0 { fixture.advance(milliseconds: Int(random.next() % 40)) }
    }
    var before: Int64 = 0
    while !due.isEmpty {
      fixture.advance(milliseconds: 1 + Int(random.next() % 60_000))
      for payload in fixture.drain() {
        let ended = due.removeValue(forKey: payload)
        let time = try #require(ended)
        #expect(time <= fixture.now && time > before - 1_000_000)
      }
      #expect(due.values.allSatisfy { $0 > fixture.now }, "nothing is late")
      before = fixture.now
    }
  }

  @Test(
    "a delay between two milliseconds ends after it, a negative one at once, an endless one never")
  func odd() throws {
    let fixture = Fixture()
    let keys = fixture.keys(3)
    let now = fixture.now
    _ = fixture.state.add(keys[0], .init(priority: .drift, delay: 1_500_001), now: { now })
    _ = fixture.state.add(keys[1], .init(priority: .drift, delay: -5), now: { now })
    _ = fixture.state.add(keys[2], .init(priority: .drift, delay: .max), now: { now })
    #expect(fixture.drain() == [1])
    fixture.now = 1_999_999
    #expect(fixture.drain() == [])
    fixture.now = 2_000_000
    #expect(fixture.drain() == [0])
    fixture.advance(milliseconds: 90 * 365 * 86_400_000)
    #expect(fixture.drain() == [])
    #expect(fixture.phase(keys[2]) == .waiting)
  }

  @Test("many that come due together are released in bounded steps, none is lost")
  func bounded() {
    let fixture = Fixture()
    for key in fixture.keys(5_000) { fixture.add(key, after: 3_600_000) }
    fixture.advance(milliseconds: 3_600_000)
    #expect(fixture.fire() == .now)
    #expect(fixture.metrics.waiting > 0)
    fixture.release()
    #expect(fixture.metrics.waiting == 0 && fixture.metrics.ready == 5_000)
  }

  @Test("failures wait longer each time up to the cap; success and a new generation start again")
  func backoff() throws {
    let fixture = Fixture()
    let key = try #require(fixture.keys(1).first)
    fixture.add(key)
    for delay in [10, 20, 40, 80, 100, 100] {
      fixture.finish(try #require(fixture.take()), .failed())
      #expect(fixture.status(key)?.due == .milliseconds(delay))
      #expect(fixture.status(key)?.priority == .retry)
      fixture.advance(milliseconds: delay)
    }
    fixture.finish(try #require(fixture.take()), .again(after: .zero))
    fixture.finish(try #require(fixture.take()), .failed())
    #expect(fixture.status(key)?.due == .milliseconds(10), "T40: the first retry is fast again")
    fixture.add(key, supersedes: true)
    #expect(fixture.status(key)?.failures == 0)
    fixture.finish(try #require(fixture.take()), .failed(atLeast: .milliseconds(70)))
    #expect(fixture.status(key)?.due == .milliseconds(70), "the world's own delay is longer")
  }

  @Test("a failure of what was superseded meanwhile is not counted and delays nothing")
  func supersededFailure() throws {
    let fixture = Fixture()
    let key = try #require(fixture.keys(1).first)
    fixture.add(key)
    let ticket = try #require(fixture.take())
    #expect(!fixture.isStale(ticket))
    fixture.add(key, .revision, supersedes: true)
    #expect(fixture.isStale(ticket))
    fixture.finish(ticket, .failed())
    #expect(fixture.phase(key) == .ready)
    #expect(fixture.status(key)?.failures == 0)
  }

  @Test("an immediate add during a failing run does not wait for the backoff, but failures stay")
  func failureWithAdd() throws {
    let fixture = Fixture()
    let key = try #require(fixture.keys(1).first)
    fixture.add(key)
    let ticket = try #require(fixture.take())
    fixture.add(key, .drift)
    fixture.finish(ticket, .failed())
    #expect(fixture.phase(key) == .ready)
    #expect(fixture.status(key)?.failures == 1)
  }

  @Test("backoff stays within its bounds for all numbers of failures and all draws")
  func backoffBounds() {
    for backoff in [Backoff(), Backoff(base: .seconds(1), factor: 0, cap: .seconds(5), jitter: 9)] {
      for failures in [-1, 0, 1, 2, 13, 65_535, .max] {
        for random in [0, 1 << 63, UInt64.max] {
          let delay = backoff.delay(afterFailures: failures, random: random)
          #expect(delay >= .zero && delay <= backoff.cap)
        }
      }
    }
    let plain = Backoff(base: .milliseconds(5), cap: .seconds(1_000), jitter: 0)
    #expect(plain.delay(afterFailures: 12, random: 0) == .milliseconds(5 << 11))
    #expect(plain.delay(afterFailures: 40, random: 0) == .seconds(1_000))
  }

  @Test("jitter spreads what failed together, and a seed repeats it")
  func jitter() throws {
    func delays(seed: UInt64) throws -> [Duration?] {
      let fixture = Fixture(.init(), seed: seed)
      return try fixture.keys(50).map { key in
        fixture.add(key)
        fixture.finish(try #require(fixture.take()), .failed())
        return fixture.status(key)?.due
      }
    }
    #expect(Set(try delays(seed: 1)).count > 25)
    #expect(try delays(seed: 1) == delays(seed: 1))
    #expect(try delays(seed: 1) != delays(seed: 2))
  }

  @Test("deadlines: the first is known, overdue runs are named, a given-up run frees its place")
  func deadlines() throws {
    let fixture = Fixture(limit: 1)
    for key in fixture.keys(2) { fixture.add(key) }
    let ticket = try #require(fixture.take(timeout: 30))
    #expect(fixture.take() == nil)
    #expect(fixture.earliestDeadline == 30_000_000)
    #expect(fixture.runs.map(\.isOverdue) == [false])
    fixture.advance(milliseconds: 30)
    #expect(fixture.runs.map(\.ticket) == [ticket] && fixture.runs.map(\.isOverdue) == [true])
    let isBegun = fixture.state.begin(ticket, timeout: 5_000_000, now: fixture.now)
    #expect(isBegun)
    #expect(fixture.runs.first?.remaining == .milliseconds(5))
    let isFreed = (fixture.state.surrender(ticket), fixture.state.surrender(ticket))
    #expect(isFreed == (true, false))
    #expect(fixture.take()?.payload == 1, "another worker goes on")
    #expect(fixture.status(ticket.handle)?.isRunning == true, "the key stays taken")
    fixture.finish(ticket)
    #expect(fixture.metrics.busyWorkers == 1)
  }

  @Test("records are given back after a burst, and a lone key does not allocate again and again")
  func memory() {
    let fixture = Fixture()
    let keys = fixture.keys(100_000)
    #expect(fixture.bytes >= 100_000 * 40 && fixture.bytes < 105_000 * 40)
    for key in keys.dropFirst(4_096) { #expect(fixture.remove(key)) }
    #expect(fixture.bytes <= 2 * Records.pageSize * 40)
    for key in keys.prefix(4_096) { #expect(fixture.remove(key)) }
    let least = fixture.bytes
    for _ in 0..<10 {
      for key in fixture.keys(1) { #expect(fixture.remove(key)) }
      #expect(fixture.bytes == least)
    }
    #expect(MemoryLayout<Record>.stride == 40)
  }

  @Test("a key that runs too often in a minute shows, and is quiet in the next")
  func hotLoop() throws {
    let fixture = Fixture()
    let key = try #require(fixture.keys(1).first)
    for run in 1...61 {
      fixture.add(key)
      let ticket = try #require(fixture.take())
      #expect(ticket.runsThisMinute == run)
      fixture.finish(ticket)
    }
    #expect(fixture.counts.hotRuns == 1)
    fixture.advance(milliseconds: 60_000)
    fixture.add(key)
    #expect(fixture.take()?.runsThisMinute == 1)
  }

  @Test(
    "delays that tolerate it end together, within the tolerance",
    arguments: [(0, 20), (1, 20), (2, 10), (8, 3), (100, 1)])
  func tolerance(milliseconds: Int, wakes: Int) throws {
    let fixture = Fixture()
    var tickets: [Scheduler.Ticket] = []
    for key in fixture.keys(20) {
      fixture.add(key)
      tickets.append(try #require(fixture.take()))
    }
    for (number, ticket) in tickets.enumerated() {
      fixture.finish(
        ticket, .again(after: .milliseconds(65 + number), tolerance: .milliseconds(milliseconds)))
    }
    var moments: [UInt32: Int] = [:]
    for now in 1...200 {
      fixture.advance(milliseconds: 1)
      for payload in fixture.drain() { moments[payload] = now }
    }
    #expect(Set(moments.values).count == wakes)
    for (payload, moment) in moments {
      let late = moment - 65 - Int(payload)
      #expect(late >= 0 && late <= max(0, milliseconds - 1))
    }
    #expect(moments.count == 20)
  }

  @Test("metrics count adds, merges, runs, results and waits")
  func metrics() throws {
    let fixture = Fixture()
    let keys = fixture.keys(3)
    for key in keys { fixture.add(key) }
    fixture.add(keys[0])
    fixture.add(keys[1], after: 5)
    fixture.advance(milliseconds: 40_000)
    #expect(fixture.metrics.oldestReady == .seconds(40))
    fixture.finish(try #require(fixture.take()), .done)
    fixture.finish(try #require(fixture.take()), .failed())
    fixture.finish(try #require(fixture.take()), .again(after: .seconds(1)))
    let metrics = fixture.metrics
    #expect(metrics.counts.adds == 5 && metrics.counts.merges == 2 && metrics.counts.runs == 3)
    #expect(metrics.counts.successes == 2 && metrics.counts.failures == 1)
    #expect(metrics.counts.requeues == 1 && metrics.waiting == 2 && metrics.ready == 0)
    #expect(metrics.waits.total == 3)
    let slowest = metrics.waits.quantile(1)
    #expect(slowest >= .seconds(40) && slowest < .seconds(80), "buckets reach past 10 s")
  }
}
