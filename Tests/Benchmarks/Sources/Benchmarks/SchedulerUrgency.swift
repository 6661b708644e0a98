import Foundation
import Synchronization
import TendEngine

/// W7: what is urgent does not wait for what is not.
extension SchedulerBenchmarks {
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

/// How many low keys have run.
final class Counter: Sendable {
  let value = Atomic<Int>(0)
}
