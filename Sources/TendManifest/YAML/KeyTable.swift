/// Keys that were read before, so that a key that comes again and again is made once.
///
/// Bounded: a slot holds the key that came last.
struct KeyTable {
  private struct Slot {
    /// The first 16 bytes, with zeros behind them, as two words.
    var start: (UInt64, UInt64) = (0, 0)
    var string = ""
  }

  private var slots = [Slot](repeating: Slot(), count: 256)

  mutating func string(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    if bytes.count > 64 { return String(decoding: bytes, as: UTF8.self) }
    var start: (UInt64, UInt64) = (0, 0)
    withUnsafeMutableBytes(of: &start) { target in
      target.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes).prefix(16)))
    }
    let mixed = (start.0 ^ (start.1 &* 0x9E37_79B9_7F4A_7C15)) &* 0xBF58_476D_1CE4_E5B9
    let index = Int(truncatingIfNeeded: (mixed ^ UInt64(bytes.count)) >> 32) & 255
    if slots[index].start == start, slots[index].string.utf8.count == bytes.count,
      bytes.count <= 16 || slots[index].string.utf8.elementsEqual(bytes)
    {
      return slots[index].string
    }
    let string = String(decoding: bytes, as: UTF8.self)
    slots[index] = Slot(start: start, string: string)
    return string
  }
}
