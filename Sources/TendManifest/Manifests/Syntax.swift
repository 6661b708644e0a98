/// The spelling of names and references.
enum Syntax {
  /// Letters, digits, dots, dashes and underscores; 1 to `limit` of them.
  static func isName(_ text: String, limit: Int = 253) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      !bytes.isEmpty && bytes.count <= limit && bytes.allSatisfy(isNameByte)
    }
  }

  /// Names with slashes between them.
  static func isAPIVersion(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      !bytes.isEmpty && bytes.count <= 253
        && bytes.first != UInt8(ascii: "/") && bytes.last != UInt8(ascii: "/")
        && bytes.allSatisfy { isNameByte($0) || $0 == UInt8(ascii: "/") }
    }
  }

  /// `Kind/name` or `group/v1/Kind/name`.
  static func isReference(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      var slashes = 0
      var length = 0
      for byte in bytes {
        if byte == UInt8(ascii: "/") {
          if length == 0 { return false }
          (slashes, length) = (slashes + 1, 0)
        } else {
          length += 1
          if length > 253 || !isNameByte(byte) { return false }
        }
      }
      return length > 0 && (slashes == 1 || slashes == 3)
    }
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
      UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
