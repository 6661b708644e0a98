import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import TestSupport

@testable import TendHTTP

/// A server that sends exactly the bytes that a test says, on loopback or a Unix socket.
struct RawServer: Sendable {
  /// What comes back for one request.
  struct Reply: Sendable {
    var bytes: [UInt8]
    /// Sent again and again, with a pause between, after the bytes.
    var drip: [UInt8] = []
    var closes = false

    init(_ text: String, closes: Bool = false, drip: String = "") {
      bytes = Array(text.utf8)
      self.closes = closes
      self.drip = Array(drip.utf8)
    }

    static func ok(_ body: String) -> Reply {
      Reply("HTTP/1.1 200 OK\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)")
    }
  }

  /// What it has seen.
  final class Record: Sendable {
    private let state = Mutex((connections: 0, requests: [String]()))
    var connections: Int { state.withLock { $0.connections } }
    var requests: [String] { state.withLock { $0.requests } }
    func connected() { state.withLock { $0.connections += 1 } }
    func asked(_ head: String) { state.withLock { $0.requests.append(head) } }
  }

  let port: Int
  let record: Record

  /// The value of a header, by its name in lower case.
  static func header(_ name: String, of head: String) -> String? {
    for line in head.split(whereSeparator: \.isNewline).dropFirst() {
      guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name else {
        continue
      }
      return line[line.index(after: colon)...].trimmed
    }
    return nil
  }

  /// What it answers, and how it is reached.
  struct Script: Sendable {
    var socket: String?
    var tls: TLSConfiguration?
    let reply: @Sendable (String, [UInt8]) -> Reply

    init(
      socket: String? = nil, tls: TLSConfiguration? = nil,
      _ reply: @escaping @Sendable (String) -> Reply
    ) {
      self.init(socket: socket, tls: tls, whole: { head, _ in reply(head) })
    }

    /// Answers with the body in sight as well.
    init(
      socket: String? = nil, tls: TLSConfiguration? = nil,
      whole reply: @escaping @Sendable (String, [UInt8]) -> Reply
    ) {
      self.socket = socket
      self.tls = tls
      self.reply = reply
    }
  }
}

extension RawServer.Script {
  /// Serves while the body runs.
  func serve(_ body: (RawServer) async throws -> Void) async throws {
    let reply = reply
    let record = RawServer.Record()
    let context = try tls.map { try NIOSSLContext(configuration: $0) }
    let bootstrap = ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let context {
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
          }
          try channel.pipeline.syncOperations.addHandler(Talk(record, reply))
        }
      }
    let channel =
      if let socket { try await bootstrap.bind(unixDomainSocketPath: socket).get() } else {
        try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
      }
    let result: Result<Void, any Error>
    do {
      try await body(RawServer(port: channel.localAddress?.port ?? 0, record: record))
      result = .success(())
    } catch { result = .failure(error) }
    try await channel.close()
    try result.get()
  }
}

/// One connection.
private final class Talk: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let record: RawServer.Record
  private let reply: @Sendable (String, [UInt8]) -> RawServer.Reply
  private var bytes: [UInt8] = []

  init(
    _ record: RawServer.Record, _ reply: @escaping @Sendable (String, [UInt8]) -> RawServer.Reply
  ) {
    self.record = record
    self.reply = reply
  }

  func channelActive(context: ChannelHandlerContext) { record.connected() }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    bytes += unwrapInboundIn(data).readableBytesView
    while let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
      let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
      let rest = bytes[end.upperBound...]
      let length = RawServer.header("content-length", of: head).flatMap { Int($0) } ?? 0
      guard rest.count >= length else { return }
      bytes = Array(rest.dropFirst(length))
      record.asked(head)
      answer(reply(head, Array(rest.prefix(length))), context)
    }
  }

  private func answer(_ reply: RawServer.Reply, _ context: ChannelHandlerContext) {
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: reply.bytes)), promise: nil)
    if reply.closes { context.close(promise: nil) }
    guard !reply.drip.isEmpty else { return }
    let channel = context.channel
    let bytes = ByteBuffer(bytes: reply.drip)
    context.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(20)) { task in
      guard channel.isActive else { return task.cancel() }
      channel.writeAndFlush(bytes, promise: nil)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
