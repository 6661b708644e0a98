/// Bytes as text (RFC 4648, section 4), with padding.
public enum Base64 {
  private static let digits = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 255, count: 256)
    for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
    return values
  }()

  /// Bytes to text.
  public static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var index = 0
    while index < bytes.count {
      let rest = min(3, bytes.count - index)
      var group: UInt32 = 0
      for offset in 0..<3 {
        group = group << 8 | (offset < rest ? UInt32(bytes[index + offset]) : 0)
      }
      for digit in 0..<4 {
        let value = Int(group >> (18 - 6 * UInt32(digit)) & 63)
        text.append(digit <= rest ? digits[value] : UInt8(ascii: "="))
      }
      index += 3
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Text to bytes; nil for anything but what `encode` writes.
  public static func decode(_ text: String) -> [UInt8]? {
    let input = Array(text.utf8)
    guard input.count.isMultiple(of: 4) else { return nil }
    let padding = input.reversed().prefix { $0 == UInt8(ascii: "=") }.count
    guard padding <= 2 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(input.count / 4 * 3)
    var group: UInt32 = 0
    for (index, digit) in input.dropLast(padding).enumerated() {
      let value = values[Int(digit)]
      if value == 255 { return nil }
      group = group << 6 | UInt32(value)
      if index & 3 == 3 {
        bytes += [UInt8(group >> 16 & 255), UInt8(group >> 8 & 255), UInt8(group & 255)]
        group = 0
      }
    }
    switch padding {
    case 1 where group & 3 == 0:
      bytes += [UInt8(group >> 10 & 255), UInt8(group >> 2 & 255)]
    case 2 where group & 15 == 0: bytes.append(UInt8(group >> 4 & 255))
    case 0: break
    default: return nil
    }
    return bytes
  }
}
