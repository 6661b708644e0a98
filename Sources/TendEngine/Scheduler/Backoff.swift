/// How long to wait after how many failures: exponential, capped, with jitter.
///
/// A pure function.
///
/// | failures | nominal delay of the defaults | actual |
/// | --- | --- | --- |
/// | 1 | 250 ms | 125 to 250 ms |
/// | 2 | 500 ms | 250 to 500 ms |
/// | 5 | 4 s | 2 to 4 s |
/// | 10 | 128 s | 64 to 128 s |
/// | 13 and more | 10 min | 5 to 10 min |
public struct Backoff: Hashable, Sendable {
  /// The nominal delay after the first failure.
  ///
  /// 250 ms: most transient errors are over by then.
  public var base: Duration
  /// What each further failure multiplies the delay by; below 1 counts as 1.
  public var factor: Double
  /// The longest delay.
  ///
  /// 10 min: a fix is noticed within a coffee break.
  public var cap: Duration
  /// The part of the delay that is drawn at random, 0 to 1.
  ///
  /// One half: what failed together comes back apart. Jitter only shortens, so that `cap` holds.
  public var jitter: Double

  /// The defaults suit calls that usually succeed and whose other side may need minutes to recover.
  public init(
    base: Duration = .milliseconds(250), factor: Double = 2, cap: Duration = .seconds(600),
    jitter: Double = 0.5
  ) {
    (self.base, self.factor, self.cap, self.jitter) = (base, factor, cap, jitter)
  }

  /// The delay after this many failures in a row (0 counts as 1), drawn with 64 random bits.
  public func delay(afterFailures failures: Int, random: UInt64) -> Duration {
    .nanoseconds(nanoseconds(afterFailures: failures, random: random))
  }

  package func nanoseconds(afterFailures failures: Int, random: UInt64) -> Int64 {
    let limit = Double(max(0, cap.clampedNanoseconds))
    let first = Double(max(0, base.clampedNanoseconds))
    let nominal = min(limit, first * growth(max(0, failures - 1)))
    let part = Double(random >> 11) / 0x1p53
    let spread = jitter > 0 ? min(jitter, 1) : 0
    let delay = nominal - nominal * spread * part
    return delay < 0x1p62 ? Int64(delay) : 1 << 62
  }

  /// `factor` to the power of `exponent`, by squaring; infinite where it is too large.
  private func growth(_ exponent: Int) -> Double {
    var (result, square, rest) = (1.0, factor >= 1 ? factor : 1.0, exponent)
    while rest > 0, result.isFinite {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }
}

extension Duration {
  /// Whole nanoseconds, rounded towards zero, held within 292 years either way.
  @inline(__always)
  package var clampedNanoseconds: Int64 {
    let attoseconds = attoseconds
    let (high, low) = (attoseconds.magnitude >> 64, attoseconds.magnitude)
    // One division by the processor; its quotient fits where the upper half is below this.
    guard high < 500_000_000 else { return attoseconds < 0 ? .min : .max }
    let dividend = (UInt64(truncatingIfNeeded: high), UInt64(truncatingIfNeeded: low))
    let nanoseconds = Int64((1_000_000_000 as UInt64).dividingFullWidth(dividend).quotient)
    return attoseconds < 0 ? -nanoseconds : nanoseconds
  }
}
