import Tend

/// What a plain scalar is, by the core schema of YAML 1.2 (section 10.3.2).
///
/// `no`, `on`, `12:30:00` and `1_000` are text. `0644` is the integer 644.
enum ScalarResolver {
  enum Resolved: Equatable {
    case string
    case value(Value)
    /// An integer or a float that 64 bits can't hold.
    case tooLarge
    /// Infinity or not a number.
    case notFinite
  }

  static func resolve(_ text: UnsafeBufferPointer<UInt8>) -> Resolved {
    guard let first = text.first else { return .value(.null) }
    switch first {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
      UInt8(ascii: "."):
      return number(text)
    case UInt8(ascii: "t"), UInt8(ascii: "T"), UInt8(ascii: "f"), UInt8(ascii: "F"),
      UInt8(ascii: "n"), UInt8(ascii: "N"), UInt8(ascii: "~"):
      return word(text)
    default: return .string
    }
  }

  /// The same for a text that is at hand as a string.
  static func resolve(_ text: String) -> Resolved {
    var text = text
    return text.withUTF8 { resolve($0) }
  }

  private static func word(_ text: UnsafeBufferPointer<UInt8>) -> Resolved {
    guard text.count <= 5 else { return .string }
    switch String(decoding: text, as: UTF8.self) {
    case "true", "True", "TRUE": return .value(.boolean(true))
    case "false", "False", "FALSE": return .value(.boolean(false))
    case "null", "Null", "NULL", "~": return .value(.null)
    default: return .string
    }
  }

  private static func number(_ text: UnsafeBufferPointer<UInt8>) -> Resolved {
    if text.count > 2, text[0] == UInt8(ascii: "0") {
      if text[1] == UInt8(ascii: "o") { return integer(text.dropFirst(2), radix: 8) }
      if text[1] == UInt8(ascii: "x") { return integer(text.dropFirst(2), radix: 16) }
    }
    switch shape(of: text) {
    case .integer: return decimal(text)
    case .float:
      guard let number = Double(String(decoding: text, as: UTF8.self)) else { return .string }
      return number.isFinite ? .value(.number(number)) : .tooLarge
    case .other: return isNotFinite(text) ? .notFinite : .string
    }
  }

  private static func integer(
    _ digits: Slice<UnsafeBufferPointer<UInt8>>, radix: Int
  ) -> Resolved {
    let text = String(decoding: digits, as: UTF8.self)
    guard digits.first.map({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }) == true else {
      return .string
    }
    if let number = Int64(text, radix: radix) { return .value(.integer(number)) }
    let isNumber = text.allSatisfy { $0.isASCII && $0.hexDigitValue.map { $0 < radix } == true }
    return isNumber ? .tooLarge : .string
  }

  private static func decimal(_ text: UnsafeBufferPointer<UInt8>) -> Resolved {
    guard let number = Int64(String(decoding: text, as: UTF8.self)) else { return .tooLarge }
    return .value(.integer(number))
  }

  private enum Shape {
    case integer
    case float
    case other
  }

  /// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`, or only digits.
  private static func shape(of text: UnsafeBufferPointer<UInt8>) -> Shape {
    var index = isSign(text[0]) ? 1 : 0
    let whole = skipDigits(text, &index)
    var shape = Shape.integer
    var fraction = 0
    if index < text.count, text[index] == UInt8(ascii: ".") {
      index += 1
      fraction = skipDigits(text, &index)
      shape = .float
    }
    guard whole + fraction > 0 else { return .other }
    if index < text.count, text[index] | 0x20 == UInt8(ascii: "e") {
      index += 1
      if index < text.count, isSign(text[index]) { index += 1 }
      guard skipDigits(text, &index) > 0 else { return .other }
      shape = .float
    }
    return index == text.count ? shape : .other
  }

  private static func isSign(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
  }

  private static func skipDigits(_ text: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> Int {
    let start = index
    while index < text.count, (48...57).contains(text[index]) { index += 1 }
    return index - start
  }

  private static func isNotFinite(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard text.count <= 5 else { return false }
    switch String(decoding: isSign(text[0]) ? text.dropFirst() : text[...], as: UTF8.self) {
    case ".inf", ".Inf", ".INF": return true
    case ".nan", ".NaN", ".NAN": return !isSign(text[0])
    default: return false
    }
  }
}
