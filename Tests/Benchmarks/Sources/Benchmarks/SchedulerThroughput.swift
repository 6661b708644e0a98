import TendEngine

/// W1 and W2: how many keys pass.
extension SchedulerBenchmarks {
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
}
