import Testing

@testable import TendEngine

@Suite("Scheduler: what happens to an add")
struct SchedulerMergeTests {
  /// A key's situation before an add, made by these steps.
  enum Situation: String, CaseIterable, Sendable {
    case idle, waiting20, waiting5, ready, running, runningThenReady, runningThenWaiting20

    func make(_ fixture: Fixture, _ key: Scheduler.Handle) -> Scheduler.Ticket? {
      switch self {
      case .idle: return nil
      case .waiting20: fixture.add(key, after: 20)
      case .waiting5: fixture.add(key, after: 5)
      case .ready: fixture.add(key)
      case .running, .runningThenReady, .runningThenWaiting20:
        fixture.add(key)
        let ticket = fixture.take()
        if self == .runningThenReady { fixture.add(key) }
        if self == .runningThenWaiting20 { fixture.add(key, after: 20) }
        return ticket
      }
      return nil
    }
  }

  struct Row: Sendable, CustomTestStringConvertible {
    let before: Situation
    let delay: Int
    let phase: Scheduler.Phase
    /// Milliseconds until due, where it waits.
    var due: Int?
    let reason: String
    var testDescription: String { "\(before), add after \(delay) ms: \(reason)" }
  }

  static let table: [Row] = [
    Row(before: .idle, delay: 0, phase: .ready, reason: "nothing holds it back"),
    Row(before: .idle, delay: 10, phase: .waiting, due: 10, reason: "it waits for its time"),
    Row(before: .waiting20, delay: 0, phase: .ready, reason: "ready beats waiting"),
    Row(before: .waiting20, delay: 10, phase: .waiting, due: 10, reason: "the earlier wins"),
    Row(before: .waiting5, delay: 10, phase: .waiting, due: 5, reason: "the earlier stays"),
    Row(before: .ready, delay: 0, phase: .ready, reason: "it is asked for already"),
    Row(before: .ready, delay: 10, phase: .ready, reason: "a delay takes nothing back"),
    Row(before: .running, delay: 0, phase: .ready, reason: "one more run"),
    Row(before: .running, delay: 10, phase: .waiting, due: 10, reason: "one more run when due"),
    Row(before: .runningThenReady, delay: 0, phase: .ready, reason: "still one more run"),
    Row(before: .runningThenReady, delay: 10, phase: .ready, reason: "ready beats waiting"),
    Row(before: .runningThenWaiting20, delay: 0, phase: .ready, reason: "ready beats waiting"),
    Row(
      before: .runningThenWaiting20, delay: 10, phase: .waiting, due: 10,
      reason: "the earlier wins"),
  ]

  @Test("an add leads to the phase that the table of merge rules names", arguments: table)
  func merge(_ row: Row) throws {
    let fixture = Fixture()
    let key = try #require(fixture.keys(1).first)
    let ticket = row.before.make(fixture, key)
    fixture.add(key, after: row.delay)
    let status = try #require(fixture.status(key))
    #expect(status.phase == row.phase)
    #expect(status.due == row.due.map { .milliseconds($0) })
    #expect(status.isRunning == (ticket != nil))
    if let ticket { fixture.finish(ticket) }
    #expect(fixture.phase(key) == row.phase)
    fixture.advance(milliseconds: 20)
    #expect(fixture.drain() == [0], "exactly one run follows")
  }

  @Test("the highest priority and all causes win in every situation", arguments: Situation.allCases)
  func union(_ situation: Situation) throws {
    let fixture = Fixture()
    let key = try #require(fixture.keys(1).first)
    let ticket = situation.make(fixture, key)
    fixture.add(key, .revision, causes: .one)
    fixture.add(key, .resync, after: 1, causes: .two)
    if let ticket { fixture.finish(ticket) }
    let next = try #require(fixture.take())
    #expect(next.priority == .revision)
    #expect(next.causes == [.one, .two])
    fixture.finish(next)
    fixture.add(key, .resync)
    let last = try #require(fixture.take())
    #expect(last.priority == .resync && last.causes == [], "a run takes what it answers with it")
  }

  @Test("a key added while it runs runs exactly once more, and not beside itself")
  func once() throws {
    let fixture = Fixture()
    let key = try #require(fixture.keys(1).first)
    fixture.add(key)
    let ticket = try #require(fixture.take())
    for _ in 0..<5 { fixture.add(key) }
    #expect(fixture.take() == nil)
    fixture.finish(ticket)
    #expect(fixture.drain() == [0])
    #expect(fixture.phase(key) == .idle)
  }

  @Test("postpone makes a key later and sooner, cancel drops it", arguments: Situation.allCases)
  func postponeAndCancel(_ situation: Situation) throws {
    let fixture = Fixture()
    let key = try #require(fixture.keys(1).first)
    let ticket = situation.make(fixture, key)
    let isAsked = situation != .idle && situation != .running
    #expect(fixture.postpone(key, by: 50) == isAsked)
    #expect(fixture.phase(key) == (isAsked ? .waiting : .idle))
    if let ticket { fixture.finish(ticket) }
    fixture.advance(milliseconds: 49)
    #expect(fixture.take() == nil)
    #expect(fixture.postpone(key, by: 0) == isAsked)
    #expect(fixture.phase(key) == (isAsked ? .ready : .idle))
    #expect(fixture.cancel(key) == isAsked)
    #expect(fixture.phase(key) == .idle)
    #expect(fixture.drain() == [])
  }

  @Test("cancel during a run drops the run that was to follow, not the one under way")
  func cancelRunning() throws {
    let fixture = Fixture()
    let key = try #require(fixture.keys(1).first)
    let ticket = try #require(Situation.runningThenReady.make(fixture, key))
    #expect(fixture.cancel(key))
    #expect(fixture.status(key)?.isRunning == true)
    #expect(fixture.finish(ticket))
    #expect(fixture.drain() == [])
  }

  @Test("a removed key's handle names nothing, also when its place is used again")
  func stale() throws {
    let fixture = Fixture()
    let old = try #require(fixture.keys(1).first)
    fixture.add(old)
    #expect(fixture.remove(old))
    let new = try #require(fixture.keys(1).first)
    #expect(new.index == old.index && new != old)
    #expect(!fixture.add(old) && !fixture.remove(old) && !fixture.cancel(old))
    #expect(fixture.status(old) == nil)
    #expect(fixture.phase(new) == .idle)
    #expect(fixture.drain() == [])
    #expect(fixture.refusals == 1)
  }

  @Test("a key removed while it runs ends with its run, and its place is free only then")
  func removeRunning() throws {
    let fixture = Fixture()
    let key = try #require(fixture.keys(1).first)
    let ticket = try #require(Situation.runningThenReady.make(fixture, key))
    #expect(fixture.remove(key))
    #expect(!fixture.add(key))
    #expect(fixture.isStale(ticket))
    let other = try #require(fixture.keys(1).first)
    #expect(other.index != key.index)
    #expect(fixture.finish(ticket))
    #expect(fixture.drain() == [])
    #expect(try #require(fixture.keys(1).first).index == key.index)
  }

  @Test("a ticket can be finished once")
  func finishTwice() throws {
    let fixture = Fixture()
    let key = try #require(fixture.keys(1).first)
    fixture.add(key)
    let first = try #require(fixture.take())
    #expect(fixture.finish(first))
    #expect(!fixture.finish(first))
    fixture.add(key)
    let second = try #require(fixture.take())
    #expect(!fixture.finish(first, .failed()), "the key runs again, for somebody else")
    #expect(fixture.status(key)?.isRunning == true)
    #expect(fixture.finish(second))
    #expect(fixture.status(key)?.failures == 0)
  }

  @Test("handles that were never given name nothing")
  func strangers() {
    let fixture = Fixture()
    #expect(!fixture.add(.none))
    #expect(!fixture.add(.init(index: 0, serial: 0)))
    _ = fixture.keys(1)
    #expect(!fixture.add(.init(index: 1, serial: 0)), "a free record has serial 0")
    #expect(!fixture.add(.init(index: 5_000_000, serial: 1)))
    let foreign = fixture.state.register(lane: 7, payload: 0, transient: false)
    #expect(foreign == nil)
  }
}
