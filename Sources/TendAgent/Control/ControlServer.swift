private import Glibc
public import Logging
public import ServiceLifecycle
private import Synchronization
public import Tend

/// Answers commands on the Unix socket in the state directory.
///
/// JSON lines: a request on one line, then lines of progress, then one line with the result or the
/// failure; as many requests on one connection as the peer likes. Only root and the agent's own
/// user are served. Whatever a peer sends is answered or refused; nothing it does harms another.
public final class ControlServer: Service {
  /// The bounds of what peers may use.
  public struct Limits: Sendable, Hashable {
    /// The longest request, in bytes.
    ///
    /// 16 MiB: the desired state of a unit travels in one.
    public var messageBytes = 16 << 20
    /// Connections at once.
    ///
    /// 64; one more is told so and closed.
    public var connections = 64
    /// How long a peer may say nothing, or not read.
    ///
    /// 60 s.
    public var idle: Duration = .seconds(60)

    /// The defaults.
    public init() {}
  }

  /// Answers one request; `progress` sends a line at once and never waits for the peer.
  public typealias Answer =
    @Sendable (
      _ request: ControlRequest, _ peer: ControlPeer,
      _ progress: @escaping @Sendable (ProgressDocument) -> Void
    ) async throws -> Value

  /// Who may ask, and what.
  enum Audience: Sendable, Hashable {
    /// Root and the agent's own user, everything.
    case owner
    /// Whoever is in this group besides, what changes nothing and shows nothing private.
    case readers(group: UInt32)
  }

  private let address: SocketAddress
  private let audience: Audience
  private let listener: Descriptor
  private let limits: Limits
  private let logger: Logger
  private let answer: Answer
  private let open = Mutex<[ObjectIdentifier: Descriptor]>([:])

  /// Binds the socket; a left-over one is replaced.
  ///
  /// The caller holds the lock of the state directory, which proves that no other agent serves it.
  public convenience init(
    stateDirectory: String, limits: Limits = Limits(), logger: Logger, answer: @escaping Answer
  ) throws(Failure) {
    try self.init(
      at: SocketAddress(directory: stateDirectory), for: .owner, limits: limits, logger: logger,
      answer: answer)
  }

  /// Binds the socket for an audience.
  init(
    at address: SocketAddress, for audience: Audience, limits: Limits, logger: Logger,
    answer: @escaping Answer
  ) throws(Failure) {
    try address.removeLeftOver()
    listener = try Self.listen(at: address)
    if case .readers(let group) = audience { try address.open(to: group) }
    self.address = address
    self.audience = audience
    self.limits = limits
    self.logger = logger
    self.answer = answer
  }

  private static func listen(at address: SocketAddress) throws(Failure) -> Descriptor {
    let flags = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = Descriptor(socket(AF_UNIX, flags, 0))
    // The mode of the socket's inode is that of the descriptor at the time of bind.
    guard fchmod(descriptor.raw, 0o600) == 0,
      address.withAddress({ bind(descriptor.raw, $0, $1) }) == 0,
      Glibc.listen(descriptor.raw, 64) == 0
    else {
      throw Failure("Socket", "the control socket can't be made: \(errnoText(errno))")
    }
    return descriptor
  }

  /// Serves until graceful shutdown or cancellation; then removes the socket.
  ///
  /// Requests that still run are cancelled, so that a shutdown waits for none.
  public func run() async throws {
    let threads = BlockingThreads(limit: limits.connections + 2)
    defer { threads.close() }
    await withTaskCancellationHandler {
      await withGracefulShutdownHandler {
        await withTaskExecutorPreference(threads) { await serve() }
      } onGracefulShutdown: {
        self.stop()
      }
    } onCancel: {
      self.stop()
    }
    address.remove()
  }

  private func stop() {
    listener.shutDown()
    for descriptor in open.withLock({ Array($0.values) }) { descriptor.shutDown() }
  }

  private func serve() async {
    await withDiscardingTaskGroup { group in
      while let descriptor = accept() {
        guard open.withLock({ $0.count }) < limits.connections else {
          refuse(descriptor, "\(limits.connections) connections are open")
          continue
        }
        open.withLock { $0[ObjectIdentifier(descriptor)] = descriptor }
        group.addTask { await self.serve(descriptor) }
      }
      group.cancelAll()
    }
  }

  /// The next connection; nil once the server is stopped.
  private func accept() -> Descriptor? {
    while true {
      let number = Glibc.accept(listener.raw, nil, nil)
      if number >= 0 {
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        return Descriptor(number)
      }
      switch errno {
      case EINTR, ECONNABORTED: continue
      case EMFILE, ENFILE, ENOBUFS, ENOMEM: _ = poll(nil, 0, 100)
      default: return nil
      }
    }
  }

  private func refuse(_ descriptor: Descriptor, _ why: String) {
    let connection = connection(on: descriptor)
    try? send(.failure(Failure("Busy", why, remedy: "try again later")), on: connection)
  }

  private func connection(on descriptor: Descriptor) -> LineConnection {
    LineConnection(descriptor, maximumLength: limits.messageBytes, idle: limits.idle)
  }

  private func serve(_ descriptor: Descriptor) async {
    defer {
      _ = open.withLock { $0.removeValue(forKey: ObjectIdentifier(descriptor)) }
      descriptor.close()
    }
    guard let peer = ControlPeer(of: descriptor), mayAsk(peer) else {
      logger.warning("control connection of another user refused")
      try? send(
        .failure(
          Failure(
            "NotPermitted", "only root and the agent's own user may use this socket",
            remedy: "run tend as the user of the agent, or as root")),
        on: connection(on: descriptor))
      return
    }
    await converse(on: connection(on: descriptor), with: peer)
  }

  /// The kernel lets nobody else connect to a socket for readers: its mode and group say so.
  private func mayAsk(_ peer: ControlPeer) -> Bool {
    audience == .owner ? peer.isTrusted(by: geteuid()) : true
  }

  private func converse(on connection: LineConnection, with peer: ControlPeer) async {
    var buffer: [UInt8] = []
    while !Task.isCancelled {
      do {
        let line = try connection.read(&buffer)
        try await reply(to: line, on: connection, peer)
      } catch LineConnection.Problem.tooLong {
        let limit = "a request is longer than \(limits.messageBytes) bytes"
        try? send(.failure(Failure("Limit", limit)), on: connection)
        return
      } catch LineConnection.Problem.notText {
        try? send(.failure(Failure("Protocol", "a request is not UTF-8")), on: connection)
        return
      } catch {
        return
      }
    }
  }

  /// Answers one line; what is wrong with it is the answer, and the connection goes on.
  private func reply(
    to line: String, on connection: LineConnection, _ peer: ControlPeer
  ) async throws {
    let request: ControlRequest
    do {
      request = try Self.request(in: line)
    } catch {
      return try send(.failure(error), on: connection)
    }
    let (steps, continuation) = AsyncStream.makeStream(
      of: ControlReply.self, bufferingPolicy: .bufferingNewest(4096))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        let outcome = await self.outcome(of: request, peer) { continuation.yield(.progress($0)) }
        continuation.yield(outcome)
        continuation.finish()
      }
      for await step in steps { try send(step, on: connection) }
      try await group.waitForAll()
    }
  }

  private func outcome(
    of request: ControlRequest, _ peer: ControlPeer,
    _ progress: @escaping @Sendable (ProgressDocument) -> Void
  ) async -> ControlReply {
    if audience != .owner, !request.onlyReads {
      return .failure(
        Failure(
          "NotPermitted", "who may only read asked for a change, or for what is private",
          remedy: "run tend as the user of the agent, or as root"))
    }
    do {
      return .result(try await answer(request, peer, progress))
    } catch {
      return .failure(Failure(error))
    }
  }

  private static func request(in line: String) throws(Failure) -> ControlRequest {
    let value: Value
    do {
      value = try Value(json: line)
    } catch {
      throw Failure("Protocol", "a request is \(error)")
    }
    guard case .string(let version) = value.value(at: "protocol") else {
      throw Failure("Protocol", "a request names no protocol")
    }
    guard version == ControlEnvelope.version else {
      throw Failure(
        "Protocol", "the agent speaks \(ControlEnvelope.version), not \(version.prefix(40))",
        remedy: "use the tend of the same version as the agent")
    }
    do {
      return try ValueDecoder().decode(ControlEnvelope.self, from: value).request
    } catch {
      throw Failure("Protocol", "a request that the agent does not know", remedy: "\(error)")
    }
  }

  private func send(_ reply: ControlReply, on connection: LineConnection) throws {
    try connection.write(try ValueEncoder().encode(reply).json)
  }
}
