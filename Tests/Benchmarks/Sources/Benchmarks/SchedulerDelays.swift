import Foundation
import TendEngine

/// W3, W4 and W6: keys that wait.
extension SchedulerBenchmarks {
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
}
