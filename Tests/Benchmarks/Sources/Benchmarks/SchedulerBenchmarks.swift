import Foundation
import Synchronization
import TendEngine

/// The workloads of README.md, part "Scheduler".
enum SchedulerBenchmarks {
  static let all: [Benchmark] = [
    throughput(
      "W1a", "fill a million keys, then drain them", aim: nil, ratio: nil, isWaiting: false),
    throughput("W1b", "a million keys through two waiting workers", aim: 6e6, ratio: 0.3),
    keyed("W1a", isWaiting: false),
    keyed("W1b", aim: 2.5e6),
    Benchmark(
      name: "W2-handle", what: "two producers add 10,000 keys 5,000,000 times",
      peer: peer("w2"),
      figures: [.rate(aim: 15e6), .init(name: "cpu_ns", unit: .nanoseconds)] + counts("runs")
    ) { await merging(HandleQueue.self, $0) },
    Benchmark(
      name: "W2-string", what: "W2 by string key", figures: [.rate()] + counts("runs")
    ) { await merging(KeyQueue.self, $0) },
    Benchmark(
      name: "W3", what: "a million keys, each delayed by up to 10 s", peer: peer("w3"),
      figures: [
        .init(name: "p50_us", unit: .microseconds),
        .init(name: "p99_us", unit: .microseconds, aim: 2_000),
        .init(name: "max_us", unit: .microseconds), .init(name: "early", unit: .count, aim: 0),
        .init(name: "cpu_ns", unit: .nanoseconds, aim: 1_500),
      ]
    ) { await lateness(HandleQueue.self, $0) },
    retry("W4", "100,000 keys that always fail, 20 s", jitter: 0, aim: 1_200_000),
    retry("W4-jitter", "W4 with the default jitter", jitter: 0.5, aim: nil),
    loop("W5", "a million reconciles each 10 s, in bursts", .init(), aim: nil),
    loop("W5u", "W5 evenly spread", .init(isSpread: true), aim: nil),
    loop(
      "W5s", "W5 each second: a million offered a second",
      .init(interval: 1, warmUp: 5, window: 10), aim: 1.5e6),
    loop(
      "W5x", "W5 each quarter of a second: saturation",
      .init(interval: 0.25, warmUp: 5, window: 10), aim: 1.5e6, argument: nil),
    memory("W6-handle", HandleQueue.self, peer: peer("w6"), aim: 48),
    memory("W6-string", KeyQueue.self, peer: nil, aim: nil),
    Benchmark(
      name: "W7", what: "1,000 urgent keys before a backlog of 200,000", peer: peer("w7"),
      figures: [
        .init(name: "p50_us", unit: .microseconds),
        .init(name: "p99_us", unit: .microseconds, aim: 500),
        .init(name: "max_us", unit: .microseconds),
        .init(name: "low", unit: .count, risesWithQuality: true, aim: 1),
      ]
    ) { await urgency($0) },
  ]

  static func peer(_ workload: String) -> Benchmark.Peer {
    .init(source: "sched.c", arguments: [workload])
  }

  static func counts(_ names: String...) -> [Benchmark.Figure] {
    names.map { .init(name: $0, unit: .count) }
  }

  static func scaled(_ full: Int, _ percent: Double) -> Int {
    max(1, Int(Double(full) * percent / 100))
  }

  // MARK: W1

  static func throughput(
    _ name: String, _ what: String, aim: Double?, ratio: Double?, isWaiting: Bool = true
  ) -> Benchmark {
    Benchmark(
      name: "\(name)-handle", what: what, peer: peer(name.lowercased()),
      figures: [
        .rate(aim: aim, ratio: ratio), .rate("fill"), .rate("drain"),
        .init(name: "cpu_ns", unit: .nanoseconds),
      ]
    ) { await fillAndDrain(HandleQueue.self, $0, isWaiting: isWaiting) }
  }

  static func keyed(_ name: String, aim: Double? = nil, isWaiting: Bool = true) -> Benchmark {
    Benchmark(
      name: "\(name)-string", what: "\(name) by string key",
      figures: [.rate(aim: aim), .init(name: "cpu_ns", unit: .nanoseconds)]
    ) { await fillAndDrain(KeyQueue.self, $0, isWaiting: isWaiting) }
  }

  static func fillAndDrain<Q: Queue>(
    _ type: Q.Type, _ percent: Double, isWaiting: Bool
  ) async -> [String: Double] {
    let count = scaled(1_000_000, percent)
    let queue = Q(count, workers: 2, backoff: Backoff())
    let filled = Cells(1)
    let fill: @Sendable () -> Void = {
      for number in 0..<count { queue.add(number) }
      filled[0] = Measure.now()
    }
    var (cpu, start) = (Measure.cpu(), Measure.now())
    if !isWaiting { await onThread(fill) }
    await queue.serve(until: .finishReady) { _, _ in
      .done
    } while: {
      guard isWaiting else { return }
      while queue.metrics.lanes[0].idleWorkers < 2 { await Task.yield() }
      (cpu, start) = (Measure.cpu(), Measure.now())
      await onThread(fill)
    }
    let wall = Double(Measure.now() - start) / 1e9
    let filling = Double(filled[0] - start) / 1e9
    return [
      "rate": Double(count) / wall, "fill": Double(count) / filling,
      "drain": Double(count) / (wall - filling), "cpu_ns": (Measure.cpu() - cpu) / Double(count),
    ]
  }

  // MARK: W2

  static func merging<Q: Queue>(_ type: Q.Type, _ percent: Double) async -> [String: Double] {
    let each = scaled(2_500_000, percent)
    let queue = Q(10_000, workers: 2, backoff: Backoff())
    let returned = Cells(2)
    var (cpu, start) = (Measure.cpu(), Measure.now())
    await queue.serve(until: .finishReady) { _, _ in
      .done
    } while: {
      while queue.metrics.lanes[0].idleWorkers < 2 { await Task.yield() }
      (cpu, start) = (Measure.cpu(), Measure.now())
      await withTaskGroup { group in
        for producer in 0..<2 {
          group.addTask {
            await onThread {
              for turn in 0..<each { queue.add((turn &* 7919 &+ 5000 &* producer) % 10_000) }
              returned[producer] = Measure.now()
            }
          }
        }
      }
    }
    let total = Double(2 * each)
    return [
      "rate": total / (Double(max(returned[0], returned[1]) - start) / 1e9),
      "cpu_ns": (Measure.cpu() - cpu) / total,
      "runs": Double(queue.metrics.lanes[0].counts.runs),
    ]
  }

  // MARK: W3

  static func lateness<Q: Queue>(_ type: Q.Type, _ percent: Double) async -> [String: Double] {
    let count = scaled(1_000_000, percent)
    let queue = Q(count, workers: 2, backoff: Backoff())
    let (due, late, filled) = (Cells(count), Cells(count), Cells(1))
    let cpu = Measure.cpu()
    await queue.serve(until: .finishReady) { number, _ in
      late[number] = Measure.now() - due[number]
      return .done
    } while: {
      await onThread {
        for number in 0..<count {
          let delay = Int64(Measure.random(number) % 10_000_000_000)
          due[number] = Measure.now() + delay
          queue.add(number, priority: .drift, after: .nanoseconds(delay + 1))
        }
        filled[0] = Measure.now()
        while queue.metrics.lanes[0].counts.successes < UInt64(count) { usleep(1_000) }
      }
    }
    let used = Measure.cpu() - cpu
    let steady = (0..<count).filter { due[$0] > filled[0] + 500_000_000 }.map { late[$0] }
    var figures = Measure.percentiles(steady)
    figures["cpu_ns"] = used / Double(count)
    figures["early"] = Double((0..<count).count { late[$0] < 0 })
    return figures
  }

  // MARK: W4

  static func retry(_ name: String, _ what: String, jitter: Double, aim: Double?) -> Benchmark {
    Benchmark(
      name: name, what: what, peer: peer("w4"),
      figures: [
        .init(name: "attempts", unit: .count, risesWithQuality: true, aim: aim),
        .init(name: "first", unit: .count, risesWithQuality: true),
        .init(name: "cpu_ns", unit: .nanoseconds, aim: 800),
      ]
    ) { await retrying($0, jitter: jitter) }
  }

  static func retrying(_ percent: Double, jitter: Double) async -> [String: Double] {
    let count = scaled(100_000, percent)
    let backoff = Backoff(base: .milliseconds(5), cap: .seconds(1_000), jitter: jitter)
    let queue = HandleQueue(count, workers: 2, backoff: backoff)
    let seen = Cells(3)
    let (cpu, start) = (Measure.cpu(), Measure.now())
    await queue.serve(until: .finishRunning) { _, _ in
      .failed()
    } while: {
      await onThread {
        for number in 0..<count { queue.add(number) }
        Measure.sleep(1 - Double(Measure.now() - start) / 1e9)
        seen[0] = Int64(queue.metrics.lanes[0].counts.failures)
        Measure.sleep(20 - Double(Measure.now() - start) / 1e9)
        seen[1] = Int64(queue.metrics.lanes[0].counts.failures)
        seen[2] = Int64(Measure.cpu())
      }
    }
    let scale = percent / 100
    return [
      "attempts": Double(seen[1]) / scale, "first": Double(seen[0]) / scale,
      "cpu_ns": (Double(seen[2]) - cpu) / Double(seen[1]),
    ]
  }

  // MARK: W5

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

  // MARK: W6

  static func memory<Q: Queue>(
    _ name: String, _ type: Q.Type, peer: Benchmark.Peer?, aim: Double?
  ) -> Benchmark {
    Benchmark(
      name: name, what: "a million keys that wait an hour", peer: peer,
      figures: [
        .init(name: "bytes", unit: .bytes, aim: aim), .rate(),
        .init(name: "idle_ms", unit: .milliseconds),
      ]
    ) { await waiting(type, $0) }
  }

  static func waiting<Q: Queue>(_ type: Q.Type, _ percent: Double) async -> [String: Double] {
    let count = scaled(1_000_000, percent)
    let empty = Measure.resident()
    let queue = Q(count, workers: 2, backoff: Backoff())
    // String keys are made with the queue and are not its own; records by handle are.
    let before = Q.self == KeyQueue.self ? Measure.resident() : empty + queue.nameBytes
    let result = Cells(3)
    await queue.serve(until: .finishRunning) { _, _ in
      .done
    } while: {
      await onThread {
        let start = Measure.now()
        for number in 0..<count { queue.add(number, priority: .drift, after: .seconds(3_600)) }
        result[0] = Measure.now() - start
        Measure.sleep(0.5)
        result[1] = Int64(Measure.resident() - before)
        let cpu = Measure.cpu()
        Measure.sleep(2)
        result[2] = Int64(Measure.cpu() - cpu)
      }
    }
    return [
      "bytes": Double(result[1]) / Double(count),
      "rate": Double(count) / (Double(result[0]) / 1e9), "idle_ms": Double(result[2]) / 2e6,
    ]
  }

  // MARK: W7

  static func urgency(_ percent: Double) async -> [String: Double] {
    let (backlog, urgent) = (scaled(200_000, percent), scaled(1_000, percent))
    let queue = HandleQueue(backlog + urgent, workers: 2, backoff: Backoff())
    let (added, waited, progress) = (Cells(urgent), Cells(urgent), Cells(2))
    let low = Counter()
    await onThread {
      for number in 0..<backlog { queue.add(number, priority: .resync, after: .zero) }
    }
    await queue.serve(until: .finishReady) { number, _ in
      let start = Measure.now()
      if number >= backlog {
        waited[number - backlog] = start - added[number - backlog]
      } else {
        low.value.add(1, ordering: .relaxed)
      }
      while Measure.now() - start < 20_000 {}
      return .done
    } while: {
      await onThread {
        Measure.sleep(0.2 * min(1, percent / 100))
        progress[0] = Int64(low.value.load(ordering: .relaxed))
        for number in 0..<urgent {
          added[number] = Measure.now()
          queue.add(backlog + number, priority: .revision, after: .zero)
          usleep(1_000)
        }
        progress[1] = Int64(low.value.load(ordering: .relaxed))
      }
    }
    var figures = Measure.percentiles((0..<urgent).map { waited[$0] })
    figures["low"] = Double(progress[1] - progress[0])
    return figures
  }
}

extension HandleQueue {
  var successes: UInt64 { metrics.lanes[0].counts.successes }
}

/// How many low keys have run.
final class Counter: Sendable {
  let value = Atomic<Int>(0)
}

/// A 200-byte state for each key, behind a read-write lock, and the desired one.
// Sendable because the states are written before the first reader, and the lock is made for sharing.
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
