internal import Tend

/// The place of a value in a JSON document, such as `/status/id` (RFC 6901).
struct JSONPointer: Sendable, Hashable, Codable, CustomStringConvertible {
  let description: String
  private(set) var tokens: [String]

  /// The whole document.
  static let whole = JSONPointer(tokens: [])

  /// Nil where the text is neither empty nor begins with a slash, or has a stray `~`.
  init?(_ text: String) {
    guard text.isEmpty || text.hasPrefix("/") else { return nil }
    var tokens: [String] = []
    for part in text.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      guard let token = Self.unescape(part) else { return nil }
      tokens.append(token)
    }
    description = text
    self.tokens = tokens
  }

  init(tokens: [String]) {
    self.tokens = tokens
    description = tokens.map { "/" + Self.escape($0) }.joined()
  }

  init(_ path: FieldPath) {
    self.init(
      tokens: path.steps.map { step in
        switch step {
        case .key(let key): key
        case .index(let index): String(index)
        }
      })
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let pointer = JSONPointer(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "no JSON pointer")
    }
    self = pointer
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  private static func escape(_ token: String) -> String {
    token.reduce(into: "") { text, character in
      text += character == "~" ? "~0" : character == "/" ? "~1" : String(character)
    }
  }

  private static func unescape(_ part: Substring) -> String? {
    var token = ""
    var rest = part
    while let character = rest.popFirst() {
      guard character == "~" else {
        token.append(character)
        continue
      }
      switch rest.popFirst() {
      case "0": token.append("~")
      case "1": token.append("/")
      default: return nil
      }
    }
    return token
  }

  /// The value at this place; nil where there is none.
  func value(in document: Value) -> Value? {
    var value = document
    for token in tokens {
      switch value {
      case .map(let fields):
        guard let next = fields[token] else { return nil }
        value = next
      case .list(let values):
        guard token == "0" || !token.hasPrefix("0"), let index = Int(token),
          values.indices.contains(index)
        else { return nil }
        value = values[index]
      default: return nil
      }
    }
    return value
  }
}
