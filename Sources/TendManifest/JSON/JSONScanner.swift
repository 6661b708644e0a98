import Tend

/// Walks over JSON without making values: counts before jansson allocates, and finds places after.
struct JSONScanner {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var index = 0
  private var line = 0
  private var column = 0
  private(set) var duplicates: [Duplicate] = []

  struct Duplicate {
    let key: String
    let first: PlaceTree.Position
    let second: PlaceTree.Position
  }

  private init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
  }

  /// The positions in a text that jansson accepts.
  static func places(of bytes: [UInt8]) -> PlaceTree? {
    bytes.withUnsafeBufferPointer { bytes in
      var scanner = JSONScanner(bytes)
      return scanner.value()
    }
  }

  /// The keys that stand twice in a map, in a text that is otherwise JSON.
  static func duplicates(in bytes: [UInt8]) -> [Duplicate] {
    bytes.withUnsafeBufferPointer { bytes in
      var scanner = JSONScanner(bytes)
      _ = scanner.value()
      return scanner.duplicates
    }
  }

  /// The limit that a text passes, with the offset where it does.
  static func excess(
    in bytes: UnsafeBufferPointer<UInt8>, limits: ManifestLimits
  ) -> (offset: Int, message: String)? {
    var depth = 0
    var values = 1
    var isString = false
    var isEscaped = false
    for (offset, byte) in bytes.enumerated() {
      if isString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["): (depth, values) = (depth + 1, values + 1)
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: ","): values += 1
      default: break
      }
      if depth > limits.depth {
        return (offset, "maps and lists are nested deeper than the limit depth, \(limits.depth)")
      }
      if values > limits.fileValues {
        return (offset, "the file has more values than the limit fileValues, \(limits.fileValues)")
      }
    }
    return nil
  }

  private var position: PlaceTree.Position { .init(line: line, column: column) }

  private var current: UInt8? { index < bytes.count ? bytes[index] : nil }

  private mutating func advance() {
    switch bytes[index] {
    case 0x0A: (line, column) = (line + 1, 0)
    case 0x80...0xBF: break
    default: column += 1
    }
    index += 1
  }

  private mutating func skipSpace() {
    while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      advance()
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    guard current == byte else { return false }
    advance()
    return true
  }

  private mutating func value() -> PlaceTree {
    skipSpace()
    let start = position
    switch current {
    case UInt8(ascii: "{"): return map(start)
    case UInt8(ascii: "["): return list(start)
    case UInt8(ascii: "\""): _ = string()
    default:
      while let byte = current, byte > 0x20, !",]}".utf8.contains(byte) { advance() }
    }
    return .scalar(start)
  }

  private mutating func list(_ start: PlaceTree.Position) -> PlaceTree {
    advance()
    var items: [PlaceTree] = []
    if take(UInt8(ascii: "]")) { return .list(start, items) }
    repeat { items.append(value()) } while take(UInt8(ascii: ","))
    _ = take(UInt8(ascii: "]"))
    return .list(start, items)
  }

  private mutating func map(_ start: PlaceTree.Position) -> PlaceTree {
    advance()
    var entries: [PlaceTree.Entry] = []
    var seen: [String: PlaceTree.Position] = [:]
    if take(UInt8(ascii: "}")) { return .map(start, entries) }
    repeat {
      skipSpace()
      let position = position
      guard let key = string() else { break }
      if let first = seen.updateValue(position, forKey: key) {
        duplicates.append(Duplicate(key: key, first: first, second: position))
      }
      _ = take(UInt8(ascii: ":"))
      entries.append(.init(key: key, position: position, tree: value()))
    } while take(UInt8(ascii: ","))
    _ = take(UInt8(ascii: "}"))
    return .map(start, entries)
  }

  /// Passes a string; nil where there is none.
  private mutating func string() -> String? {
    guard current == UInt8(ascii: "\"") else { return nil }
    let start = index
    advance()
    while let byte = current, byte != UInt8(ascii: "\"") {
      advance()
      if byte == UInt8(ascii: "\\"), current != nil { advance() }
    }
    if current != nil { advance() }
    let text = String(decoding: bytes[start..<index], as: UTF8.self)
    if case .string(let plain)? = try? Value(json: text) { return plain }
    return text
  }
}
