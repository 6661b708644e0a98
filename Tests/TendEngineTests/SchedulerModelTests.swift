import Testing

@testable import TendEngine

@Suite("Scheduler: against a naive model")
struct SchedulerModelTests {
  /// One walk of random steps over both.
  private final class Walk {
    let fixture = Fixture(limit: 3)
    var model = NaiveScheduler()
    var handles: [Int: Scheduler.Handle] = [:]
    var tickets: [(ticket: Scheduler.Ticket, number: Int, generation: Int)] = []
    var random: SplitMix
    var nextNumber = 0

    init(seed: UInt64) { random = SplitMix(state: seed) }

    func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }

    func step() {
      switch below(16) {
      case 0: register()
      case 1...6: add()
      case 7...9: take()
      case 10...12: finish()
      case 13: pass()
      case 14: change()
      default: if below(6) == 0 { remove() }
      }
    }

    func register() {
      guard handles.count < 24 else { return }
      let payload = UInt32(nextNumber)
      let handle = fixture.state.register(lane: fixture.lane, payload: payload, transient: false)
      handles[nextNumber] = handle
      model.keys[nextNumber] = NaiveScheduler.Key()
      nextNumber += 1
    }

    func pick() -> (number: Int, handle: Scheduler.Handle)? {
      let numbers = handles.keys.sorted()
      guard !numbers.isEmpty else { return nil }
      let number = numbers[below(numbers.count)]
      return handles[number].map { (number, $0) }
    }

    /// Short delays, those that cross the wheel's levels, and none.
    func delay() -> Int {
      [0, 0, 1 + below(20), 200 + below(200), below(70_000), 20_000_000][below(6)]
    }

    func add() {
      guard let (number, handle) = pick() else { return }
      let priority = Scheduler.Priority.allCases[below(4)]
      let causes = Scheduler.Causes(rawValue: 1 << UInt16(below(16)))
      let (delay, supersedes) = (delay(), below(8) == 0)
      fixture.add(handle, priority, after: delay, causes: causes, supersedes: supersedes)
      model.add(number, priority, delay, causes, supersedes)
    }

    func take() {
      model.release()
      guard tickets.count < 3 else {
        #expect(fixture.take() == nil, "the limit holds")
        return
      }
      let ready = model.keys.filter { $0.value.phase == .ready && !$0.value.isRunning }
      guard let ticket = fixture.take() else {
        #expect(ready.isEmpty, "somebody is ready")
        return
      }
      let number = Int(ticket.payload)
      #expect(ready[number] != nil, "\(number) is not ready")
      guard let key = model.take(number) else { return }
      #expect(ticket.priority == key.priority && ticket.causes == key.causes)
      #expect(ticket.failures == key.failures)
      tickets.append((ticket, number, key.generation))
    }

    func finish() {
      guard !tickets.isEmpty else { return }
      let (ticket, number, generation) = tickets.remove(at: below(tickets.count))
      let disposition: Scheduler.Disposition =
        switch below(3) {
        case 0: .done
        case 1: .again(after: .milliseconds(delay()), priority: .drift, causes: .one)
        default: .failed(causes: .two)
        }
      #expect(fixture.finish(ticket, disposition))
      model.finish(number, generation, disposition)
    }

    func pass() {
      let time = [1, 5, 50, 300, 5_000, 100_000][below(6)]
      fixture.advance(milliseconds: time)
      model.now += time
    }

    func change() {
      guard let (number, handle) = pick(), let key = model.keys[number] else { return }
      let isAsked = key.phase != .idle
      if below(2) == 0 {
        #expect(fixture.cancel(handle) == isAsked)
        model.keys[number] = NaiveScheduler.Key(
          isRunning: key.isRunning, failures: key.failures, generation: key.generation)
      } else {
        let delay = 1 + delay()
        #expect(fixture.postpone(handle, by: delay) == isAsked)
        if isAsked { model.postpone(number, delay) }
      }
    }

    func remove() {
      guard let (number, handle) = pick() else { return }
      #expect(fixture.remove(handle))
      handles[number] = nil
      model.keys[number] = nil
    }

    func compare() {
      model.release()
      fixture.release()
      for number in handles.keys.sorted() {
        guard let handle = handles[number], let key = model.keys[number] else { continue }
        guard let status = fixture.status(handle) else {
          Issue.record("\(number) is gone")
          continue
        }
        let due = key.phase == .waiting ? max(0, key.due - model.now) : nil
        #expect(status.phase == key.phase && status.isRunning == key.isRunning)
        #expect(status.priority == key.priority && status.causes == key.causes)
        #expect(status.failures == key.failures)
        #expect(status.due == due.map { .milliseconds($0) })
      }
    }
  }

  @Test("random steps lead to the same state as the naive model", arguments: 1...16)
  func walk(seed: Int) {
    let walk = Walk(seed: UInt64(seed))
    for _ in 0..<1_000 {
      walk.step()
      walk.compare()
    }
    #expect(walk.nextNumber > 20 && walk.fixture.counts.runs > 50, "the walk does something")
  }
}
