import NIOCore
import NIOPosix

@testable import TendHTTP

/// A forward proxy on loopback: tunnels what is asked for by CONNECT (RFC 9110, section 9.3.6).
struct ForwardProxy {
  let port: Int
  /// The heads of the requests that it could read.
  let record: RawServer.Record

  /// Serves while the body runs.
  static func serve(_ body: (ForwardProxy) async throws -> Void) async throws {
    let record = RawServer.Record()
    let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Front(record))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let result: Result<Void, any Error>
    do {
      try await body(ForwardProxy(port: channel.localAddress?.port ?? 0, record: record))
      result = .success(())
    } catch { result = .failure(error) }
    try await channel.close()
    try result.get()
  }
}

/// Reads the first request of a connection, and connects to whom it is for.
private final class Front: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let record: RawServer.Record
  private var bytes: [UInt8] = []
  private var isThrough = false

  init(_ record: RawServer.Record) { self.record = record }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if isThrough { return context.fireChannelRead(data) }
    bytes += unwrapInboundIn(data).readableBytesView
    guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return }
    isThrough = true
    let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
    record.asked(head)
    connect(head, context.channel)
  }

  private func connect(_ head: String, _ channel: any Channel) {
    let words = head.split(separator: " ")
    guard words.count > 1, words[0] == "CONNECT", let address = WebAddress("http://\(words[1])")
    else { return channel.close(promise: nil) }
    ClientBootstrap(group: channel.eventLoop)
      .connect(host: "127.0.0.1", port: address.port)
      .flatMap { peer in
        channel.pipeline.addHandler(Pipe(peer))
          .and(peer.pipeline.addHandler(Pipe(channel)))
          .flatMap { _ in
            channel.writeAndFlush(ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\n"))
          }
      }
      .whenFailure { _ in channel.close(promise: nil) }
  }
}

/// Passes on what arrives.
private final class Pipe: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer

  private let peer: any Channel

  init(_ peer: any Channel) { self.peer = peer }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    peer.writeAndFlush(unwrapInboundIn(data), promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) { peer.close(promise: nil) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
