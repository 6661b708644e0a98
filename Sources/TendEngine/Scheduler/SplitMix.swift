/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): small, seedable, good enough to spread retries.
package struct SplitMix: RandomNumberGenerator, Sendable {
  package var state: UInt64

  package init(state: UInt64) { self.state = state }

  /// A number for a text, the same in every process: so that what is named differently does not go
  /// in step.
  package static func mixed(_ text: String) -> UInt64 {
    text.utf8.reduce(into: 0) { mixed, byte in
      var random = SplitMix(state: mixed ^ UInt64(byte))
      mixed = random.next()
    }
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
