internal import Tend

/// A template of a path, such as `/queues/{vhost}/{name}{?page}` (RFC 6570, all four levels).
struct URITemplate: Sendable, Hashable {
  /// One variable of an expression, and how it is to stand there.
  struct Variable: Sendable, Hashable {
    var name: String
    /// Only so many characters of the value.
    var prefix: Int?
    /// Whether the parts of a list or a map stand for themselves.
    var explodes = false
  }

  enum Part: Sendable, Hashable {
    case text(String)
    case expression(Operator, [Variable])
  }

  /// What an expression begins with decides how its values are joined and encoded.
  enum Operator: Character, Sendable, Hashable, CaseIterable {
    case simple = " "
    case reserved = "+"
    case fragment = "#"
    case label = "."
    case segment = "/"
    case parameter = ";"
    case query = "?"
    case continuation = "&"
  }

  /// Why a text is no template.
  struct Mistake: Error, Hashable {
    var message: String
  }

  let text: String
  let parts: [Part]

  /// The names of its variables, in their order.
  var variables: [String] {
    parts.flatMap { part -> [String] in
      if case .expression(_, let variables) = part { variables.map(\.name) } else { [] }
    }
  }

  init(_ text: String) throws(Mistake) {
    self.text = text
    var parts: [Part] = []
    var rest = text[...]
    while let open = rest.firstIndex(where: { "{}".contains($0) }) {
      guard rest[open] == "{" else { throw Mistake(message: "has a } without its {") }
      if open > rest.startIndex { parts.append(.text(String(rest[..<open]))) }
      guard let close = rest[open...].firstIndex(of: "}") else {
        throw Mistake(message: "has a { without its }")
      }
      parts.append(try Self.expression(rest[open..<close].dropFirst()))
      rest = rest[rest.index(after: close)...]
    }
    if !rest.isEmpty { parts.append(.text(String(rest))) }
    self.parts = parts
  }

  private static func expression(_ text: Substring) throws(Mistake) -> Part {
    guard let first = text.first else { throw Mistake(message: "has an empty {}") }
    var list = text
    var kind = Operator.simple
    if let known = Operator(rawValue: first), known != .simple {
      kind = known
      list = text.dropFirst()
    }
    var variables: [Variable] = []
    for name in list.split(separator: ",", omittingEmptySubsequences: false) {
      variables.append(try variable(name))
    }
    return .expression(kind, variables)
  }

  private static func variable(_ text: Substring) throws(Mistake) -> Variable {
    var name = text
    var variable = Variable(name: "")
    if name.hasSuffix("*") {
      variable.explodes = true
      name = name.dropLast()
    } else if let colon = name.firstIndex(of: ":") {
      let digits = name[name.index(after: colon)...]
      guard let prefix = Int(digits), (1..<10_000).contains(prefix), !digits.hasPrefix("+") else {
        throw Mistake(message: "has {\(text)} with a length that is not from 1 to 9999")
      }
      variable.prefix = prefix
      name = name[..<colon]
    }
    guard isName(name) else {
      throw Mistake(message: "has {\(text)}, which is no name of letters, digits and _")
    }
    variable.name = String(name)
    return variable
  }

  /// Letters, digits and `_`, not beginning with a digit.
  static func isName(_ text: some StringProtocol) -> Bool {
    guard let first = text.utf8.first, !(48...57).contains(first) else { return false }
    return text.utf8.allSatisfy { byte in
      byte == UInt8(ascii: "_") || (Percent.isUnreserved(byte) && !"-.~".utf8.contains(byte))
    }
  }
}

extension URITemplate {
  /// The template with its variables replaced; one that has no value leaves nothing behind.
  ///
  /// What `keeping` names stays an expression.
  func expanded(keeping: Set<String> = [], _ value: (String) -> Value?) -> String {
    parts.reduce(into: "") { result, part in
      switch part {
      case .text(let text): result += Percent.encodeReserved(text)
      case .expression(_, let variables) where variables.contains { keeping.contains($0.name) }:
        result += "{" + variables.map(\.name).joined(separator: ",") + "}"
      case .expression(let kind, let variables):
        let items = variables.flatMap { kind.items($0, value($0.name)) }
        if !items.isEmpty { result += kind.first + items.joined(separator: kind.separator) }
      }
    }
  }
}

extension URITemplate.Operator {
  fileprivate var first: String {
    switch self {
    case .simple, .reserved: ""
    default: String(rawValue)
    }
  }

  fileprivate var separator: String {
    switch self {
    case .simple, .reserved, .fragment: ","
    case .query, .continuation: "&"
    default: String(rawValue)
    }
  }

  private var isNamed: Bool { self == .parameter || self == .query || self == .continuation }

  private func encode(_ text: String) -> String {
    self == .reserved || self == .fragment
      ? Percent.encodeReserved(text) : Percent.encode(text)
  }

  /// The texts that a variable brings, before they are joined.
  fileprivate func items(_ variable: URITemplate.Variable, _ value: Value?) -> [String] {
    switch value {
    case nil, .null: return []
    case .list(let values): return list(variable, values.compactMap(\.plainText).map(encode))
    case .map(let map):
      let pairs = map.entries.compactMap { entry in
        entry.value.plainText.map { (encode(entry.key), encode($0)) }
      }
      if variable.explodes { return pairs.map { "\($0)=\($1)" } }
      return list(variable, pairs.flatMap { [$0, $1] })
    case .some(let scalar):
      guard var text = scalar.plainText else { return [] }
      if let prefix = variable.prefix { text = String(text.prefix(prefix)) }
      return [named(variable.name, encode(text))]
    }
  }

  private func list(_ variable: URITemplate.Variable, _ texts: [String]) -> [String] {
    if texts.isEmpty { return [] }
    if variable.explodes { return texts.map { named(variable.name, $0) } }
    return [named(variable.name, texts.joined(separator: ","))]
  }

  private func named(_ name: String, _ text: String) -> String {
    guard isNamed else { return text }
    return text.isEmpty && self == .parameter ? name : "\(name)=\(text)"
  }
}

extension Value {
  /// A scalar as it stands in a URL or within a text; nil for what has parts, and for nothing.
  var plainText: String? {
    switch self {
    case .string(let text): text
    case .integer(let number): String(number)
    case .number(let number): Int64(exactly: number).map { String($0) } ?? "\(number)"
    case .boolean(let flag): flag ? "true" : "false"
    case .null, .list, .map: nil
    }
  }
}
