/// FNV-1a with 64 bits over the columns of a row: one changed byte always changes it.
///
/// It finds damage, not malice: http://www.isthe.com/chongo/tech/comp/fnv/.
struct Checksum {
  private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  /// As SQLite keeps it.
  var column: Int64 { Int64(bitPattern: value) }

  private mutating func add(byte: UInt8) {
    value = (value ^ UInt64(byte)) &* 0x100_0000_01B3
  }

  mutating func add(_ number: Int64) {
    var rest = UInt64(bitPattern: number)
    for _ in 0..<8 {
      add(byte: UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }

  /// The bytes and their number, so that text can't slip from one column into the next.
  mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      for byte in bytes { add(byte: byte) }
      add(Int64(bytes.count))
    }
  }

  mutating func add(_ text: String?) {
    if let text { add(text) } else { add(-1) }
  }
}
