internal import Synchronization
internal import Tend

/// A service at run time: what its API allows, held for all objects together.
final class Service: Sendable {
  /// What is to be asked.
  struct Call: Sendable {
    var method: String
    var address: WebAddress
    var headers: [(name: String, value: SecretText)] = []
    var body: [UInt8] = []
    var contentType = "application/json"
    /// Whether asking twice does what asking once does.
    var isRepeatable: Bool
    /// The secrets in headers and body, as they are now.
    var secrets = Secrets()

    /// For errors: method and URL, without secrets.
    var name: String { "\(method) \(address)" }
  }

  let connection: Connection
  private let transport: any Transport
  private let random: @Sendable () -> Double
  private let gate: Gate
  private let rate: Mutex<RateLimit?>
  private let circuit = Mutex(Circuit())
  let tokens = Tokens()

  init(
    _ connection: Connection, _ transport: any Transport,
    random: @escaping @Sendable () -> Double
  ) {
    self.connection = connection
    self.transport = transport
    self.random = random
    gate = Gate(connection.limits.concurrency)
    rate = Mutex(connection.limits.requestsPerSecond.map { RateLimit(perSecond: $0) })
  }

  /// Whether the last requests were answered.
  var isHealthy: Bool { circuit.withLock { $0.isHealthy } }

  /// Asks, as often as it may, and follows redirects within the service.
  func perform(_ call: Call, _ context: Context) async throws(ProviderError) -> Answer {
    var call = call
    for _ in 0..<5 {
      let answer = try await repeating(call, context)
      guard let next = try redirect(of: answer, to: call) else { return answer }
      call.address = next
      if answer.status == 303 { (call.method, call.body) = ("GET", []) }
    }
    throw .permanent(
      "\(call.name): redirected more than 5 times", remedy: "correct the path or the url of the API"
    )
  }

  /// Where a redirect leads; only within one origin, since a credential is good for no other.
  private func redirect(
    of answer: Answer, to call: Call
  ) throws(ProviderError) -> WebAddress? {
    guard [301, 302, 303, 307, 308].contains(answer.status), let location = answer["location"]
    else { return nil }
    guard let next = call.address.resolving(location), next.hasSameOrigin(as: call.address) else {
      let host = call.address.resolving(location)?.origin ?? "another place"
      throw .transient(
        "\(call.name): redirected to \(host), where nothing is sent",
        remedy: "give that as url of the API if it is meant; a login page means that the "
          + "credential is not accepted")
    }
    let keepsMethod = answer.status >= 307 || call.method == "GET" || answer.status == 303
    guard keepsMethod else {
      throw .permanent(
        "\(call.name): redirected to \(next) with status \(answer.status), which drops the body",
        remedy: "correct the path or the url of the API")
    }
    return next
  }

  // MARK: Repeating

  private func repeating(_ call: Call, _ context: Context) async throws(ProviderError) -> Answer {
    var hasRenewed = false
    var attempt = 0
    while true {
      attempt += 1
      let credential = try await credential(context)
      let result = try await once(call, credential, context)
      let delay: Duration
      switch result {
      case .success(let answer) where answer.status == 401 && credential.isToken && !hasRenewed:
        tokens.drop()
        hasRenewed = true
        continue
      case .success(let answer):
        let wanted = answer.retryAfter(context)
        guard answer.asksForPatience(of: call.isRepeatable), mayGoOn(after: attempt) else {
          return answer
        }
        delay = wanted ?? Backoff.delay(before: attempt, chance: random())
        // Who asks for more than is left is asked again by the engine, when it is time.
        if delay >= context.remaining { return answer }
      case .failure(let error):
        delay = Backoff.delay(before: attempt, chance: random())
        let mayRepeat = (call.isRepeatable || error.isUnsent) && !error.isFinal
        guard mayRepeat, mayGoOn(after: attempt), delay < context.remaining else {
          throw ProviderError(
            .transient, "\(call.name): \(error.description)", remedy: error.remedy)
        }
      }
      try await context.sleep(for: delay)
    }
  }

  /// What opened the circuit says more than that it is open.
  private func mayGoOn(after attempt: Int) -> Bool {
    attempt < connection.attempts && !circuit.withLock { $0.isOpen }
  }

  private func once(
    _ call: Call, _ credential: Credential, _ context: Context
  ) async throws(ProviderError) -> Result<Answer, TransportError> {
    let line = try await line(context)
    if let wait = circuit.withLock({ $0.admit(now: context.uptime) }) {
      throw .transient(
        "\(call.name): not asked, since API \(connection.name) failed \(Circuit.limit) times",
        remedy: "see whether the service is up", retryAfter: wait)
    }
    guard await gate.enter() else { throw .cancelled }
    defer { gate.leave() }
    while let wait = rate.withLock({ $0?.admit(now: context.uptime) }) {
      try await context.sleep(for: wait)
    }
    let mask = call.secrets.mask.adding(credential.texts)
    let answer: Answer
    do {
      let response = try await transport.send(request(call, credential), over: line)
      answer = Answer(response, to: call, mask)
    } catch {
      if Task.isCancelled || error is CancellationError { throw .cancelled }
      circuit.withLock { $0.failed(now: context.uptime) }
      let failure = error as? TransportError
      return .failure(failure ?? TransportError(description: mask.apply(to: "\(error)")))
    }
    circuit.withLock {
      if answer.isOutage { $0.failed(now: context.uptime) } else { $0.succeeded() }
    }
    return .success(answer)
  }

  private func request(_ call: Call, _ credential: Credential) -> Request {
    var headers = [Header(name: "accept", value: "application/json")]
    headers += connection.headers
    headers += call.headers.map { Header(name: $0.name, value: $0.value.revealed(call.secrets)) }
    if let header = credential.header { headers.append(header) }
    if !call.body.isEmpty, headers.first(named: "content-type") == nil {
      headers.append(Header(name: "content-type", value: call.contentType))
    }
    return Request(
      method: call.method, address: call.address, headers: headers, body: call.body,
      timeout: .milliseconds(connection.limits.milliseconds),
      responseSize: connection.limits.responseSize)
  }

  /// Read anew for each request, so that a certificate that was renewed is used from then on.
  private func line(_ context: Context) async throws(ProviderError) -> Line {
    var secrets = Secrets()
    let sources = [connection.certificateAuthority, connection.certificate, connection.key]
    try await secrets.read(sources.compactMap { $0 }, context)
    return Line(
      socket: connection.socket, proxy: connection.proxy.flatMap { WebAddress($0) },
      authorities: connection.certificateAuthority.flatMap { secrets[$0] },
      certificate: connection.certificate.flatMap { secrets[$0] },
      key: connection.key.flatMap { secrets[$0] }.map { Sensitive($0) },
      connections: connection.limits.concurrency, responseSize: connection.limits.responseSize)
  }
}

// MARK: Credentials

extension Service {
  /// What a request says of who asks.
  struct Credential: Sendable {
    var header: Header?
    /// All forms of the secret, for masking.
    var texts: [String] = []
    /// Whether a new one can be had where this one is refused.
    var isToken = false
  }

  private func credential(_ context: Context) async throws(ProviderError) -> Credential {
    var secrets = Secrets()
    try await secrets.read(connection.authentication.secrets, context)
    switch connection.authentication {
    case .none: return Credential()
    case .basic(let username, let password):
      return try credential("authorization", .basic(username, secrets[password] ?? ""), "Basic ")
    case .bearer(let token):
      return try credential("authorization", .plain(secrets[token] ?? ""), "Bearer ")
    case .header(let name, let value):
      return try credential(name, .plain(secrets[value] ?? ""), "")
    case .clientCredentials(let grant):
      let token = try await token(grant, secrets[grant.clientSecret] ?? "", context)
      var credential = try credential("authorization", .plain(token), "Bearer ")
      credential.isToken = true
      return credential
    }
  }

  private enum Form {
    case plain(String)
    case basic(String, String)
  }

  private func credential(
    _ name: String, _ form: Form, _ prefix: String
  ) throws(ProviderError) -> Credential {
    let texts: [String] =
      switch form {
      case .plain(let secret): [secret]
      case .basic(let username, let password):
        [Base64.encode(Array("\(username):\(password)".utf8)), password]
      }
    guard let text = texts.first, !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
      throw .permanent(
        "the credential of API \(connection.name) has a line break in it",
        remedy: "put it on one line, of which the last line break is left out")
    }
    return Credential(header: Header(name: name, value: prefix + text), texts: texts)
  }

  /// A token that is still good, or a new one.
  private func token(
    _ grant: Connection.Grant, _ secret: String, _ context: Context
  ) async throws(ProviderError) -> String {
    if let token = tokens.current(for: secret, now: context.uptime) { return token }
    guard let address = WebAddress(grant.tokenURL) else {
      throw .permanent("the token URL of API \(connection.name) is no URL")
    }
    var form = "grant_type=client_credentials"
    if !grant.scopes.isEmpty {
      form += "&scope=" + Percent.encode(grant.scopes.joined(separator: " "))
    }
    let identity = Percent.encode(grant.clientID) + ":" + Percent.encode(secret)
    let basic = Base64.encode(Array(identity.utf8))
    let request = Request(
      method: "POST", address: address,
      headers: [
        Header(name: "authorization", value: "Basic " + basic),
        Header(name: "content-type", value: "application/x-www-form-urlencoded"),
        Header(name: "accept", value: "application/json"),
      ], body: Array(form.utf8), timeout: .milliseconds(connection.limits.milliseconds),
      responseSize: 1 << 20)
    let call = Call(method: "POST", address: address, isRepeatable: true)
    let line = try await line(context)
    let answer: Answer
    do {
      let response = try await transport.send(request, over: line)
      answer = Answer(response, to: call, Mask([secret, basic]))
    } catch {
      if Task.isCancelled { throw .cancelled }
      let failure = error as? TransportError ?? TransportError(description: "\(error)")
      throw ProviderError(
        .transient, "\(call.name): \(failure.description)", remedy: failure.remedy)
    }
    guard answer.status == 200, case .map(let fields) = try answer.value(),
      case .string(let token)? = fields["access_token"]
    else { throw answer.failure(connection) }
    let lifetime: Duration =
      if case .integer(let seconds)? = fields["expires_in"] {
        .seconds(min(max(0, seconds), 86_400))
      } else { .seconds(300) }
    tokens.keep(token, for: secret, until: context.uptime + lifetime - .seconds(30))
    return token
  }
}

/// The token of a service, until it expires.
final class Tokens: Sendable {
  private struct Token {
    let text: String
    let secret: String
    let end: Duration
  }

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

  func drop() { token.withLock { $0 = nil } }
}
