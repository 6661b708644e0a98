import Synchronization
import Tend
import TestSupport
import Testing

@testable import TendHTTP

@Suite("Any bytes as replies")
struct FuzzTests {
  private static let pieces = [
    "\r\n", "\r\n\r\n", "HTTP/1.1 ", "204", "100", "301", "0\r\n\r\n",
    "transfer-encoding: chunked\r\n", "ffffffffffffffff\r\n", "content-length: -1\r\n",
    "content-length: 99999999999999999999\r\n", "content-encoding: gzip\r\n",
    "location: /\r\n", "location: http://\u{0}/\r\n", "retry-after: ", "99999999999999999999",
    "link: <>; rel=\"next\"\r\n", "etag: \"", "[", "{", "]", "}", "\"", "\\u", "1e999",
    "null", ":", "\u{0}", "é",
  ]

  private static let samples = [
    "HTTP/1.1 200 OK\r\ncontent-length: 13\r\netag: \"1\"\r\n\r\n{\"size\":1234}",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\n[1,\r\n3\r\n\"2\"\r\n"
      + "1\r\n]\r\n0\r\n\r\n",
    "HTTP/1.1 429 Too Many Requests\r\nretry-after: 5\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
  ]

  @Test("T86 whatever comes over the wire is a response or an error of the transport")
  func wire() async throws {
    let chance = Mutex(Mutator(seed: 86, pieces: Self.pieces))
    let transport = ClientTransport()
    let script = RawServer.Script { _ in
      let reply = chance.withLock { chance in
        var bytes = Array((Self.samples.randomElement(using: &chance) ?? "").utf8)
        chance.mutate(&bytes)
        return bytes
      }
      return .init(String(decoding: reply, as: UTF8.self), closes: true)
    }
    try await script.serve { server in
      let address = try #require(WebAddress("http://127.0.0.1:\(server.port)/x"))
      var line = Line()
      line.responseSize = 1 << 16
      let request = Request(
        method: "GET", address: address, timeout: .seconds(60), responseSize: 1 << 16)
      for _ in 0..<150 * Mutator.factor {
        do {
          let response = try await transport.send(request, over: line, lane: 0)
          #expect(response.body.count <= 1 << 16)
        } catch {
          #expect(error is TransportError, "\(error)")
        }
      }
    }
  }

  @Test("T86 T87 whatever a service answers, a pass ends, with an error that leaks nothing")
  func replies() async throws {
    var chance = Mutator(seed: 87, pieces: Self.pieces)
    for _ in 0..<40 * Mutator.factor {
      let stage = Stage()
      try stage.declare(Manifests.item + Manifests.item("a", "size: 1, secret: {fromFile: /run/s}"))
      let reply = Self.reply(&chance)
      let count = Int.random(in: 1..<4, using: &chance)
      stage.service.turn { $0.passing = (count, reply) }
      do { _ = try await stage.pass() } catch {
        #expect(error is ProviderError, "\(error)")
        #expect(!"\(error)".contains(Stage.secret))
      }
    }
  }

  private static func reply(_ chance: inout Mutator) -> Response {
    let bodies = [
      "{\"size\":1,\"name\":\"a\"}", "[{\"name\":\"a\",\"size\":1}]", "", "<html>", "null",
    ]
    var body = Array((bodies.randomElement(using: &chance) ?? "").utf8)
    chance.mutate(&body)
    let names = ["etag", "location", "retry-after", "link", "date", "content-type"]
    let headers = (0..<Int.random(in: 0..<4, using: &chance)).map { _ in
      var value = Array("<http://127.0.0.1:9/items?page=2>; rel=\"next\"".utf8)
      chance.mutate(&value)
      return Header(
        name: names.randomElement(using: &chance) ?? "etag",
        value: String(decoding: value, as: UTF8.self))
    }
    let status = [200, 201, 204, 206, 301, 400, 404, 409, 412, 429, 500, 503, 999]
    return Response(
      status: status.randomElement(using: &chance) ?? 200, headers: headers, body: body)
  }
}
