import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import TestSupport

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

  /// What it answers, and how it is reached.
  struct Script: Sendable {
    var socket: String?
    var tls: TLSConfiguration?
    let reply: @Sendable (String) -> Reply

    init(
      socket: String? = nil, tls: TLSConfiguration? = nil,
      _ reply: @escaping @Sendable (String) -> Reply
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
  private let reply: @Sendable (String) -> RawServer.Reply
  private var text = ""

  init(_ record: RawServer.Record, _ reply: @escaping @Sendable (String) -> RawServer.Reply) {
    self.record = record
    self.reply = reply
  }

  func channelActive(context: ChannelHandlerContext) { record.connected() }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    text += String(buffer: unwrapInboundIn(data))
    while let end = text.firstRange(of: "\r\n\r\n") {
      let head = String(text[..<end.lowerBound])
      text = String(text[end.upperBound...])
      record.asked(head)
      answer(reply(head), context)
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
