/// Stands for a state: 128 bits of all that tells it apart.
///
/// Of a hundred million states two have the same one with a chance of 1 in 10^22.
struct Mark: Hashable, Sendable {
  let (high, low): (UInt64, UInt64)

  static func == (left: Mark, right: Mark) -> Bool {
    left.low == right.low && left.high == right.high
  }

  func hash(into hasher: inout Hasher) { hasher.combine(low) }
}

/// Mixes what tells a state apart into a mark: two lanes, in each of which a step with equal input
/// is one to one, so that nothing is lost on the way.
struct Marker {
  private var first: UInt64 = 0x9e37_79b9_7f4a_7c15
  private var second: UInt64 = 0xc2b2_ae3d_27d4_eb4f

  var mark: Mark { Mark(high: Self.finished(first), low: Self.finished(second)) }

  @inline(__always)
  mutating func combine(_ word: UInt64) {
    first = (first ^ word) &* 0xff51_afd7_ed55_8ccd
    first ^= first >> 32
    second = (second &+ word) &* 0xc4ce_b9fe_1a85_ec53
    second ^= second >> 29
  }

  mutating func combine(_ number: Int) { combine(UInt64(bitPattern: Int64(number))) }
  mutating func combine(_ flag: Bool) { combine(flag ? 1 : 2 as UInt64) }

  mutating func combine(_ mark: Mark) {
    combine(mark.high)
    combine(mark.low)
  }

  mutating func combine(_ text: String?) {
    guard let text else { return combine(UInt64.max) }
    var (word, count) = (UInt64(0), UInt64(0))
    for byte in text.utf8 {
      word = word << 8 | UInt64(byte)
      count &+= 1
      if count & 7 == 0 { combine(word) }
    }
    combine(word)
    combine(count)
  }

  /// Whatever else can be hashed, in both lanes with a seed of its own.
  mutating func combine(_ value: some Hashable) {
    var hashers = (Hasher(), Hasher())
    hashers.1.combine(1)
    hashers.0.combine(value)
    hashers.1.combine(value)
    combine(hashers.0.finalize())
    combine(hashers.1.finalize())
  }

  private static func finished(_ lane: UInt64) -> UInt64 {
    var mixed = (lane ^ lane >> 33) &* 0xff51_afd7_ed55_8ccd
    mixed = (mixed ^ mixed >> 33) &* 0xc4ce_b9fe_1a85_ec53
    return mixed ^ mixed >> 33
  }
}
