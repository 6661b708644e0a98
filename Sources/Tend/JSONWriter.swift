/// Writes a value as JSON, byte by byte.
struct JSONWriter {
  private let indent: String?
  private var bytes: [UInt8] = []

  /// On one line, or with every level indented by a text.
  static func text(of value: Value, indent: String?) -> String {
    var writer = JSONWriter(indent: indent)
    writer.write(value, level: 0)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  private init(indent: String?) { self.indent = indent }

  private mutating func write(_ value: Value, level: Int) {
    switch value {
    case .null: bytes += "null".utf8
    case .boolean(let value): bytes += (value ? "true" : "false").utf8
    case .integer(let value): bytes += String(value).utf8
    case .number(let value): bytes += (value.isFinite ? "\(value)" : "null").utf8
    case .string(let value): quote(value)
    case .list(let values):
      brackets("[", "]", values, level) { writer, value in
        writer.write(value, level: level + 1)
      }
    case .map(let fields):
      brackets("{", "}", fields.entries, level) { writer, entry in
        writer.quote(entry.key)
        writer.bytes += (writer.indent == nil ? ":" : ": ").utf8
        writer.write(entry.value, level: level + 1)
      }
    }
  }

  private mutating func brackets<Element>(
    _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ elements: [Element], _ level: Int,
    _ write: (inout JSONWriter, Element) -> Void
  ) {
    bytes.append(UInt8(ascii: open))
    for (index, element) in elements.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      breakLine(level + 1)
      write(&self, element)
    }
    if !elements.isEmpty { breakLine(level) }
    bytes.append(UInt8(ascii: close))
  }

  private mutating func breakLine(_ level: Int) {
    guard let indent else { return }
    bytes.append(UInt8(ascii: "\n"))
    for _ in 0..<level { bytes += indent.utf8 }
  }

  private mutating func quote(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    // As nearly always there is nothing to escape.
    if text.utf8.contains(where: Self.isEscaped) {
      for byte in text.utf8 { if Self.isEscaped(byte) { escape(byte) } else { bytes.append(byte) } }
    } else {
      bytes += text.utf8
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func isEscaped(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == 0x22 || byte == 0x5C || byte == 0x7F
  }

  private mutating func escape(_ byte: UInt8) {
    bytes.append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
    case UInt8(ascii: "\n"): bytes.append(UInt8(ascii: "n"))
    case UInt8(ascii: "\r"): bytes.append(UInt8(ascii: "r"))
    case UInt8(ascii: "\t"): bytes.append(UInt8(ascii: "t"))
    default:
      let hex = String(byte, radix: 16)
      bytes += ("u" + String(repeating: "0", count: 4 - hex.count) + hex).utf8
    }
  }
}
