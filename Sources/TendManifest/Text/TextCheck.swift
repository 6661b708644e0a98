import Tend

/// What can be said of a text before it is parsed: its size, its encoding, its characters.
enum TextCheck {
  /// The first thing that makes a text unreadable; nil for a text that may be parsed.
  static func problem(in text: SourceText, limits: ManifestLimits) -> Diagnostic? {
    let size = text.bytes.count
    if size > limits.fileBytes { return tooLarge(text.file, size: size, limits) }
    guard let found = text.bytes.withUnsafeBufferPointer(firstUnwanted) else {
      return text.bytes.withUnsafeBufferPointer { tagDirectives(in: $0) > 100 }
        ? Diagnostic(
          .limit, at: Place(file: text.file, line: 1, column: 1),
          "the file has more than 100 %TAG directives", remedy: "remove them; Tend knows no tags")
        : nil
    }
    let place = text.bytes.withUnsafeBufferPointer { bytes in
      position(of: found.offset, in: bytes)
    }
    return Diagnostic(
      .syntax, at: text.place(place.line, place.column), found.character.message,
      remedy: found.character.remedy)
  }

  static func tooLarge(_ file: String, size: Int, _ limits: ManifestLimits) -> Diagnostic {
    Diagnostic(
      .limit, at: Place(file: file, line: 1, column: 1),
      "the file has \(size) bytes; the limit fileBytes is \(limits.fileBytes)",
      remedy: "split it, or put large content into a file of its own")
  }

  /// A character that does not belong into a manifest.
  enum Unwanted: Equatable {
    case notUTF8
    case null
    case control(UInt8)
    case direction(UInt32)
    case lineSeparator(UInt32)
    case byteOrderMark
    case noncharacter

    var message: String {
      switch self {
      case .notUTF8: "the file is not UTF-8 from here on"
      case .null: "the file contains a NUL byte"
      case .control(let byte): "the file contains the control character \(codePoint(UInt32(byte)))"
      case .direction(let scalar):
        "the file contains \(codePoint(scalar)), which makes text look different from what it is"
      case .lineSeparator(let scalar):
        "the file contains \(codePoint(scalar)), which versions of YAML read differently"
      case .byteOrderMark: "the file contains a byte order mark after its beginning"
      case .noncharacter: "the file contains a code point that is no character"
      }
    }

    var remedy: String {
      switch self {
      case .notUTF8: "save the file as UTF-8"
      case .null, .byteOrderMark, .noncharacter: "remove it"
      case .control, .direction, .lineSeparator:
        "remove it, or write it as an escape such as \"\\u202E\" in double quotes"
      }
    }

    private func codePoint(_ scalar: UInt32) -> String {
      let hex = String(scalar, radix: 16, uppercase: true)
      return "U+" + String(repeating: "0", count: max(0, 4 - hex.count)) + hex
    }
  }

  /// The first character that does not belong into a manifest, by its offset.
  static func firstUnwanted(
    _ bytes: UnsafeBufferPointer<UInt8>
  ) -> (offset: Int, character: Unwanted)? {
    var index = 0
    while index < bytes.count {
      while index + 8 <= bytes.count, isPlain(bytes, at: index) { index += 8 }
      guard index < bytes.count else { break }
      let byte = bytes[index]
      if byte < 0x80 {
        if byte < 0x20 ? (byte != 0x0A && byte != 0x09 && byte != 0x0D) : byte == 0x7F {
          return (index, byte == 0 ? .null : .control(byte))
        }
        index += 1
      } else {
        guard let (scalar, length) = decode(bytes, at: index) else { return (index, .notUTF8) }
        if let unwanted = unwanted(scalar) { return (index, unwanted) }
        index += length
      }
    }
    return nil
  }

  /// Whether eight bytes are printable ASCII or newlines: almost all of almost every manifest.
  ///
  /// Below 0x80 a byte plus 0x7F has its high bit set where the byte is not zero.
  private static func isPlain(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Bool {
    let word = UnsafeRawBufferPointer(bytes).loadUnaligned(fromByteOffset: index, as: UInt64.self)
    let high: UInt64 = 0x8080_8080_8080_8080
    guard word & high == 0 else { return false }
    let isPrintable = (word & 0x6060_6060_6060_6060) &+ ~high
    let isNoNewline = (word ^ 0x0A0A_0A0A_0A0A_0A0A) &+ ~high
    let isNoDelete = (word ^ 0x7F7F_7F7F_7F7F_7F7F) &+ ~high
    return (isPrintable | ~isNoNewline) & isNoDelete & high == high
  }

  private static func unwanted(_ scalar: UInt32) -> Unwanted? {
    switch scalar {
    case 0x80...0x9F: .control(UInt8(scalar))
    case 0x2028, 0x2029: .lineSeparator(scalar)
    case 0x202A...0x202E, 0x2066...0x2069: .direction(scalar)
    case 0xFEFF: .byteOrderMark
    case 0xFFFE, 0xFFFF: .noncharacter
    default: nil
    }
  }

  /// One scalar of more than one byte (RFC 3629); nil for what is overlong, a surrogate, or cut.
  private static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, at index: Int
  ) -> (scalar: UInt32, length: Int)? {
    let first = bytes[index]
    let (length, least, bits): (Int, UInt32, UInt8) =
      switch first {
      case 0xC2...0xDF: (2, 0x80, 0x1F)
      case 0xE0...0xEF: (3, 0x800, 0x0F)
      case 0xF0...0xF4: (4, 0x10000, 0x07)
      default: (0, 0, 0)
      }
    guard length > 0, index + length <= bytes.count else { return nil }
    var scalar = UInt32(first & bits)
    for offset in 1..<length {
      let next = bytes[index + offset]
      guard next & 0xC0 == 0x80 else { return nil }
      scalar = scalar << 6 | UInt32(next & 0x3F)
    }
    guard scalar >= least, scalar <= 0x10FFFF, !(0xD800...0xDFFF).contains(scalar) else {
      return nil
    }
    return (scalar, length)
  }

  /// libyaml compares each `%TAG` with all before it, so their number must be small.
  private static func tagDirectives(in bytes: UnsafeBufferPointer<UInt8>) -> Int {
    // Without a way out, so that the compiler can look at many bytes at once.
    var hasPercent = false
    for byte in bytes { hasPercent = hasPercent || byte == UInt8(ascii: "%") }
    guard hasPercent else { return 0 }
    return bytes.indices.count { isTagDirective(bytes, at: $0) }
  }

  private static func isTagDirective(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Bool {
    bytes[index] == UInt8(ascii: "%") && index + 2 < bytes.count
      && bytes[index + 1] == UInt8(ascii: "T") && bytes[index + 2] == UInt8(ascii: "A")
      && (index == 0 || bytes[index - 1] == 0x0A || bytes[index - 1] == 0x0D)
  }

  /// Line and column of an offset, from 0; columns count characters, also where they are broken.
  static func position(
    of offset: Int, in bytes: UnsafeBufferPointer<UInt8>
  ) -> (line: Int, column: Int) {
    var line = 0
    var column = 0
    var previous: UInt8 = 0
    for byte in bytes.prefix(offset) {
      switch byte {
      case 0x0A where previous == 0x0D: break
      case 0x0A, 0x0D: (line, column) = (line + 1, 0)
      case 0x80...0xBF: break
      default: column += 1
      }
      previous = byte
    }
    return (line, column)
  }
}
