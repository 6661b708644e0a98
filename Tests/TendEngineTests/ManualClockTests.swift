import Synchronization
import TendTesting
import Testing

@Suite("The manual clock", .timeLimit(.minutes(1)))
struct ManualClockTests {
  @Test("sleepers wake at their times, in the order of these, and the clock shows each")
  func order() async {
    let clock = ManualClock()
    let seen = Journal()
    await withTaskGroup { group in
      for seconds: UInt32 in [3, 1, 2] {
        group.addTask {
          try? await clock.sleep(for: .seconds(Int(seconds)))
          seen.append(seconds)
        }
      }
      await clock.waitForSleepers(3)
      for count in 1...3 {
        #expect(clock.advanceToNextSleeper())
        await until { seen.payloads.count == count }
        #expect(clock.now == .init(offset: .seconds(count)))
      }
    }
    #expect(seen.payloads == [1, 2, 3])
    #expect(!clock.advanceToNextSleeper())
  }

  @Test("a cancelled sleeper throws at once and is forgotten")
  func cancel() async {
    let clock = ManualClock()
    await withTaskGroup { group in
      group.addTask {
        do { try await clock.sleep(for: .seconds(1)) } catch { return error is CancellationError }
        return false
      }
      await clock.waitForSleepers()
      group.cancelAll()
      #expect(await group.next() == true)
    }
    #expect(clock.sleeperCount == 0 && clock.nextDeadline == nil)
  }

  @Test("a time that has come does not sleep, and the clock never goes back")
  func past() async throws {
    let clock = ManualClock()
    clock.advance(by: .seconds(5))
    try await clock.sleep(until: .init(offset: .seconds(5)))
    clock.advance(to: .init(offset: .seconds(1)))
    #expect(clock.now == .init(offset: .seconds(5)))
  }

  @Test("waiting for sleepers can be cancelled")
  func waiting() async {
    let clock = ManualClock()
    await withTaskGroup { group in
      group.addTask { await clock.waitForSleepers(2) }
      group.cancelAll()
    }
    #expect(clock.sleeperCount == 0)
  }
}
