/// A text in which `${NAME}` stands for a value; `$${` stands for `${` itself.
///
/// A `$` before anything else is text.
package struct Template: Sendable, Hashable {
  /// A piece of the text.
  package enum Part: Sendable, Hashable {
    case text(String)
    case placeholder(String)
  }

  /// The pieces in their order.
  package private(set) var parts: [Part] = []

  /// A `${` that begins no name of a value.
  package struct Malformed: Error {}

  /// Takes a text apart.
  package init(_ text: String) throws(Malformed) {
    var rest = text.utf8[...]
    var literal: [UInt8] = []
    while let byte = rest.first {
      if rest.starts(with: "$${".utf8) {
        literal += "${".utf8
        rest = rest.dropFirst(3)
      } else if rest.starts(with: "${".utf8) {
        guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else { throw Malformed() }
        let name = String(decoding: rest[..<end].dropFirst(2), as: UTF8.self)
        guard Values.isName(name) else { throw Malformed() }
        finish(&literal)
        parts.append(.placeholder(name))
        rest = rest[end...].dropFirst()
      } else {
        literal.append(byte)
        rest = rest.dropFirst()
      }
    }
    finish(&literal)
  }

  private mutating func finish(_ literal: inout [UInt8]) {
    if literal.isEmpty { return }
    parts.append(.text(String(decoding: literal, as: UTF8.self)))
    literal = []
  }

  /// The name, where the whole text is one placeholder.
  package var onlyPlaceholder: String? {
    guard parts.count == 1, case .placeholder(let name)? = parts.first else { return nil }
    return name
  }

  /// The names in it, in their order.
  package var placeholders: [String] {
    parts.compactMap { if case .placeholder(let name) = $0 { name } else { nil } }
  }

  /// Whether a text has to be taken apart at all.
  package static func isNeeded(for text: String) -> Bool {
    var isDollar = false
    for byte in text.utf8 {
      if isDollar, byte == UInt8(ascii: "{") { return true }
      isDollar = byte == UInt8(ascii: "$")
    }
    return false
  }

  /// Whether any text in a value has to be taken apart.
  package static func isNeeded(for value: Value) -> Bool {
    switch value {
    case .string(let text): isNeeded(for: text)
    case .list(let values): values.contains { isNeeded(for: $0) }
    case .map(let fields): fields.entries.contains { isNeeded(for: $0.value) }
    case .null, .boolean, .integer, .number: false
    }
  }
}
