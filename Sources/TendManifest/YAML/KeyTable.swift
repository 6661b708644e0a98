/// Keys that were read before, so that a key that comes again and again is allocated once.
///
/// Strings of up to 15 bytes need no allocation in Swift and pass by. Bounded: a slot holds the key
/// that came last.
struct KeyTable {
  private var strings = [String](repeating: "", count: 256)

  mutating func string(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    if bytes.count < 16 || bytes.count > 64 { return String(decoding: bytes, as: UTF8.self) }
    var hash: UInt32 = 2_166_136_261
    for byte in bytes { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    let slot = Int(hash & 255)
    if strings[slot].utf8.count == bytes.count, strings[slot].utf8.elementsEqual(bytes) {
      return strings[slot]
    }
    let string = String(decoding: bytes, as: UTF8.self)
    strings[slot] = string
    return string
  }
}
