import Synchronization
import Tend
import Testing

@testable import TendHTTP

struct PacingTests {
  @Test(
    "never more requests than the limit in any second, and no fewer where there is work",
    arguments: [1, 2, 7, 50])
  func rate(limit: Int) {
    var rate = RateLimit(perSecond: limit)
    var random = SystemRandomNumberGenerator()
    var now = Duration.zero
    var moments: [Duration] = []
    while now < .seconds(20) {
      if let wait = rate.admit(now: now) {
        now += wait
      } else {
        moments.append(now)
        rate.finish(now: now)
      }
      if Int.random(in: 0..<5, using: &random) == 0 {
        now += .microseconds(Int64.random(in: 0..<900, using: &random))
      }
    }
    for (index, moment) in moments.enumerated() where index >= limit {
      #expect(moment - moments[index - limit] >= .seconds(1))
    }
    #expect(moments.count >= limit * 19)
  }

  @Test("requests go evenly, and what was late is made up for", arguments: [1, 7, 50, 1000])
  func even(limit: Int) {
    var rate = RateLimit(perSecond: limit)
    let distance = Duration.seconds(1) / limit
    var (now, last) = (Duration.zero, Duration.zero - distance)
    for _ in 0..<3 * limit {
      // Whoever waits wakes a little late.
      while let wait = rate.admit(now: now) { now += wait + min(.milliseconds(1), distance / 4) }
      rate.finish(now: now)
      #expect(now - last >= distance / 2, "no burst")
      last = now
    }
    #expect(last >= .seconds(2) && last < .seconds(3))
  }

  @Test(
    "the limit holds where requests are held up on their way, however long",
    arguments: [1, 2, 7, 50])
  func heldUp(limit: Int) {
    var rate = RateLimit(perSecond: limit)
    var random = SystemRandomNumberGenerator()
    var now = Duration.zero
    var arrivals: [Duration] = []
    var ends: [Duration] = []
    while now < .seconds(60) {
      while let end = ends.first, end <= now {
        ends.removeFirst()
        rate.finish(now: end)
      }
      if ends.count < 8, rate.admit(now: now) == nil {
        let way = Duration.milliseconds(Int64.random(in: 0..<900, using: &random))
        arrivals.append(now + way)
        ends.append(now + way + .milliseconds(Int64.random(in: 0..<20, using: &random)))
        ends.sort()
      }
      now += .milliseconds(1)
    }
    arrivals.sort()
    for (index, arrival) in arrivals.enumerated() where index >= limit {
      #expect(arrival - arrivals[index - limit] >= .seconds(1))
    }
    #expect(arrivals.count >= limit * 6)
  }

  @Test("a circuit opens after failures in a row, for longer each time, and closes with a success")
  func circuit() {
    var circuit = Circuit()
    var now = Duration.zero
    for _ in 1..<Circuit.limit {
      circuit.failed(now: now)
      #expect(circuit.admit(now: now) == nil)
    }
    circuit.failed(now: now)
    var openings: [Duration] = []
    for _ in 0..<10 {
      let wait = circuit.admit(now: now)
      openings.append(wait ?? .zero)
      now += wait ?? .zero
      #expect(circuit.admit(now: now) == nil, "one looks whether it is back")
      #expect(circuit.admit(now: now) != nil, "and the others wait for it")
      circuit.failed(now: now)
      circuit.failed(now: now)
    }
    #expect(openings.prefix(4) == [.seconds(1), .seconds(2), .seconds(4), .seconds(8)])
    #expect(openings.last == Circuit.longest)
    circuit.succeeded()
    #expect(circuit.admit(now: now) == nil && circuit.isHealthy)
  }

  @Test("one that never came back does not keep the circuit open for ever")
  func lostProbe() {
    var circuit = Circuit()
    for _ in 0..<Circuit.limit { circuit.failed(now: .zero) }
    #expect(circuit.admit(now: .seconds(1)) == nil)
    #expect(circuit.admit(now: .seconds(1)) != nil)
    #expect(circuit.admit(now: .seconds(10)) == nil)
  }

  @Test(
    "pauses double up to a bound, with chance in their second half",
    arguments: [
      (1, 100, 200), (2, 200, 400), (4, 800, 1600), (7, 5000, 10_000), (1000, 5000, 10_000),
      (0, 100, 200),
    ])
  func backoff(attempt: Int, least: Int, most: Int) {
    #expect(Backoff.delay(before: attempt, chance: 0) == .milliseconds(least))
    #expect(Backoff.delay(before: attempt, chance: 1) == .milliseconds(most))
  }

  @Test(
    "a gate lets so many through, in their order, and none who gave up", .timeLimit(.minutes(2)))
  func gate() async {
    let gate = Gate(2)
    let inside = Inside()
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<100 {
        group.addTask {
          guard await gate.enter() else { return }
          inside.change(by: 1)
          await Task.yield()
          inside.change(by: -1)
          gate.leave()
        }
        guard number % 10 == 0 else { continue }
        group.addTask {
          withUnsafeCurrentTask { $0?.cancel() }
          if await gate.enter() { gate.leave() }
        }
      }
    }
    #expect(inside.most <= 2 && inside.now == 0)
    #expect(await gate.enter())
    #expect(await gate.enter())
  }
}

/// How many are inside, and were at most.
private final class Inside: Sendable {
  private let counts = Mutex((now: 0, most: 0))
  var now: Int { counts.withLock { $0.now } }
  var most: Int { counts.withLock { $0.most } }

  func change(by number: Int) {
    counts.withLock { counts in
      counts.now += number
      counts.most = max(counts.most, counts.now)
    }
  }
}
