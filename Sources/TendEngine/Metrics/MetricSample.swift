/// One value of a metric, with its labels, at one moment.
public struct MetricSample: Sendable, Hashable {
  /// One label.
  public struct Label: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// Its value.
    public let value: String

    /// A label and its value.
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// How often durations fell below some bounds.
  public struct Distribution: Sendable, Hashable {
    /// Upper bounds in seconds, growing, and how many durations were at most that long.
    public let buckets: [Bucket]
    /// How many durations there were.
    public let count: UInt64
    /// Their sum, in seconds.
    public let sum: Double

    /// One bound.
    public struct Bucket: Sendable, Hashable {
      /// In seconds.
      public let bound: Double
      /// How many durations were at most that long, those of smaller buckets included.
      public let count: UInt64

      /// Counts durations up to a bound.
      public init(bound: Double, count: UInt64) {
        self.bound = bound
        self.count = count
      }
    }

    /// Counts durations.
    public init(buckets: [Bucket], count: UInt64, sum: Double) {
      self.buckets = buckets
      self.count = count
      self.sum = sum
    }
  }

  /// What was measured.
  public enum Value: Sendable, Hashable {
    /// Of a counter or a gauge.
    case number(Double)
    /// Of a histogram.
    case distribution(Distribution)
  }

  /// The metric's name.
  public let name: String
  /// By what it is told apart from others of the name.
  public let labels: [Label]
  /// What was measured.
  public let value: Value

  /// A value with its labels.
  public init(_ name: String, _ labels: [Label] = [], _ value: Value) {
    self.name = name
    self.labels = labels
    self.value = value
  }
}
