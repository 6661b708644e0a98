import TendTesting
import Testing

@testable import TendEngine

@Suite("Scheduler: keys by value", .timeLimit(.minutes(1)))
struct SchedulerKeyedTests {
  @Test("a key is known while something is left to know of it, and not longer")
  func life() async throws {
    let clock = ManualClock()
    let scheduler = KeyedScheduler<String>(limit: 1, clock: clock)
    #expect(scheduler.status(of: "a") == nil)
    #expect(!scheduler.cancel("a") && !scheduler.postpone("a", by: .seconds(1)))
    scheduler.add("a")
    scheduler.add("a", priority: .revision)
    let first = try #require(await scheduler.next())
    #expect(first.key == "a" && first.ticket.priority == .revision)
    scheduler.finish(first, .failed())
    #expect(scheduler.status(of: "a")?.failures == 1)
    clock.advance(by: .seconds(1))
    let second = try #require(await scheduler.next())
    scheduler.add("a", after: .seconds(5))
    scheduler.finish(second, .done)
    #expect(scheduler.status(of: "a")?.phase == .waiting)
    #expect(scheduler.metrics.keys == 1)
    #expect(scheduler.cancel("a"))
    #expect(scheduler.status(of: "a") == nil)
    #expect(scheduler.metrics.keys == 0)
  }

  @Test("forgetting a key drops its failures and its retry")
  func forget() async throws {
    let scheduler = KeyedScheduler<Int>(limit: 1, clock: ManualClock())
    scheduler.add(3)
    scheduler.finish(try #require(await scheduler.next()), .failed())
    #expect(scheduler.status(of: 3)?.phase == .waiting)
    #expect(scheduler.forget(3))
    #expect(scheduler.status(of: 3) == nil && scheduler.metrics.keys == 0)
    #expect(!scheduler.forget(3))
  }

  @Test("after shutdown nothing is added and nothing is remembered")
  func shutdown() async {
    let scheduler = KeyedScheduler<Int>(limit: 1)
    #expect(await scheduler.shutDown() == .init())
    #expect(!scheduler.add(1))
    #expect(scheduler.metrics.keys == 0 && scheduler.metrics.refusals == 1)
    #expect(await scheduler.next() == nil)
  }

  /// A key whose hashes collide in groups.
  struct Clumsy: Hashable {
    let number: Int
    func hash(into hasher: inout Hasher) { hasher.combine(number / 50) }
  }

  @Test("the index of keys finds what is there and only that, through growth, gaps and collisions")
  func index() {
    var index = KeyIndex<Clumsy>()
    var present: [Int: Scheduler.Handle] = [:]
    var random = SplitMix(state: 7)
    for serial in 1...6_000 {
      let number = Int(random.next() % 400)
      let key = Clumsy(number: number)
      let handle = index.find(key, hash: KeyIndex.hash(key))
      #expect(handle == present[number])
      if let handle {
        #expect(index.key(of: handle) == key)
        index.remove(handle)
        present[number] = nil
      } else {
        let new = Scheduler.Handle(index: UInt32(number) * 37, serial: UInt32(serial))
        index.insert(key, hash: KeyIndex.hash(key), new)
        present[number] = new
      }
    }
    for handle in present.values { index.remove(handle) }
    #expect(index.count == 0 && index.buckets.count <= 128, "memory is given back")
    let pages = index.pages.dropFirst().count { !$0.isEmpty }
    #expect(pages == 0)
  }
}
