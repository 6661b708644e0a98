import Glibc
import Synchronization
import Testing

@testable import TendAgent

@Suite("Threads for calls that block")
struct BlockingThreadsTests {
  @Test("as many calls block at once as the limit says, more than the pool has threads")
  func meeting() async throws {
    let count = 40
    let threads = BlockingThreads(limit: count)
    defer { threads.close() }
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    let (reading, writing) = (ends[0], ends[1])
    let arrived = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<count {
        group.addTask(executorPreference: threads) {
          let isLast = arrived.increment() == count
          // All wait for the last one: with a thread less this would never end.
          if isLast { close(writing) }
          var byte: UInt8 = 0
          _ = read(reading, &byte, 1)
        }
      }
    }
    close(reading)
    #expect(arrived.value == count)
  }

  @Test("more calls than threads are all done")
  func queueing() async {
    let threads = BlockingThreads(limit: 2)
    defer { threads.close() }
    let done = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<1000 {
        group.addTask(executorPreference: threads) { _ = done.increment() }
      }
    }
    #expect(done.value == 1000)
  }

  @Test("a call on a thread of its own gives its result and its error")
  func one() async throws {
    #expect(await onThreadOfItsOwn { 42 } == 42)
    await #expect(throws: Failure("Test", "no")) {
      try await onThreadOfItsOwn { throw Failure("Test", "no") }
    }
  }
}

private final class Counter: Sendable {
  private let count = Mutex(0)
  var value: Int { count.withLock { $0 } }
  func increment() -> Int {
    count.withLock { count in
      count += 1
      return count
    }
  }
}
