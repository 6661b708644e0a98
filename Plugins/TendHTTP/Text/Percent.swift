/// Percent-encoding (RFC 3986, section 2).
enum Percent {
  /// Encodes all but unreserved characters.
  static func encode(_ text: some StringProtocol) -> String { encode(text, keepsReserved: false) }

  /// Encodes what may stand nowhere in a URL; keeps reserved characters and what is encoded.
  static func encodeReserved(_ text: some StringProtocol) -> String {
    encode(text, keepsReserved: true)
  }

  private static func encode(_ text: some StringProtocol, keepsReserved: Bool) -> String {
    var result: [UInt8] = []
    let bytes = Array(text.utf8)
    for (index, byte) in bytes.enumerated() {
      let isTriplet =
        keepsReserved && byte == UInt8(ascii: "%") && index + 2 < bytes.count
        && isHex(bytes[index + 1]) && isHex(bytes[index + 2])
      if isUnreserved(byte) || isTriplet || (keepsReserved && isReserved(byte)) {
        result.append(byte)
      } else {
        result += [UInt8(ascii: "%"), hex(byte >> 4), hex(byte & 15)]
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// With what needs no encoding as it is, and capital digits (RFC 3986, section 6.2.2).
  static func normalized(_ text: some StringProtocol) -> String {
    guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
    var result: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      let digits = rest.prefix(2)
      guard byte == UInt8(ascii: "%"), digits.count == 2, digits.allSatisfy(isHex),
        let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
      else {
        result.append(byte)
        continue
      }
      result += isUnreserved(value) ? [value] : [byte, hex(value >> 4), hex(value & 15)]
      rest = rest.dropFirst(2)
    }
    return String(decoding: result, as: UTF8.self)
  }

  static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "-._~".utf8.contains(byte)
    }
  }

  private static func isReserved(_ byte: UInt8) -> Bool { ":/?#[]@!$&'()*+,;=".utf8.contains(byte) }

  private static func isHex(_ byte: UInt8) -> Bool {
    Character(UnicodeScalar(byte)).isHexDigit
  }

  private static func hex(_ half: UInt8) -> UInt8 {
    half < 10 ? UInt8(ascii: "0") + half : UInt8(ascii: "A") + half - 10
  }
}
