/// The secrets that went into a request, so that a response that echoes them shows none.
struct Mask: Sendable, Hashable {
  /// Shorter ones would make every text unreadable, and hide nothing.
  static let shortest = 4

  /// Longest first: a secret that holds another one is masked whole.
  private(set) var secrets: [String]

  init(_ secrets: [String] = []) {
    var known: Set<String> = []
    self.secrets = secrets.filter { $0.utf8.count >= Self.shortest && known.insert($0).inserted }
      .sorted { $0.utf8.count > $1.utf8.count }
  }

  func adding(_ more: [String]) -> Mask { more.isEmpty ? self : Mask(secrets + more) }

  func apply(to text: String) -> String {
    secrets.reduce(text) { text, secret in
      var result = ""
      var rest = text[...]
      while let range = rest.firstRange(of: secret) {
        result += rest[..<range.lowerBound] + "(sensitive)"
        rest = rest[range.upperBound...]
      }
      return result.isEmpty ? text : result + rest
    }
  }
}
