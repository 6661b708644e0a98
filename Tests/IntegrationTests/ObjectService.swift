import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A small service over HTTP on loopback, which counts what is created.
///
/// `/items/NAME` are made with PUT, `/notes` with POST and named by the service.
final class ObjectService: Sendable {
  typealias Body = [String: any Sendable]

  fileprivate struct State {
    var objects: [String: Body] = [:]
    var last = 0
    var creations: [String: Int] = [:]
    var port = 0
  }

  private let state = Mutex(State())

  var port: Int { state.withLock { $0.port } }

  /// What there is, a line each; what the service names is told without its name.
  var contents: [String] {
    state.withLock { state in
      state.objects.map { path, body in
        path.hasPrefix("/notes/")
          ? "/notes \(body["text"] ?? "")" : "\(path) \(body["size"] ?? "")"
      }.sorted()
    }
  }

  /// How often each was created since the service was emptied; those of one text are one.
  var creations: [String: Int] { state.withLock { $0.creations } }

  func clear() {
    state.withLock {
      $0.objects = [:]
      $0.creations = [:]
    }
  }

  func put(_ path: String, _ body: Body) { state.withLock { $0.objects[path] = body } }

  /// Serves while the body runs.
  func serve(_ body: () async throws -> Void) async throws {
    let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.pipeline.configureHTTPServerPipeline().flatMapThrowing {
          try channel.pipeline.syncOperations.addHandler(Conversation(self))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    state.withLock { $0.port = channel.localAddress?.port ?? 0 }
    let result: Result<Void, any Error>
    do { result = .success(try await body()) } catch { result = .failure(error) }
    try await channel.close()
    try result.get()
  }

  /// The answer to one request.
  fileprivate func answer(
    _ method: HTTPMethod, _ path: String, _ bytes: [UInt8]
  ) -> (status: HTTPResponseStatus, body: any Sendable) {
    state.withLock { $0.answer(method, path, bytes) }
  }
}

extension ObjectService.State {
  fileprivate mutating func answer(
    _ method: HTTPMethod, _ path: String, _ bytes: [UInt8]
  ) -> (HTTPResponseStatus, any Sendable) {
    switch (method, path) {
    case (.GET, "/health"): return (.ok, ["status": "fine"])
    case (.GET, "/notes"): return (.ok, notes)
    case (.POST, "/notes"):
      last += 1
      return create("/notes/\(last)", parse(bytes).merging(["id": last]) { $1 })
    case (.GET, _): return objects[path].map { (.ok, $0) } ?? (.notFound, ["error": "none"])
    case (.PUT, _) where objects[path] == nil: return create(path, parse(bytes))
    case (.PUT, _), (.PATCH, _):
      objects[path, default: [:]].merge(parse(bytes)) { $1 }
      return (.ok, objects[path] ?? [:])
    case (.DELETE, _):
      return objects.removeValue(forKey: path) == nil
        ? (.notFound, ["error": "none"]) : (.noContent, [String: Int]())
    default: return (.methodNotAllowed, [String: Int]())
    }
  }

  private var notes: [ObjectService.Body] {
    objects.filter { $0.key.hasPrefix("/notes/") }.sorted { $0.key < $1.key }.map(\.value)
  }

  private mutating func create(
    _ path: String, _ body: ObjectService.Body
  ) -> (HTTPResponseStatus, any Sendable) {
    objects[path] = body
    let name = body["text"].map { "/notes \($0)" } ?? path
    creations[name, default: 0] += 1
    return (.created, body)
  }

  private func parse(_ bytes: [UInt8]) -> ObjectService.Body {
    let value = try? JSONSerialization.jsonObject(with: Data(bytes))
    return (value as? [String: Any] ?? [:]).reduce(into: [:]) { body, field in
      switch field.value {
      case let number as Int: body[field.key] = number
      default: body[field.key] = "\(field.value)"
      }
    }
  }
}

/// The requests of one connection, one after the other.
private final class Conversation: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let service: ObjectService
  private var head: HTTPRequestHead?
  private var body: [UInt8] = []

  init(_ service: ObjectService) { self.service = service }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body = []
    case .body(let part): body += part.readableBytesView
    case .end: answer(context)
    }
  }

  private func answer(_ context: ChannelHandlerContext) {
    guard let head else { return }
    let path = head.uri.split(separator: "?").first.map(String.init) ?? "/"
    let (status, value) = service.answer(head.method, path, body)
    let isEmpty = status == .noContent
    let bytes =
      isEmpty ? Data() : (try? JSONSerialization.data(withJSONObject: value)) ?? Data()
    var headers = HTTPHeaders([("content-type", "application/json")])
    if !isEmpty { headers.add(name: "content-length", value: "\(bytes.count)") }
    let response = HTTPResponseHead(version: head.version, status: status, headers: headers)
    context.write(wrapOutboundOut(.head(response)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
