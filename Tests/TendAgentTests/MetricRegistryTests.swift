import CoreMetrics
import TendEngine
import Testing

@testable import TendAgent

@Suite("The registry of metrics")
struct MetricRegistryTests {
  private static let descriptions = [
    MetricDescription(.counter, "tend_a_total", labels: ["unit"], "Counts."),
    MetricDescription(.histogram, "tend_c_seconds", "Times."),
    MetricDescription(.gauge, "tend_g", "Holds."),
  ]

  private func numbers(_ registry: MetricRegistry) -> [String: Double] {
    var numbers: [String: Double] = [:]
    for sample in registry.samples {
      guard case .number(let number) = sample.value else { continue }
      numbers[sample.labels.map(\.value).joined()] = number
    }
    return numbers
  }

  @Test("one series for a name and its labels, whoever asks and in whatever order they stand")
  func series() {
    let registry = MetricRegistry(Self.descriptions)
    registry.makeCounter(label: "tend_a_total", dimensions: [("unit", "web")]).increment(by: 2)
    registry.makeCounter(label: "tend_a_total", dimensions: [("unit", "web"), ("more", "x")])
      .increment(by: 3)
    registry.makeCounter(label: "nobody_described_it", dimensions: []).increment(by: 1)
    #expect(numbers(registry) == ["web": 5])
  }

  @Test("beyond the limit all is counted in one series")
  func limit() {
    let registry = MetricRegistry(Self.descriptions, limit: 3)
    for number in 0..<100 {
      registry.makeCounter(label: "tend_a_total", dimensions: [("unit", "\(number)")])
        .increment(by: 1)
    }
    #expect(numbers(registry) == ["0": 1, "1": 1, "2": 1, "other": 97])
  }

  @Test("durations fall into every bucket that is long enough, and into the sum")
  func durations() throws {
    let registry = MetricRegistry(Self.descriptions)
    let timer = registry.makeTimer(label: "tend_c_seconds", dimensions: [])
    for milliseconds in [1, 20, 400_000] as [Int64] {
      timer.recordNanoseconds(milliseconds * 1_000_000)
    }
    guard case .distribution(let times) = try #require(registry.samples.first).value else {
      Issue.record("a timer is a distribution")
      return
    }
    #expect(times.count == 3)
    #expect(abs(times.sum - 400.021) < 1e-9)
    #expect(times.buckets.first { $0.bound == 0.001 }?.count == 1)
    #expect(times.buckets.first { $0.bound == 0.025 }?.count == 2)
    #expect(times.buckets.last?.count == 2)
  }

  @Test("a gauge holds what was set last")
  func gauge() {
    let registry = MetricRegistry(Self.descriptions)
    let meter = registry.makeMeter(label: "tend_g", dimensions: [])
    meter.set(Int64(3))
    meter.increment(by: 1.5)
    meter.decrement(by: 0.5)
    #expect(numbers(registry) == ["": 4])
  }
}
