import TendEngine

/// Numbers that follow from a seed: the one source of chance in a simulation.
public struct Draw: RandomNumberGenerator, Sendable {
  private var random: SplitMix

  /// The same seed gives the same numbers.
  public init(seed: UInt64) { random = SplitMix(state: seed) }

  /// The numbers of one purpose of a seed, independent of those of others.
  public init(seed: UInt64, for purpose: String) {
    self.init(seed: seed ^ SplitMix.mixed(purpose))
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 { random.next() }

  /// A number from 0 to below a limit; 0 where the limit is not above 0.
  public mutating func below(_ limit: Int) -> Int {
    limit > 0 ? Int(random.next() % UInt64(limit)) : 0
  }

  /// True with a probability from 0 to 1.
  public mutating func happens(_ probability: Double) -> Bool {
    Double(random.next() >> 11) / 0x1p53 < probability
  }

  /// One of some values; nil where there are none.
  public mutating func one<Element>(of values: [Element]) -> Element? {
    values.isEmpty ? nil : values[below(values.count)]
  }

  /// A time from zero to below a limit.
  public mutating func time(below limit: Duration) -> Duration {
    .milliseconds(below(Int(limit.components.seconds) &* 1000))
  }
}
