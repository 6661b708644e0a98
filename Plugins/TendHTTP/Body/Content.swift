internal import Tend

/// A body as it should be: plain values, and secrets by reference.
indirect enum Content: Sendable, Hashable {
  /// Without a secret below.
  case value(Value)
  case secret(SecretText)
  case list([Content])
  case map([Entry])

  struct Entry: Sendable, Hashable {
    var key: String
    var content: Content
  }

  init(list items: [Content]) {
    let values = items.compactMap(\.plain)
    self = values.count == items.count ? .value(.list(values)) : .list(items)
  }

  init(map entries: [Entry]) {
    let plain = entries.compactMap { entry in
      entry.content.plain.map { Value.Fields.Entry(key: entry.key, value: $0) }
    }
    self = plain.count == entries.count ? .value(.map(.init(plain))) : .map(entries)
  }

  /// The value where it holds no secret.
  var plain: Value? { if case .value(let value) = self { value } else { nil } }

  /// The secrets in it.
  var sources: [SecretSource] {
    switch self {
    case .value: []
    case .secret(let text): text.sources
    case .list(let items): items.flatMap(\.sources)
    case .map(let entries): entries.flatMap(\.content.sources)
    }
  }

  /// The secret texts in it, each with its path.
  func secrets(below path: FieldPath = FieldPath([])) -> [(path: FieldPath, text: SecretText)] {
    switch self {
    case .value: []
    case .secret(let text): [(path, text)]
    case .list(let items):
      items.enumerated().flatMap { $1.secrets(below: path.appending(.index($0))) }
    case .map(let entries):
      entries.flatMap { $0.content.secrets(below: path.appending(.key($0.key))) }
    }
  }

  /// The body itself, with the secrets as they are now.
  func revealed(_ secrets: Secrets) -> Value {
    switch self {
    case .value(let value): value
    case .secret(let text): .string(text.revealed(secrets))
    case .list(let items): .list(items.map { $0.revealed(secrets) })
    case .map(let entries):
      .map(.init(entries.map { .init(key: $0.key, value: $0.content.revealed(secrets)) }))
    }
  }
}
