extension Value {
  /// As JSON (RFC 8259) on one line; maps keep their order.
  public var json: String { JSONWriter.text(of: self, indent: nil) }

  /// As JSON for people, indented by two spaces.
  public var prettyJSON: String { JSONWriter.text(of: self, indent: "  ") }

  /// Reads JSON that Tend itself wrote: a memory, a message on the socket.
  ///
  /// Strict, at most 128 levels deep. Manifests are read by TendManifest, which keeps positions.
  public init(json: String) throws(JSONError) {
    var reader = JSONReader(bytes: Array(json.utf8))
    self = try reader.document()
  }
}

/// Why a text is not JSON.
public struct JSONError: Error, Sendable, CustomStringConvertible {
  /// The offset in bytes at which reading stopped.
  public let offset: Int
  /// What was expected there.
  public let message: String
  /// Both in one line.
  public var description: String { "not JSON at byte \(offset): \(message)" }
}

private struct JSONReader {
  let bytes: [UInt8]
  var index = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  private var current: UInt8? { index < bytes.count ? bytes[index] : nil }

  private func error(_ message: String) -> JSONError {
    JSONError(offset: index, message: message)
  }

  mutating func document() throws(JSONError) -> Value {
    let result = try value(depth: 0)
    skipSpace()
    guard current == nil else { throw error("expected the end") }
    return result
  }

  private mutating func skipSpace() {
    while let byte = current, byte == 32 || byte == 10 || byte == 13 || byte == 9 { index += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    guard current == byte else { return false }
    index += 1
    return true
  }

  private mutating func value(depth: Int) throws(JSONError) -> Value {
    guard depth < 128 else { throw error("nested more than 128 levels deep") }
    skipSpace()
    switch current {
    case UInt8(ascii: "{"): return .map(try map(depth: depth))
    case UInt8(ascii: "["): return .list(try list(depth: depth))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .boolean(true))
    case UInt8(ascii: "f"): return try word("false", .boolean(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(_ text: String, _ value: Value) throws(JSONError) -> Value {
    guard bytes[index...].starts(with: text.utf8) else { throw error("expected a value") }
    index += text.utf8.count
    return value
  }

  private mutating func list(depth: Int) throws(JSONError) -> [Value] {
    index += 1
    var values: [Value] = []
    if take(UInt8(ascii: "]")) { return values }
    repeat { values.append(try value(depth: depth + 1)) } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw error("expected , or ]") }
    return values
  }

  private mutating func map(depth: Int) throws(JSONError) -> Value.Fields {
    index += 1
    var entries: [Value.Fields.Entry] = []
    var names = Names()
    if take(UInt8(ascii: "}")) { return .init() }
    repeat {
      skipSpace()
      guard current == UInt8(ascii: "\"") else { throw error("expected a name in quotes") }
      let key = try string()
      guard names.insert(key) else { throw error("a name that stands there already") }
      guard take(UInt8(ascii: ":")) else { throw error("expected :") }
      entries.append(.init(key: key, value: try value(depth: depth + 1)))
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw error("expected , or }") }
    return .init(entries)
  }

  private mutating func string() throws(JSONError) -> String {
    index += 1
    var result: [UInt8] = []
    var start = index
    while let byte = current {
      switch byte {
      case UInt8(ascii: "\""):
        if !result.isEmpty { result += bytes[start..<index] }
        let text =
          result.isEmpty
          ? String(validating: bytes[start..<index], as: UTF8.self)
          : String(validating: result, as: UTF8.self)
        index += 1
        guard let text else { throw error("expected UTF-8") }
        return text
      case UInt8(ascii: "\\"):
        result += bytes[start..<index]
        try escape(into: &result)
        start = index
      case 0..<32: throw error("a control character in a string")
      default: index += 1
      }
    }
    throw error("a string without an end")
  }

  private mutating func escape(into result: inout [UInt8]) throws(JSONError) {
    index += 1
    guard let byte = current else { throw error("a string without an end") }
    index += 1
    switch byte {
    case UInt8(ascii: "n"): result.append(10)
    case UInt8(ascii: "t"): result.append(9)
    case UInt8(ascii: "r"): result.append(13)
    case UInt8(ascii: "b"): result.append(8)
    case UInt8(ascii: "f"): result.append(12)
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(byte)
    case UInt8(ascii: "u"): result += String(try unicodeEscape()).utf8
    default: throw error("an unknown escape")
    }
  }

  private mutating func unicodeEscape() throws(JSONError) -> Character {
    let high = try hex()
    if let scalar = UnicodeScalar(high) { return Character(scalar) }
    guard high < 0xDC00, index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\\"),
      bytes[index + 1] == UInt8(ascii: "u")
    else { throw error("half a surrogate pair") }
    index += 2
    let low = try hex()
    guard (0xDC00...0xDFFF).contains(low),
      let scalar = UnicodeScalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
    else { throw error("half a surrogate pair") }
    return Character(scalar)
  }

  private mutating func hex() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = current, let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
        throw error("expected four hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
      index += 1
    }
    return value
  }

  /// `-? ( 0 | [1-9][0-9]* ) ( \. [0-9]+ )? ( [eE] [-+]? [0-9]+ )?`; an integer where it fits.
  private mutating func number() throws(JSONError) -> Value {
    let start = index
    var isInteger = true
    if current == UInt8(ascii: "-") { index += 1 }
    if current == UInt8(ascii: "0") { index += 1 } else { try digits() }
    if current == UInt8(ascii: ".") {
      index += 1
      isInteger = false
      try digits()
    }
    if let byte = current, byte | 0x20 == UInt8(ascii: "e") {
      index += 1
      isInteger = false
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { index += 1 }
      try digits()
    }
    let text = String(decoding: bytes[start..<index], as: UTF8.self)
    if isInteger, let integer = Int64(text) { return .integer(integer) }
    guard let number = Double(text), number.isFinite else { throw error("a number too large") }
    return .number(number)
  }

  private mutating func digits() throws(JSONError) {
    let start = index
    while let byte = current, (48...57).contains(byte) { index += 1 }
    if index == start { throw error("expected a value") }
  }
}

/// The names of one map, each of which may stand there once.
private struct Names {
  /// So many are sooner compared than hashed.
  private static let few = 16

  private var first: [String] = []
  private var others: Set<String> = []

  /// False where it was there already.
  mutating func insert(_ name: String) -> Bool {
    if first.contains(name) { return false }
    if first.count == Self.few { return others.insert(name).inserted }
    first.append(name)
    return true
  }
}
