import Foundation
import NIOSSL
import Tend
import TestSupport
import Testing

@testable import TendHTTP

/// The real client against servers that send exactly what a test says.
@Suite(.timeLimit(.minutes(2)))
struct TransportTests {
  private let transport = ClientTransport()

  private func get(
    _ url: String, over line: Line = Line(), timeout: Duration = .seconds(60), size: Int = 1 << 20
  ) async throws -> Response {
    let address = try #require(WebAddress(url))
    var line = line
    line.responseSize = size
    return try await transport.send(
      Request(method: "GET", address: address, timeout: timeout, responseSize: size), over: line,
      lane: 0)
  }

  private func failure(_ body: () async throws -> Response) async -> TransportError? {
    do {
      let response = try await body()
      Issue.record("it answered \(response.status)")
    } catch let error as TransportError {
      return error
    } catch { Issue.record(error) }
    return nil
  }

  @Test("connections are kept, and paths arrive as they are")
  func reused() async throws {
    try await RawServer.Script { _ in .ok("{}") }.serve { server in
      for _ in 0..<20 {
        let response = try await get("http://127.0.0.1:\(server.port)/queues/%2F/a%20b?x=%26")
        #expect(response.status == 200 && response.body == Array("{}".utf8))
      }
      #expect(server.record.connections == 1)
      #expect(
        server.record.requests.first?.hasPrefix("GET /queues/%2F/a%20b?x=%26 HTTP/1.1") == true)
    }
  }

  @Test("a Unix socket takes the place of host and port")
  func socket() async throws {
    let folder = try TemporaryFolder("http")
    let path = folder.path("service.sock")
    try await RawServer.Script(socket: path) { _ in .ok("[1]") }.serve { server in
      var line = Line()
      line.socket = path
      let response = try await get("http://docker/v1/x?a=b", over: line)
      #expect(response.body == Array("[1]".utf8))
      let head = try #require(server.record.requests.first)
      #expect(
        head.hasPrefix("GET /v1/x?a=b HTTP/1.1") && head.lowercased().contains("host: docker"))
    }
  }

  @Test("T86: a response that drips for ever ends at the deadline")
  func drip() async throws {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    try await RawServer.Script { _ in .init(head, drip: "1\r\nx\r\n") }.serve { server in
      let error = await failure {
        try await get("http://127.0.0.1:\(server.port)/", timeout: .milliseconds(500))
      }
      #expect(error?.description == "no whole response came within 500ms")
      #expect(error?.isUnsent == false)
    }
  }

  @Test("T86: a response that is too large is not read to its end", arguments: [true, false])
  func large(saysSo: Bool) async throws {
    let head =
      "HTTP/1.1 200 OK\r\n" + (saysSo ? "content-length: 9000000" : "transfer-encoding: chunked")
      + "\r\n\r\n"
    let chunk = String(repeating: "x", count: 4096)
    try await RawServer.Script { _ in .init(head, drip: "1000\r\n\(chunk)\r\n") }.serve { server in
      let error = await failure { try await get("http://127.0.0.1:\(server.port)/", size: 10_000) }
      #expect(error?.description == "the response is larger than 10000 bytes")
      #expect(error?.isFinal == true)
    }
  }

  @Test("T86: a compressed response is read, and a bomb is not")
  func compressed() async throws {
    let folder = try TemporaryFolder("http")
    let path = folder.path("bomb.gz")
    _ = try await shell(
      "head -c 30000000 /dev/zero | gzip > \(path); printf '{\"a\": 1}' | gzip > \(path).small")
    let bomb = try bytes(of: path)
    let small = try bytes(of: path + ".small")
    try await RawServer.Script { head in
      let body = head.contains("/bomb") ? bomb : small
      var reply = RawServer.Reply(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: \(body.count)\r\n\r\n")
      reply.bytes += body
      return reply
    }.serve { server in
      let response = try await get("http://127.0.0.1:\(server.port)/small")
      #expect(response.body == Array("{\"a\": 1}".utf8))
      let error = await failure { try await get("http://127.0.0.1:\(server.port)/bomb") }
      #expect(error?.isFinal == true)
    }
  }

  @Test("a response that is cut off is no response")
  func cutOff() async throws {
    try await RawServer.Script { _ in
      .init("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"a\": 1", closes: true)
    }.serve { server in
      let error = await failure { try await get("http://127.0.0.1:\(server.port)/") }
      #expect(error?.description.contains("closed the connection before") == true)
    }
  }

  @Test("nobody who listens, and a name that nobody has, are told apart")
  func nobody() async throws {
    let port = try freePort()
    let refused = await failure { try await get("http://127.0.0.1:\(port)/") }
    #expect(refused?.description == "127.0.0.1:\(port) refused the connection")
    #expect(refused?.isUnsent == true)
    let unknown = await failure { try await get("http://no-such-host.invalid/") }
    #expect(unknown?.isUnsent == true)
    #expect(unknown?.remedy != nil)
  }

  @Test(
    "a certificate is checked against the authority of the API; with its own the client is known")
  func tls() async throws {
    let folder = try TemporaryFolder("http")
    _ = try await shell(
      """
      cd \(folder.path) && openssl req -x509 -newkey ec -nodes \
        -pkeyopt ec_paramgen_curve:prime256v1 -keyout key.pem -out cert.pem \
        -days 2 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>&1
      """)
    let certificate = String(decoding: try bytes(of: folder.path("cert.pem")), as: UTF8.self)
    let key = String(decoding: try bytes(of: folder.path("key.pem")), as: UTF8.self)
    let own = try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8))
    var server = TLSConfiguration.makeServerConfiguration(
      certificateChain: own.map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem)))
    server.certificateVerification = .noHostnameVerification
    server.trustRoots = .certificates(own)
    try await RawServer.Script(tls: server) { _ in .ok("{}") }.serve { server in
      let url = "https://localhost:\(server.port)/"
      let untrusted = await failure { try await get(url) }
      #expect(
        untrusted?.description == "the certificate of localhost:\(server.port) is not trusted")
      var line = Line()
      line.authorities = certificate
      #expect(await failure { try await get(url, over: line) } != nil, "the server asks who we are")
      line.certificate = certificate
      line.key = Sensitive(key)
      let trusted = try await get(url, over: line)
      #expect(trusted.status == 200)
      let broken = await failure {
        var line = line
        line.authorities = "nonsense"
        return try await get(url, over: line)
      }
      #expect(broken?.isFinal == true)
      let plain = await failure { try await get("http://localhost:\(server.port)/") }
      #expect(plain != nil)
    }
  }

  @Test("a proxy is asked for what lies behind it")
  func proxy() async throws {
    try await RawServer.Script { _ in .ok("{}") }.serve { server in
      var line = Line()
      line.proxy = WebAddress("http://127.0.0.1:\(server.port)")
      let response = try await get("http://behind.example/x", over: line)
      #expect(response.status == 200)
      let head = try #require(server.record.requests.first)
      #expect(head.contains("behind.example"), "\(head)")
    }
  }

  @Test("a cancelled call ends at once")
  func cancelled() async throws {
    try await RawServer.Script { _ in .init("") }.serve { server in
      let address = try #require(WebAddress("http://127.0.0.1:\(server.port)/"))
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          await #expect(throws: CancellationError.self) {
            try await transport.send(
              Request(method: "GET", address: address, timeout: .seconds(600), responseSize: 100),
              over: Line(), lane: 0)
          }
        }
        while server.record.requests.isEmpty { await Task.yield() }
        group.cancelAll()
      }
    }
  }
}

private func shell(_ script: String) async throws -> String {
  try await run("bash", ["-c", script])
}

private func bytes(of path: String) throws -> [UInt8] {
  Array(try Data(contentsOf: URL(fileURLWithPath: path)))
}
