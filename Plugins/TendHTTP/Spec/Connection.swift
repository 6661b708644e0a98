internal import Tend

/// How a service is reached, as an `API` declares it: enough to go on without the declaration.
struct Connection: Sendable, Hashable, Codable {
  /// The name of the API.
  var name: String
  var url: String
  /// The path of a Unix socket.
  var socket: String?
  var proxy: String?
  var authentication = Authentication.none
  var headers: [Header] = []
  var certificateAuthority: SecretSource?
  var certificate: SecretSource?
  var key: SecretSource?
  var allowsPlainCredentials = false
  var limits = Limits()
  /// How often a request is tried that may be repeated.
  var attempts = 5
  /// What answers with success only while the service works.
  var health: String?

  /// How much is asked of the service.
  struct Limits: Sendable, Hashable, Codable {
    var concurrency = 8
    var requestsPerSecond: Int?
    var milliseconds: Int64 = 10_000
    var responseSize = 10 << 20
  }

  /// How a request says who asks.
  enum Authentication: Sendable, Hashable, Codable {
    case none
    case basic(username: String, password: SecretSource)
    case bearer(SecretSource)
    case header(name: String, value: SecretSource)
    case clientCredentials(Grant)
  }

  /// What an OAuth 2 client credentials grant needs (RFC 6749, section 4.4).
  struct Grant: Sendable, Hashable, Codable {
    var tokenURL: String
    var clientID: String
    var clientSecret: SecretSource
    var scopes: [String] = []
  }

  /// Where the service is, without what is the same place in another spelling.
  var place: String {
    var text = WebAddress(url)?.description[...] ?? url[...]
    while text.hasSuffix("/") { text.removeLast() }
    return (socket.map { $0 + " " } ?? "") + text
  }

  /// The secrets that a request needs.
  var secrets: [SecretSource] { authentication.secrets + [key].compactMap { $0 } }

  /// The secret references, each with the field of an `API` that holds it.
  var references: [SecretSource] {
    secrets + [certificateAuthority, certificate].compactMap { $0 }
  }
}

extension Connection.Authentication {
  var secrets: [SecretSource] {
    switch self {
    case .none: []
    case .basic(_, let password): [password]
    case .bearer(let token): [token]
    case .header(_, let value): [value]
    case .clientCredentials(let grant): [grant.clientSecret]
    }
  }
}
