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

    /// For errors: method and URL.
    var name: String { "\(method) \(address)" }
  }

  let shared: Shared<Connection>
  var connection: Connection { shared.wrappedValue }
  /// Tells it from the others of this process.
  let number: Int
  /// Where it is; nil for what is no URL.
  private let base: WebAddress?
  let tokens = Tokens()
  private let transport: any Transport
  private let random: @Sendable () -> Double
  /// One for each lane that is used, so that no more than the limit are on their way.
  private let gates: [Gate]
  /// How it is reached where that takes no secret.
  private let plainLine: Line?
  private let rate: Mutex<RateLimit?>
  private let circuit = Mutex(Circuit())

  init(
    _ shared: Shared<Connection>, number: Int, _ transport: any Transport,
    random: @escaping @Sendable () -> Double
  ) {
    self.shared = shared
    self.number = number
    let connection = shared.wrappedValue
    base = WebAddress(connection.url)
    self.transport = transport
    self.random = random
    let most = connection.limits.concurrency
    let lanes = max(1, min(transport.lanes, most))
    gates = (0..<lanes).map { Gate(most / lanes + ($0 < most % lanes ? 1 : 0)) }
    let isPlain =
      connection.certificateAuthority == nil && connection.certificate == nil
      && connection.key == nil
    plainLine = isPlain ? Line(connection, lanes: lanes) : nil
    rate = Mutex(connection.limits.requestsPerSecond.map { RateLimit(perSecond: $0) })
  }

  /// Asks, as often as it may, and follows redirects within the service.
  func perform(_ call: Call, _ context: Context) async throws(ProviderError) -> Answer {
    var call = call
    guard isHome(call.address) else {
      throw .permanent(
        "\(call.secrets.mask.apply(to: call.name)): is not at API \(connection.name), "
          + "\(connection.origin); nothing is sent there",
        remedy: "forget the object if it is no longer meant: tend forget")
    }
    for _ in 0..<5 {
      let answer = try await repeating(call, context)
      guard let next = try redirect(of: answer, to: call) else { return answer }
      call.address = next
      if answer.status == 303 { (call.method, call.body, call.isRepeatable) = ("GET", [], true) }
    }
    throw .permanent(
      "\(call.secrets.mask.apply(to: call.name)): redirected more than 5 times",
      remedy: "correct the path or the url of the API")
  }

  private func isHome(_ address: WebAddress) -> Bool {
    base.map { address.hasSameOrigin(as: $0) } ?? false
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
        "\(answer.name): redirected to \(answer.mask.apply(to: host)), where nothing is sent",
        remedy: "give that as url of the API if it is meant; a login page means that the "
          + "credential is not accepted")
    }
    let keepsMethod = answer.status >= 307 || call.method == "GET" || answer.status == 303
    guard keepsMethod else {
      let whither = answer.mask.apply(to: "\(next)")
      throw .permanent(
        "\(answer.name): redirected to \(whither) with status \(answer.status), "
          + "which drops the body",
        remedy: "correct the path or the url of the API")
    }
    return next
  }

  // MARK: Repeating

  /// What comes of one request, however often it is sent, counts once for the circuit.
  private func repeating(_ call: Call, _ context: Context) async throws(ProviderError) -> Answer {
    if let wait = circuit.withLock({ $0.admit(now: context.uptime) }) {
      throw .transient(
        "\(call.secrets.mask.apply(to: call.name)): not asked, since API \(connection.name) "
          + "failed \(Circuit.limit) times",
        remedy: "see whether the service is up", retryAfter: wait)
    }
    var hasRenewed = false
    var attempt = 0
    while true {
      attempt += 1
      let credential = try await credential(context)
      let mask = call.secrets.mask.adding(credential.texts)
      let result = try await exchange(request(call, credential), call, mask, context)
      var delay: Duration?
      let isLast: Bool
      switch result {
      case .success(let answer) where answer.status == 401 && credential.isToken && !hasRenewed:
        tokens.drop(credential)
        hasRenewed = true
        continue
      case .success(let answer):
        isLast = !answer.asksForPatience(of: call.isRepeatable)
        if !isLast { delay = answer.retryAfter(context) }
      case .failure(let error):
        isLast = !(call.isRepeatable || error.isUnsent) || error.isFinal
      }
      if isLast || attempt >= connection.attempts || isOpen {
        return try conclude(result, call, mask, context)
      }
      let pause = delay ?? Backoff.delay(before: attempt, chance: random())
      // Who asks for more time than is left is asked again by the engine, when it is time.
      if pause >= context.remaining { return try conclude(result, call, mask, context) }
      try await context.sleep(for: pause)
      // What opened the circuit says more than that it is open.
      if isOpen { return try conclude(result, call, mask, context) }
    }
  }

  private var isOpen: Bool { circuit.withLock { $0.isOpen } }

  /// Counts what came of a request, and says it.
  private func conclude(
    _ result: Result<Answer, TransportError>, _ call: Call, _ mask: Mask, _ context: Context
  ) throws(ProviderError) -> Answer {
    switch result {
    case .success(let answer):
      circuit.withLock {
        if answer.isOutage { $0.failed(now: context.uptime) } else { $0.succeeded() }
      }
      return answer
    case .failure(let error):
      // An answer that is no use to one object says nothing of the others.
      if !error.isFinal { circuit.withLock { $0.failed(now: context.uptime) } }
      throw ProviderError(
        .transient, "\(mask.apply(to: call.name)): \(error.description)", remedy: error.remedy)
    }
  }

  /// A token is not to be had, which keeps all objects from the service.
  func failed(_ context: Context) { circuit.withLock { $0.failed(now: context.uptime) } }

  // MARK: Sending

  /// Sends one request once its turn has come.
  func exchange(
    _ request: Request, _ call: Call, _ mask: Mask, _ context: Context
  ) async throws(ProviderError) -> Result<Answer, TransportError> {
    try confine(request.address, mask, context)
    var line = try await line(context)
    if !isHome(request.address) { line.socket = nil }
    switch try await pin(request.address, line, context) {
    case .success(let pin): line.pin = pin
    case .failure(let error): return .failure(error)
    }
    let lane = transport.lane % gates.count
    guard await gates[lane].enter() else { throw .cancelled }
    defer { gates[lane].leave() }
    while let wait = rate.withLock({ $0?.admit(now: context.uptime) }) {
      try await context.sleep(for: wait)
    }
    defer { rate.withLock { $0?.finish(now: context.uptime) } }
    do {
      let response = try await transport.send(request, over: line, lane: lane)
      return .success(Answer(response, to: call, mask))
    } catch {
      if Task.isCancelled || error is CancellationError { throw .cancelled }
      let failure = error as? TransportError
      return .failure(failure ?? TransportError(description: mask.apply(to: "\(error)")))
    }
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
    if let plainLine { return plainLine }
    var secrets = Secrets()
    let sources = [connection.certificateAuthority, connection.certificate, connection.key]
    try await secrets.read(sources.compactMap { $0 }, context)
    var line = Line(connection, lanes: gates.count)
    line.authorities = connection.certificateAuthority.flatMap { secrets[$0] }
    line.certificate = connection.certificate.flatMap { secrets[$0] }
    line.key = connection.key.flatMap { secrets[$0] }.map { Sensitive($0) }
    return line
  }

  // MARK: Confining

  /// Redirects, pages, and what a service calls an object lead to where nothing was declared.
  private func confine(
    _ address: WebAddress, _ mask: Mask, _ context: Context
  ) throws(ProviderError) {
    try context.confine(Access(.address, mask.apply(to: address.description), field: "path"))
  }

  /// Where a name leads is decided by whoever owns it, and may change from one request to the next.
  ///
  /// So a unit that may not ask this machine goes on only with a number that was checked.
  private func pin(
    _ address: WebAddress, _ line: Line, _ context: Context
  ) async throws(ProviderError) -> Result<Pin?, TransportError> {
    guard line.socket == nil, line.proxy == nil, let refusal = refusal(of: address, context),
      !address.isNumber, !address.isLoopback
    else { return .success(nil) }
    let number: String
    do {
      number = try await transport.number(of: address.host)
    } catch {
      if Task.isCancelled { throw .cancelled }
      return .failure(error as? TransportError ?? TransportError(unknown: address.host))
    }
    if NetworkNumber.isLocal(number) {
      throw .notPermitted(
        "the name \(address.host) leads to \(number), on this machine or its link: \(refusal)",
        remedy: "see who answers for that name, or let the agent's configuration allow the number")
    }
    return .success(Pin(host: address.host, number: number))
  }

  /// Why a unit may not ask this machine on the same port; nil where it may.
  private func refusal(of address: WebAddress, _ context: Context) -> String? {
    do throws(ProviderError) {
      try context.confine(Access(.address, address.onThisMachine))
      return nil
    } catch {
      return error.message
    }
  }
}

extension Line {
  /// What needs no secret; the connections are those of all lanes.
  fileprivate init(_ connection: Connection, lanes: Int) {
    let most = connection.limits.concurrency
    self.init(
      socket: connection.socket, proxy: connection.proxy.flatMap { WebAddress($0) },
      connections: (most + lanes - 1) / lanes, responseSize: connection.limits.responseSize)
  }
}
