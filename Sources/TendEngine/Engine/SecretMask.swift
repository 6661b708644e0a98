import Synchronization

/// The secrets that are alive, so that whatever echoes one can be masked.
///
/// At most 1,000, the newest; secrets shorter than 4 characters are not masked, since that would
/// make every text unreadable and hide nothing.
final class SecretMask: Sendable {
  static let bound = 1000
  static let shortest = 4

  private struct State {
    /// Oldest first.
    var secrets: [String] = []
    /// Longest first: a secret that holds another one is masked whole.
    var ordered: [String] = []
  }

  private let state = Mutex(State())

  func add(_ secret: String) {
    guard secret.utf8.count >= Self.shortest else { return }
    state.withLock { state in
      if state.secrets.last == secret { return }
      state.secrets.removeAll { $0 == secret }
      state.secrets.append(secret)
      if state.secrets.count > Self.bound { state.secrets.removeFirst() }
      state.ordered = state.secrets.sorted { $0.utf8.count > $1.utf8.count }
    }
  }

  func apply(to text: String) -> String {
    let secrets = state.withLock { $0.ordered }
    return secrets.reduce(text) { text, secret in
      text.contains(secret) ? Self.replace(secret, in: text) : text
    }
  }

  private static func replace(_ secret: String, in text: String) -> String {
    var result = ""
    var rest = text[...]
    while let range = rest.firstRange(of: secret) {
      result += rest[..<range.lowerBound] + "(sensitive)"
      rest = rest[range.upperBound...]
    }
    return result + rest
  }
}
