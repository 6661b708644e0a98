internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPCompression
internal import NIOPosix
internal import NIOSSL
internal import Synchronization
internal import Tend

/// Carries requests by swift-nio's client: connections are kept, HTTP/2 is spoken where offered.
///
/// A client is made with the first request over its line; so one that is never used costs nothing.
/// Each lane is a thread with clients of its own: what is asked on it is answered on it, so that no
/// request goes from thread to thread.
final class ClientTransport: Transport {
  /// Pools for more lines than this are closed, the one that was idle longest first.
  private static let bound = 128

  private struct Pool {
    let line: Line
    let lane: Int
    let client: HTTPClient
  }

  /// The one used last at the end.
  private let pools = Mutex<[Pool]>([])

  deinit {
    for pool in pools.withLock({ $0 }) { Self.close(pool.client) }
  }

  var lanes: Int { EventLane.all.count }

  var lane: Int { EventLane.all.firstIndex { $0.isCurrent } ?? 0 }

  var executors: [any TaskExecutor] { EventLane.all }

  func send(_ request: Request, over line: Line, lane: Int) async throws -> Response {
    let client = try client(for: line, on: lane)
    let outgoing = try Self.outgoing(request, over: line)
    let task = client.execute(
      request: outgoing,
      delegate: ResponseAccumulator(request: outgoing, maxBodySize: request.responseSize),
      deadline: .now() + .nanoseconds(request.timeout.wholeNanoseconds))
    do {
      let response = try await withTaskCancellationHandler {
        try await task.get()
      } onCancel: {
        task.fail(reason: CancellationError())
      }
      return Response(
        status: Int(response.status.code),
        headers: response.headers.map { Header(name: $0.name, value: $0.value) },
        body: response.body.map { Array($0.readableBytesView) } ?? [])
    } catch {
      if Task.isCancelled { throw CancellationError() }
      throw TransportError(error, request, line)
    }
  }

  func number(of host: String) async throws -> String {
    // Resolving a name blocks.
    let address = try await NIOThreadPool.singleton.runIfActive {
      try SocketAddress.makeAddressResolvingHost(host, port: 0)
    }
    guard let number = address.ipAddress else { throw TransportError(unknown: host) }
    return number
  }

  private static func outgoing(
    _ request: Request, over line: Line
  ) throws(TransportError) -> HTTPClient.Request {
    var headers = HTTPHeaders(request.headers.map { ($0.name, $0.value) })
    headers.replaceOrAdd(name: "accept-encoding", value: "gzip, deflate")
    var url = request.address.description
    if let socket = line.socket {
      headers.replaceOrAdd(name: "host", value: request.address.authority)
      url =
        (request.address.isSecure ? "https+unix://" : "http+unix://") + Percent.encode(socket)
        + request.address.target
    }
    do {
      return try HTTPClient.Request(
        url: url, method: HTTPMethod(rawValue: request.method), headers: headers,
        body: request.body.isEmpty ? nil : .bytes(request.body))
    } catch {
      throw TransportError(
        description: "\(request.address) is no address that can be asked", isUnsent: true,
        isFinal: true)
    }
  }

  private func client(for line: Line, on lane: Int) throws(TransportError) -> HTTPClient {
    let known = pools.withLock { pools -> HTTPClient? in
      guard let index = pools.lastIndex(where: { $0.lane == lane && $0.line == line }) else {
        return nil
      }
      let client = pools[index].client
      // Where one service is asked, those of all lanes stay at the end.
      if index < pools.count - EventLane.all.count { pools.append(pools.remove(at: index)) }
      return client
    }
    if let known { return known }
    let fresh = HTTPClient(
      eventLoopGroupProvider: .shared(EventLane.all[lane].loop),
      configuration: try Self.configuration(line))
    let (client, idle) = pools.withLock { pools -> (HTTPClient, [HTTPClient]) in
      if let other = pools.first(where: { $0.lane == lane && $0.line == line }) {
        return (other.client, [fresh])
      }
      pools.append(Pool(line: line, lane: lane, client: fresh))
      return (fresh, pools.count > Self.bound ? [pools.removeFirst().client] : [])
    }
    for client in idle { Self.close(client) }
    return client
  }

  private static func close(_ client: HTTPClient) {
    // Kept until it is closed, as the client asks.
    client.shutdown { _ in withExtendedLifetime(client) {} }
  }

  private static func configuration(
    _ line: Line
  ) throws(TransportError) -> HTTPClient.Configuration {
    var configuration = HTTPClient.Configuration(
      tlsConfiguration: try tls(line), redirectConfiguration: .disallow,
      timeout: .init(connect: .seconds(10)), proxy: line.proxy.map(proxy),
      decompression: .enabled(limit: .size(line.responseSize)))
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = line.connections
    configuration.connectionPool.retryConnectionEstablishment = false
    if let pin = line.pin { configuration.dnsOverride = [pin.host: pin.number] }
    // The engine tells what it does, with spans of its own.
    configuration.tracing.tracer = nil
    return configuration
  }

  private static func proxy(_ address: WebAddress) -> HTTPClient.Configuration.Proxy {
    let isBracketed = address.host.hasPrefix("[")
    let host = isBracketed ? String(address.host.dropFirst().dropLast()) : address.host
    return .server(host: host, port: address.port)
  }

  private static func tls(_ line: Line) throws(TransportError) -> TLSConfiguration {
    var tls = TLSConfiguration.makeClientConfiguration()
    do {
      if let authorities = line.authorities {
        tls.trustRoots = .certificates(
          try NIOSSLCertificate.fromPEMBytes(Array(authorities.utf8)))
      }
      if let certificate = line.certificate, let key = line.key?.reveal() {
        tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8))
          .map { .certificate($0) }
        tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem))
      }
    } catch {
      throw TransportError(
        description: "a certificate or a key of the API can't be used",
        remedy: "give certificates and an unencrypted key in PEM", isUnsent: true, isFinal: true)
    }
    return tls
  }
}

extension Duration {
  /// Clamped to what 64 bits hold.
  var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carry) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
    return overflow || carry ? (seconds < 0 ? .min : .max) : sum
  }
}
