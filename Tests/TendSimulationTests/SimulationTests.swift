import Dispatch
import Synchronization
import TendSimulation
import TendTesting
import Testing

@Suite("Simulated time and order", .timeLimit(.minutes(2)))
struct SimulationTests {
  @Test("what the documentation shows: three sleepers wake after an hour, in an order of the seed")
  func documented() throws {
    let simulation = Simulation(seed: 7)
    try simulation.run {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for name in ["a", "b", "c"] {
          group.addTask {
            try await simulation.clock.sleep(for: .seconds(3600))
            simulation.note("\(name) woke up")
          }
        }
        try await group.waitForAll()
      }
    }
    let lines = ["a", "b", "c"].map { "0d 01:00:00.000 \($0) woke up" }
    #expect(simulation.history.sorted() == lines)
    #expect(simulation.time == .seconds(3600))
  }

  /// In which order tasks that could all go on went on.
  private func order(seed: UInt64) throws -> [String] {
    let simulation = Simulation(seed: seed)
    try simulation.run {
      await withTaskGroup { group in
        for number in 0..<6 {
          group.addTask {
            for _ in 0..<3 {
              await Task.yield()
              simulation.note("\(number) and \(simulation.draw { $0.below(100) })")
            }
          }
        }
      }
    }
    return simulation.history
  }

  @Test("the same seed gives the same order, another seed another one")
  func order() throws {
    #expect(try order(seed: 1) == order(seed: 1))
    #expect(Set(try (1...20).map { try order(seed: $0) }).count == 20)
  }

  @Test("what nobody will ever wake is said, and not waited for")
  func halt() {
    #expect(throws: SimulationError.halted) {
      try Simulation(seed: 1).run {
        let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
        for await _ in stream {}
        continuation.finish()
      }
    }
  }

  @Test("what never ends comes to the bound on steps")
  func bound() {
    var options = Simulation.Options()
    options.stepLimit = 1000
    #expect(throws: SimulationError.endless(steps: 1000)) {
      try Simulation(seed: 1, options: options).run {
        while !Task.isCancelled { await Task.yield() }
      }
    }
  }

  @Test("a task that another thread resumes is noticed")
  func foreign() {
    #expect(throws: SimulationError.foreign) {
      try Simulation(seed: 1).run {
        let waiting = Waiting()
        async let resumed: Void = waiting.wait()
        while !waiting.isWaiting { await Task.yield() }
        waiting.resumeElsewhere()
        await resumed
      }
    }
  }

  @Test("what the body throws is thrown, and a history keeps its newest lines")
  func errorsAndBounds() {
    var options = Simulation.Options()
    options.historyLimit = 10
    let simulation = Simulation(seed: 1, options: options)
    #expect(throws: CancellationError.self) {
      try simulation.run {
        for number in 0..<100 { simulation.note("\(number)") }
        throw CancellationError()
      }
    }
    #expect(simulation.history.count == 10)
    #expect(simulation.history.last == "0d 00:00:00.000 99")
  }
}

/// Somebody who waits until a thread that is not simulated resumes them.
private final class Waiting: Sendable {
  private let continuation = Mutex<CheckedContinuation<Void, Never>?>(nil)

  var isWaiting: Bool { continuation.withLock { $0 != nil } }

  func wait() async {
    await withCheckedContinuation { waiting in continuation.withLock { $0 = waiting } }
  }

  func resumeElsewhere() {
    let isDone = DispatchSemaphore(value: 0)
    let waiting = continuation.withLock { $0 }
    DispatchQueue.global().async {
      waiting?.resume()
      isDone.signal()
    }
    isDone.wait()
  }
}
