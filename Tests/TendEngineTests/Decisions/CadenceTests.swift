import Tend
import Testing

@testable import TendEngine

@Suite("When a resource is looked at again")
struct CadenceTests {
  private let interval = Duration.seconds(300)

  private func due(_ cadence: Cadence, _ slot: UInt32, after now: Duration) -> Duration {
    now + cadence.next(slot, interval: interval, after: now).delay
  }

  @Test(
    "never earlier or later than by a tenth, tolerance included",
    arguments: [Duration.nanoseconds(1), .milliseconds(3), .seconds(10), .seconds(86_400 * 3660)])
  func tenth(interval: Duration) {
    let cadence = Cadence(seed: 7, rows: 100_000)
    var now = Duration.zero
    for step in 0..<2000 {
      let next = cadence.next(UInt32(step % 300), interval: interval, after: now)
      #expect(next.delay >= interval * 9 / 10 - .nanoseconds(9), "step \(step)")
      #expect(next.delay + next.tolerance <= interval * 11 / 10, "step \(step)")
      now += next.delay / (step % 3 + 1)
    }
  }

  @Test("no interval is no delay")
  func none() {
    let next = Cadence(seed: 7, rows: 1).next(0, interval: .zero, after: .seconds(5))
    #expect(next.delay == .zero && next.tolerance == .zero)
  }

  @Test("a block of many is looked at together, time and again")
  func together() {
    let cadence = Cadence(seed: 7, rows: 100_000)
    var moments = Array(repeating: Duration.seconds(1), count: 64)
    for round in 0..<20 {
      for slot in moments.indices {
        moments[slot] = due(cadence, UInt32(slot), after: moments[slot])
      }
      #expect(Set(moments).count == 1, "round \(round)")
    }
  }

  @Test(
    "few share a few moments, and from 4,096 on there are at least 64",
    arguments: [
      (rows: 1, moments: 1), (7, 7), (8, 4), (100, 4), (1000, 16), (4096, 64), (10_000, 157),
    ])
  func apart(rows: Int, moments: Int) {
    let cadence = Cadence(seed: 7, rows: rows)
    let found = Set((0..<UInt32(rows)).map { due(cadence, $0, after: .seconds(1)) })
    #expect(found.count == moments)
  }

  @Test("what began within a moment comes back at few moments from the first time on")
  func gathers() {
    let cadence = Cadence(seed: 7, rows: 100)
    var moments = (0..<100).map { Duration.milliseconds(20_000 + $0) }
    for round in 0..<20 {
      for slot in moments.indices {
        moments[slot] = due(cadence, UInt32(slot), after: moments[slot])
      }
      #expect(Set(moments).count <= (round < 6 ? 8 : 4), "round \(round)")
    }
  }

  @Test("what was looked at out of turn joins its neighbours")
  func joins() {
    let cadence = Cadence(seed: 7, rows: 100_000)
    var (one, other) = (Duration.seconds(1), Duration.seconds(140))
    var rounds = 0
    while one != other, rounds < 200 {
      if one < other {
        one = due(cadence, 0, after: one)
      } else {
        other = due(cadence, 1, after: other)
      }
      rounds += 1
    }
    #expect(one == other)
  }

  @Test("what began together is spread over the whole interval by and by")
  func spread() {
    let cadence = Cadence(seed: 7, rows: 100_000)
    var moments = Array(repeating: Duration.seconds(1), count: 1000)
    for _ in 0..<40 {
      for block in moments.indices {
        moments[block] = due(cadence, UInt32(block * 64), after: moments[block])
      }
    }
    let tenths = Dictionary(grouping: moments) { Int($0 / (interval / 10)) % 10 }
    #expect(tenths.count == 10)
    #expect(tenths.values.allSatisfy { (50...150).contains($0.count) })
  }

  @Test(
    "what one list serves comes again at one time, and not at once",
    arguments: [
      (now: 0, wait: 300, "the phase of the group"), (300, 1000, "an interval later"),
      (301, 999, "whoever was late is with the others again"), (250, 1050, "not within a tenth"),
      (200, 100, "a tenth is enough"), (12_800, 500, "many intervals later"),
    ])
  func group(now: Int, wait: Int64, why: String) {
    let found = Cadence.untilGroup(5300, interval: .nanoseconds(1000), after: .nanoseconds(now))
    #expect(found == .nanoseconds(wait), "\(why)")
  }
}
