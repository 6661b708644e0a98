/// What names a Git object: SHA-1, 20 bytes.
struct ObjectID: Sendable, Hashable, CustomStringConvertible {
  private let head: UInt64
  private let middle: UInt64
  private let tail: UInt32

  /// From 20 bytes, as in a tree; nil for any other number.
  init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 20 else { return nil }
    var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
    for (index, byte) in bytes.enumerated() {
      switch index {
      case 0..<8: words.0 = words.0 << 8 | UInt64(byte)
      case 8..<16: words.1 = words.1 << 8 | UInt64(byte)
      default: words.2 = words.2 << 8 | UInt64(byte)
      }
    }
    (head, middle, tail) = (words.0, words.1, UInt32(truncatingIfNeeded: words.2))
  }

  /// From 40 hexadecimal digits; nil for any other text.
  init?(hex: some Collection<UInt8>) {
    guard hex.count == 40 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(20)
    var high: UInt8?
    for digit in hex {
      guard let value = Self.value(of: digit) else { return nil }
      if let first = high {
        bytes.append(first << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    self.init(bytes: bytes)
  }

  /// 40 lower-case hexadecimal digits.
  var description: String {
    String(unsafeUninitializedCapacity: 40) { buffer in
      var index = 0
      let low: UInt64 = 0xffff_ffff
      for word in [head >> 32, head & low, middle >> 32, middle & low, UInt64(tail)] {
        for shift in stride(from: UInt64(28), through: 0, by: -4) {
          let digit = UInt8(truncatingIfNeeded: word >> shift) & 15
          buffer[index] = digit < 10 ? 48 + digit : 87 + digit
          index += 1
        }
      }
      return 40
    }
  }

  private static func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case 48...57: digit - 48
    case 65...70: digit - 55
    case 97...102: digit - 87
    default: nil
    }
  }
}
