public import CoreMetrics
private import Synchronization
public import TendEngine

/// Keeps what is counted through swift-metrics, for an exposition as text.
///
/// Only metrics that a description names are kept, at most `limit` series of each: what comes
/// beyond is counted in one series whose labels all say `other`. Nothing is ever forgotten.
public final class MetricRegistry: MetricsFactory {
  private let descriptions: [String: MetricDescription]
  private let limit: Int
  private let state = Mutex(State())

  private struct State {
    var series: [String: [[MetricSample.Label]: any MetricSeries]] = [:]
  }

  /// A registry for these metrics; 1,000 series of each is the default limit.
  public init(_ descriptions: [MetricDescription], limit: Int = 1000) {
    self.descriptions = [String: MetricDescription](
      descriptions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    self.limit = max(1, limit)
  }

  /// What was counted so far, in the order of names and labels.
  public var samples: [MetricSample] {
    let all = state.withLock { $0.series }
    return all.sorted { $0.key < $1.key }.flatMap { name, series in
      series.map { MetricSample(name, $0.key, $0.value.value) }.sorted(by: Self.isBefore)
    }
  }

  private static func isBefore(_ left: MetricSample, _ right: MetricSample) -> Bool {
    left.labels.map(\.value).lexicographicallyPrecedes(right.labels.map(\.value))
  }

  /// The series of a name and labels; nil where no description names it.
  private func series<Series: MetricSeries>(
    _ name: String, _ dimensions: [(String, String)], _ make: () -> Series
  ) -> Series? {
    guard let description = descriptions[name] else { return nil }
    let values = [String: String](dimensions, uniquingKeysWith: { first, _ in first })
    let labels = description.labels.map { MetricSample.Label($0, values[$0] ?? "") }
    return state.withLock { state in
      var known = state.series[name] ?? [:]
      let isFull = known.count >= limit && known[labels] == nil
      let labels = isFull ? labels.map { MetricSample.Label($0.name, "other") } : labels
      if let found = known[labels] { return found as? Series }
      let series = make()
      known[labels] = series
      state.series[name] = known
      return series
    }
  }

  // MARK: What swift-metrics asks for

  /// A counter of whole numbers.
  public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    series(label, dimensions, WholeSeries.init) ?? WholeSeries()
  }

  /// A counter of parts.
  public func makeFloatingPointCounter(
    label: String, dimensions: [(String, String)]
  ) -> any FloatingPointCounterHandler {
    series(label, dimensions, NumberSeries.init) ?? NumberSeries()
  }

  /// The value of a moment.
  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    series(label, dimensions, NumberSeries.init) ?? NumberSeries()
  }

  /// A distribution, or the last value where it is not to be aggregated.
  public func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    if aggregate { return series(label, dimensions, TimeSeries.init) ?? TimeSeries() }
    return series(label, dimensions, NumberSeries.init) ?? NumberSeries()
  }

  /// A distribution of durations.
  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    series(label, dimensions, TimeSeries.init) ?? TimeSeries()
  }

  /// Nothing is forgotten: a counter that vanished would look like one that began anew.
  public func destroyCounter(_ handler: any CounterHandler) {}
  /// Nothing is forgotten.
  public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
  /// Nothing is forgotten.
  public func destroyMeter(_ handler: any MeterHandler) {}
  /// Nothing is forgotten.
  public func destroyRecorder(_ handler: any RecorderHandler) {}
  /// Nothing is forgotten.
  public func destroyTimer(_ handler: any TimerHandler) {}
}

/// One series of a metric.
private protocol MetricSeries: AnyObject, Sendable {
  var value: MetricSample.Value { get }
}

/// Counts whole numbers.
private final class WholeSeries: MetricSeries, CounterHandler {
  private let count = Atomic<Int64>(0)
  var value: MetricSample.Value { .number(Double(count.load(ordering: .relaxed))) }
  func increment(by amount: Int64) { count.wrappingAdd(amount, ordering: .relaxed) }
  func reset() { count.store(0, ordering: .relaxed) }
}

/// Holds a number.
private final class NumberSeries: MetricSeries, FloatingPointCounterHandler, MeterHandler,
  RecorderHandler
{
  private let number = Mutex(0.0)
  var value: MetricSample.Value { .number(number.withLock { $0 }) }
  func increment(by amount: Double) { number.withLock { $0 += amount } }
  func decrement(by amount: Double) { number.withLock { $0 -= amount } }
  func set(_ value: Int64) { number.withLock { $0 = Double(value) } }
  func set(_ value: Double) { number.withLock { $0 = value } }
  func record(_ value: Int64) { set(value) }
  func record(_ value: Double) { set(value) }
  func reset() { set(0.0) }
}

/// Counts durations in seconds, by bounds from a tenth of a millisecond to five minutes.
private final class TimeSeries: MetricSeries, TimerHandler, RecorderHandler {
  static let bounds: [Double] = [
    0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    300,
  ]

  private struct State {
    /// How many were at most as long as each bound and longer than the one before.
    var counts = [UInt64](repeating: 0, count: bounds.count)
    var count: UInt64 = 0
    var sum = 0.0
  }

  private let state = Mutex(State())

  var value: MetricSample.Value {
    let state = state.withLock { $0 }
    var total: UInt64 = 0
    let buckets = zip(Self.bounds, state.counts).map { bound, count in
      total += count
      return MetricSample.Distribution.Bucket(bound: bound, count: total)
    }
    return .distribution(.init(buckets: buckets, count: state.count, sum: state.sum))
  }

  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
  func record(_ value: Int64) { record(Double(value)) }

  func record(_ value: Double) {
    let bucket = Self.bounds.firstIndex { value <= $0 }
    state.withLock { state in
      if let bucket { state.counts[bucket] += 1 }
      state.count += 1
      state.sum += max(0, value)
    }
  }
}
