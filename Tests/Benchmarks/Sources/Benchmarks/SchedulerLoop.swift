import Foundation
import TendEngine

/// W5: the whole loop, again and again.
extension SchedulerBenchmarks {
  struct Loop: Sendable {
    var isSpread = false
    var interval = 10.0
    var warmUp = 15.0
    var window = 20.0
  }

  static func loop(
    _ name: String, _ what: String, _ loop: Loop, aim: Double?, argument: String? = ""
  ) -> Benchmark {
    Benchmark(
      name: name, what: what, peer: argument.map { _ in peer(name.lowercased()) },
      figures: [.rate(aim: aim), .init(name: "cpu_ns", unit: .nanoseconds)]
    ) { await looping($0, loop) }
  }

  static func looping(_ percent: Double, _ loop: Loop) async -> [String: Double] {
    let count = scaled(1_000_000, percent)
    let queue = HandleQueue(count, workers: 2, backoff: Backoff())
    let world = World(count)
    let delay = Duration.seconds(loop.interval)
    let result = Cells(3)
    await queue.serve(until: .finishRunning) { number, _ in
      precondition(world.isAsDesired(number))
      return .again(after: delay)
    } while: {
      await onThread {
        let start = Measure.now()
        for number in 0..<count {
          let first = Int64(1 + Measure.random(number) % 10_000_000_000)
          queue.add(number, priority: .drift, after: loop.isSpread ? .nanoseconds(first) : .zero)
        }
        Measure.sleep(loop.warmUp - Double(Measure.now() - start) / 1e9)
        let (runs, cpu, from) = (queue.successes, Measure.cpu(), Measure.now())
        Measure.sleep(loop.window)
        result[0] = Int64(queue.successes - runs)
        result[1] = Int64(Measure.cpu() - cpu)
        result[2] = Measure.now() - from
      }
    }
    return [
      "rate": Double(result[0]) / (Double(result[2]) / 1e9),
      "cpu_ns": Double(result[1]) / Double(max(1, result[0])),
    ]
  }
}

extension HandleQueue {
  var successes: UInt64 { metrics.lanes[0].counts.successes }
}

/// A 200-byte state for each key, behind a read-write lock, and the desired one.
// Sendable because the states are written before the first reader comes.
final class World: @unchecked Sendable {
  private static let bytes = 200
  private let lock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)
  private let desired = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 8)
  private var states: [UnsafeMutableRawPointer] = []

  init(_ count: Int) {
    pthread_rwlock_init(lock, nil)
    memset(desired, 1, Self.bytes)
    states = (0..<count).map { _ in
      let state = UnsafeMutableRawPointer.allocate(byteCount: Self.bytes, alignment: 8)
      memset(state, 1, Self.bytes)
      return state
    }
  }

  func isAsDesired(_ number: Int) -> Bool {
    pthread_rwlock_rdlock(lock)
    let state = states[number]
    pthread_rwlock_unlock(lock)
    return memcmp(state, desired, Self.bytes) == 0
  }
}
