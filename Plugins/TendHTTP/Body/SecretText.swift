internal import Tend

/// A text of which parts are secrets, by reference.
struct SecretText: Sendable, Hashable, Codable {
  enum Part: Sendable, Hashable, Codable {
    case text(String)
    case secret(SecretSource)
  }

  let parts: [Part]

  init(_ parts: [Part]) {
    self.parts = parts
  }

  init(_ text: String) {
    parts = [.text(text)]
  }

  /// The secrets in it.
  var sources: [SecretSource] {
    parts.compactMap { if case .secret(let source) = $0 { source } else { nil } }
  }

  /// The text where it holds no secret.
  var plain: String? {
    guard sources.isEmpty else { return nil }
    return parts.reduce(into: "") { if case .text(let text) = $1 { $0 += text } }
  }

  /// The text with the secrets as they are now.
  func revealed(_ secrets: Secrets) -> String {
    parts.reduce(into: "") { result, part in
      switch part {
      case .text(let text): result += text
      case .secret(let source): result += secrets[source] ?? ""
      }
    }
  }
}

/// Secrets as they are now, for one request.
struct Secrets: Sendable {
  private var all: [SecretSource: Sensitive<String>] = [:]

  subscript(source: SecretSource) -> String? { all[source]?.reveal() }

  /// Reads those that are not known yet.
  mutating func read(
    _ sources: [SecretSource], _ context: Context
  ) async throws(ProviderError) {
    for source in sources where all[source] == nil {
      all[source] = try await context.secret(source)
    }
  }

  /// A mask for all of them.
  var mask: Mask { Mask(all.values.map { $0.reveal() }) }
}
