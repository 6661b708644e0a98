internal import AsyncHTTPClient
internal import Synchronization
internal import Tend

extension Service {
  /// What a request says of who asks.
  struct Credential: Sendable {
    var header: Header?
    /// All forms of the secret, for masking.
    var texts: [String] = []
    /// Whether a new one can be had where this one is refused.
    var isToken = false
  }

  /// Read anew for each request, so that a secret that was changed is used from then on.
  func credential(_ context: Context) async throws(ProviderError) -> Credential {
    var secrets = Secrets()
    try await secrets.read(connection.authentication.secrets, context)
    switch connection.authentication {
    case .none: return Credential()
    case .basic(let username, let password):
      let password = secrets[password] ?? ""
      let value = HTTPClient.Authorization.basic(username: username, password: password).headerValue
      let texts = [String(value.dropFirst("Basic ".utf8.count)), password]
      return try credential("authorization", value, texts)
    case .bearer(let token):
      let token = secrets[token] ?? ""
      return try credential("authorization", "Bearer " + token, [token])
    case .header(let name, let value):
      let value = secrets[value] ?? ""
      return try credential(name, value, [value])
    case .clientCredentials(let grant):
      let secret = secrets[grant.clientSecret] ?? ""
      let token: String
      do throws(ProviderError) {
        token = try await self.token(grant, secret, context)
      } catch {
        if error.code == .transient { failed(context) }
        throw error
      }
      var credential = try credential("authorization", "Bearer " + token, [token, secret])
      credential.isToken = true
      return credential
    }
  }

  private func credential(
    _ name: String, _ value: String, _ texts: [String]
  ) throws(ProviderError) -> Credential {
    guard !value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
      throw .permanent(
        "the credential of API \(connection.name) has a line break in it",
        remedy: "put it on one line, of which the last line break is left out")
    }
    return Credential(header: Header(name: name, value: value), texts: texts)
  }

  // MARK: OAuth 2

  /// A token that is still good, or a new one, for which one request goes out whoever needs it.
  private func token(
    _ grant: Connection.Grant, _ secret: String, _ context: Context
  ) async throws(ProviderError) -> String {
    if let token = tokens.current(for: secret, now: context.uptime) { return token }
    guard await tokens.gate.enter() else { throw .cancelled }
    defer { tokens.gate.leave() }
    if let token = tokens.current(for: secret, now: context.uptime) { return token }
    let (token, lifetime) = try await fetch(grant, secret, context)
    // Not to its last moment, since a request takes a while.
    let end = context.uptime + lifetime - min(.seconds(30), lifetime / 4)
    tokens.keep(token, for: secret, until: end)
    return token
  }

  /// Asks for a token (RFC 6749, section 4.4.2); nothing of what brings it is shown.
  private func fetch(
    _ grant: Connection.Grant, _ secret: String, _ context: Context
  ) async throws(ProviderError) -> (token: String, lifetime: Duration) {
    guard let address = WebAddress(grant.tokenURL) else {
      throw .permanent("the token URL of API \(connection.name) is no URL")
    }
    let identity = HTTPClient.Authorization.basic(
      username: Percent.encode(grant.clientID), password: Percent.encode(secret))
    let encoded = String(identity.headerValue.dropFirst("Basic ".utf8.count))
    let call = Call(method: "POST", address: address, isRepeatable: true)
    let result = try await exchange(
      request(grant, address, identity.headerValue), call, Mask([secret, encoded]), context)
    let answer: Answer
    switch result {
    case .success(let reply): answer = reply
    case .failure(let error):
      throw ProviderError(.transient, "\(call.name): \(error.description)", remedy: error.remedy)
    }
    guard (200..<300).contains(answer.status) else {
      throw answer.failure(connection, retryAfter: answer.retryAfter(context))
    }
    guard let token = answer.text(at: "/access_token"), !token.isEmpty else {
      throw .permanent(
        "\(answer.name): \(answer.status), but the response has no access_token",
        remedy: "see whether authentication.oauth2.tokenURL of API \(connection.name) gives tokens")
    }
    let seconds = answer.text(at: "/expires_in").flatMap { Int64($0) } ?? 300
    return (token, .seconds(min(max(0, seconds), 86_400)))
  }

  private func request(
    _ grant: Connection.Grant, _ address: WebAddress, _ identity: String
  ) -> Request {
    var form = "grant_type=client_credentials"
    if !grant.scopes.isEmpty {
      form += "&scope=" + Percent.encode(grant.scopes.joined(separator: " "))
    }
    return Request(
      method: "POST", address: address,
      headers: [
        Header(name: "authorization", value: identity),
        Header(name: "content-type", value: "application/x-www-form-urlencoded"),
        Header(name: "accept", value: "application/json"),
      ], body: Array(form.utf8), timeout: .milliseconds(connection.limits.milliseconds),
      responseSize: 1 << 20)
  }
}

extension Answer {
  /// A text or a number in a body that may not be JSON at all.
  fileprivate func text(at pointer: String) -> String? {
    do throws(ProviderError) {
      let value = try value()
      return JSONPointer(pointer)?.value(in: value)?.plainText
    } catch {
      return nil
    }
  }
}

/// The token of a service, until it expires.
final class Tokens: Sendable {
  private struct Token {
    let text: String
    let secret: String
    let end: Duration
  }

  /// Lets one through at a time, who fetches a token.
  let gate = Gate(1)
  private let token = Mutex<Token?>(nil)

  /// Nil once it is nearly over, or the secret that it was got with has changed.
  func current(for secret: String, now: Duration) -> String? {
    token.withLock { token in
      guard let known = token, known.secret == secret, now < known.end else { return nil }
      return known.text
    }
  }

  func keep(_ text: String, for secret: String, until end: Duration) {
    token.withLock { $0 = Token(text: text, secret: secret, end: end) }
  }

  /// It was refused; one that was got since is kept.
  func drop(_ credential: Service.Credential) {
    token.withLock { token in
      if let known = token, credential.texts.contains(known.text) { token = nil }
    }
  }
}
