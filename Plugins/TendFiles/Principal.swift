/// A user or a group, as it is declared: by name or by number.
enum Principal: Hashable, Sendable, CustomStringConvertible {
  case number(UInt32)
  case name(String)

  /// Reads a name or a number; nil for what can be neither on any machine.
  init?(_ text: String) {
    guard !text.isEmpty, text.utf8.count <= 255 else { return nil }
    if text.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) {
      // The highest number means "leave it alone" to chown(2).
      guard let number = UInt32(text), number != .max else { return nil }
      self = .number(number)
      return
    }
    let refused: Set<UInt8> = [UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: ","), 0x7f]
    guard text.utf8.allSatisfy({ $0 > 0x20 && !refused.contains($0) }) else { return nil }
    self = .name(text)
  }

  /// As it was declared.
  var description: String {
    switch self {
    case .number(let number): String(number)
    case .name(let name): name
    }
  }
}
