import Foundation
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
}
