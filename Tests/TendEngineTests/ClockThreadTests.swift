import Synchronization
import Testing

@testable import TendEngine

@Suite("The thread that ends the engine's waits")
struct ClockThreadTests {
  /// Who came back, in that order.
  private final class Woken: Sendable {
    private let numbers = Mutex<[Int]>([])

    var all: [Int] { numbers.withLock { $0 } }
    func add(_ number: Int) { numbers.withLock { $0.append(number) } }
  }

  @Test("nobody is woken early, and the first due is woken first")
  func order() async throws {
    let (clock, woken) = (ClockThread(), Woken())
    let start = clock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in [3, 1, 2] {
        group.addTask { @Sendable in
          let end = start + .milliseconds(100 * number)
          try await clock.sleep(until: end, tolerance: nil)
          #expect(clock.now >= end)
          woken.add(number)
        }
      }
      try await group.waitForAll()
    }
    #expect(woken.all == [1, 2, 3])
  }

  @Test("a time that has passed is no wait")
  func past() async throws {
    let clock = ClockThread()
    try await clock.sleep(until: clock.now - .seconds(5), tolerance: nil)
    try await clock.sleep(for: .zero)
  }

  @Test("who is cancelled sleeps no more, whether it sleeps yet or not", arguments: [true, false])
  func cancelled(sleeps: Bool) async throws {
    let (clock, woken) = (ClockThread(), Woken())
    await #expect(throws: CancellationError.self) {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { @Sendable in
          woken.add(0)
          try await clock.sleep(for: .seconds(3600))
        }
        if sleeps { await eventually("it is about to sleep") { !woken.all.isEmpty } }
        group.cancelAll()
        try await group.waitForAll()
      }
    }
  }

  @Test("a sleep is ended where the sleeper runs")
  func preferred() async throws {
    let clock = ClockThread()
    try await withTaskExecutorPreference(clock) {
      for _ in 0..<100 {
        try await clock.sleep(for: .microseconds(100))
        await Task.yield()
      }
    }
  }

  @Test("many who sleep and are cancelled in between all come back")
  func many() async {
    let (clock, woken) = (ClockThread(), Woken())
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<2000 {
        group.addTask { @Sendable in
          await withTaskGroup(of: Void.self) { race in
            race.addTask { @Sendable in try? await clock.sleep(for: .microseconds(number % 97)) }
            race.addTask { @Sendable in try? await clock.sleep(for: .microseconds(number % 89)) }
            await race.next()
            race.cancelAll()
          }
          woken.add(number)
        }
      }
    }
    #expect(woken.all.count == 2000)
  }
}
