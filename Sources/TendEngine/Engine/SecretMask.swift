import Synchronization

/// The secrets that are alive, so that whatever echoes one can be masked.
///
/// At most 1,000, the newest; secrets shorter than 4 characters are not masked, since that would
/// make every text unreadable and hide nothing.
final class SecretMask: Sendable {
  static let bound = 1000
  static let shortest = 4
  private let secrets = Mutex<[String]>([])

  func add(_ secret: String) {
    guard secret.utf8.count >= Self.shortest else { return }
    secrets.withLock { secrets in
      secrets.removeAll { $0 == secret }
      secrets.append(secret)
      if secrets.count > Self.bound { secrets.removeFirst() }
    }
  }

  func apply(to text: String) -> String {
    let secrets = secrets.withLock { $0 }
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
