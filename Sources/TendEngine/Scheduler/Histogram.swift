extension Scheduler {
  /// How often a duration fell into which power of two: 36 buckets from a microsecond to ten hours.
  public struct Histogram: Hashable, Sendable {
    /// Bucket 0 is below 1.024 µs; bucket *k* is below 1.024 µs · 2^k; the last has no upper bound.
    public private(set) var counts = ContiguousArray<UInt64>(repeating: 0, count: size)

    static let size = 36

    /// An empty histogram.
    public init() {}

    init(_ counts: some Sequence<UInt64>) { self.counts = ContiguousArray(counts) }

    /// All durations that were counted.
    public var total: UInt64 { counts.reduce(0, &+) }

    /// Upper bound of a bucket; the last one's is where it begins.
    public static func bound(ofBucket bucket: Int) -> Duration {
      .nanoseconds(1024 << Int64(min(max(bucket, 0), size - 2)))
    }

    /// The upper bound of the bucket in which this part (0 to 1) of all durations ends.
    public func quantile(_ part: Double) -> Duration {
      let wanted = UInt64((Double(total) * min(max(part, 0), 1)).rounded(.up))
      var seen: UInt64 = 0
      for (bucket, count) in counts.enumerated() {
        seen &+= count
        if seen >= wanted, seen > 0 { return Self.bound(ofBucket: bucket) }
      }
      return .zero
    }

    /// The bucket of a duration.
    @inline(__always)
    static func bucket(_ nanoseconds: Int64) -> Int {
      min(size - 1, 64 - (UInt64(bitPattern: max(0, nanoseconds)) >> 10).leadingZeroBitCount)
    }
  }
}
