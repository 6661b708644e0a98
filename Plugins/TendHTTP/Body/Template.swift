internal import Tend

/// A text with placeholders, in a header or a body: `Bearer {token}`.
///
/// `{word}` is a placeholder, `{{word}}` stands for `{word}`. Braces around anything else are text,
/// since services have languages of their own, such as `{http.request.host}`.
struct TextTemplate: Sendable, Hashable {
  enum Part: Sendable, Hashable {
    case text(String)
    case placeholder(String)
  }

  let parts: [Part]

  init(_ text: String) {
    var parts: [Part] = []
    var plain = ""
    var rest = text[...]
    while let open = rest.firstIndex(of: "{") {
      plain += rest[..<open]
      rest = rest[open...]
      let isDoubled = rest.hasPrefix("{{")
      let inner = rest.dropFirst(isDoubled ? 2 : 1)
      let word = inner.prefix { $0 != "{" && $0 != "}" }
      let end = inner.dropFirst(word.count)
      if URITemplate.isName(word), end.hasPrefix(isDoubled ? "}}" : "}") {
        if isDoubled {
          plain += "{\(word)}"
        } else {
          if !plain.isEmpty { parts.append(.text(plain)) }
          plain = ""
          parts.append(.placeholder(String(word)))
        }
        rest = end.dropFirst(isDoubled ? 2 : 1)
      } else {
        plain += "{"
        rest = rest.dropFirst()
      }
    }
    plain += rest
    if !plain.isEmpty { parts.append(.text(plain)) }
    self.parts = parts
  }

  /// The names of its placeholders, in their order.
  var placeholders: [String] {
    parts.compactMap { if case .placeholder(let name) = $0 { name } else { nil } }
  }

  /// With values in the place of placeholders; what has parts stands there as JSON.
  func filled(_ bindings: Bindings) -> SecretText {
    SecretText(
      parts.map { part in
        switch part {
        case .text(let text): .text(text)
        case .placeholder(let name):
          switch bindings[name] {
          case .secret(let source): .secret(source)
          case .value(let value): .text(value.plainText ?? (value == .null ? "" : value.json))
          case nil: .text("{\(name)}")
          }
        }
      })
  }
}

/// A body with placeholders in its texts.
indirect enum BodyTemplate: Sendable, Hashable {
  case value(Value)
  /// A value that is exactly one placeholder takes the type of what it stands for.
  case placeholder(String)
  case text(TextTemplate)
  case list([BodyTemplate])
  case map([Entry])

  struct Entry: Sendable, Hashable {
    var key: String
    var body: BodyTemplate
  }

  init(_ value: Value) {
    switch value {
    case .string(let text):
      let template = TextTemplate(text)
      switch template.parts.first {
      case .placeholder(let name) where template.parts.count == 1: self = .placeholder(name)
      case _ where template.placeholders.isEmpty: self = .value(.string(template.plain))
      default: self = .text(template)
      }
    case .list(let values): self = .list(values.map(BodyTemplate.init))
    case .map(let map):
      self = .map(map.entries.map { Entry(key: $0.key, body: BodyTemplate($0.value)) })
    default: self = .value(value)
    }
  }

  /// The placeholders, each with the path at which it stands.
  func placeholders(below path: FieldPath = FieldPath([])) -> [(name: String, path: FieldPath)] {
    switch self {
    case .value: []
    case .placeholder(let name): [(name, path)]
    case .text(let template): template.placeholders.map { ($0, path) }
    case .list(let items):
      items.enumerated().flatMap { $1.placeholders(below: path.appending(.index($0))) }
    case .map(let entries):
      entries.flatMap { $0.body.placeholders(below: path.appending(.key($0.key))) }
    }
  }

  /// Where a path of fields leads to none: the paths that there are instead.
  ///
  /// What a placeholder stands for may have any.
  func namesMissing(_ path: String) -> [String]? {
    var body = self
    var known = ""
    for step in (FieldPath(path) ?? FieldPath([])).steps {
      guard case .key(let key) = step else { return nil }
      let entries: [Entry]
      switch body {
      case .map(let all): entries = all
      case .placeholder: return nil
      case .list, .value, .text: return known.isEmpty ? [] : [known]
      }
      guard let next = entries.first(where: { $0.key == key }) else {
        return entries.map { known.isEmpty ? $0.key : "\(known).\($0.key)" }
      }
      known = known.isEmpty ? key : "\(known).\(key)"
      body = next.body
    }
    return nil
  }

  /// With values in the place of placeholders; a field whose placeholder has none is left out.
  func filled(_ bindings: Bindings) -> Content? {
    switch self {
    case .value(let value): return .value(value)
    case .placeholder(let name):
      switch bindings[name] {
      case .secret(let source): return .secret(SecretText([.secret(source)]))
      case .value(.null), nil: return nil
      case .value(let value): return .value(value)
      }
    case .text(let template):
      let text = template.filled(bindings)
      return text.plain.map { .value(.string($0)) } ?? .secret(text)
    case .list(let items): return Content(list: items.compactMap { $0.filled(bindings) })
    case .map(let entries):
      return Content(
        map: entries.compactMap { entry in
          entry.body.filled(bindings).map { Content.Entry(key: entry.key, content: $0) }
        })
    }
  }
}

extension TextTemplate {
  /// Where it has no placeholder: the text.
  fileprivate var plain: String {
    parts.reduce(into: "") { if case .text(let text) = $1 { $0 += text } }
  }
}

/// What placeholders stand for.
struct Bindings: Sendable, Hashable {
  enum Binding: Sendable, Hashable {
    case value(Value)
    case secret(SecretSource)
  }

  private var all: [String: Binding] = [:]

  subscript(name: String) -> Binding? {
    get { all[name] }
    set { all[name] = newValue }
  }

  /// The value of a name; nil for a secret, which stands in no URL.
  func value(_ name: String) -> Value? {
    if case .value(let value) = all[name] { value } else { nil }
  }
}
