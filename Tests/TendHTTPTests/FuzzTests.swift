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

  /// What comes back, and what it is taken for: an error of the transport where there is no status.
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let id: String
    let reply: String
    /// How many bytes more there are of the reply, all the same.
    let padding: Int?
    let status: Int?
    let body: String?

    var testDescription: String { id }
    var whole: String { reply + String(repeating: "x", count: padding ?? 0) }
  }

  private static let limit = 1 << 16

  private static func send(to server: RawServer, over transport: ClientTransport) async throws
    -> Response
  {
    let address = try #require(WebAddress("http://127.0.0.1:\(server.port)/x"))
    var line = Line()
    line.responseSize = limit
    let request = Request(
      method: "GET", address: address, timeout: .seconds(60), responseSize: limit)
    return try await transport.send(request, over: line, lane: 0)
  }

  @Test(
    "T86 a reply of the corpus is a response or an error of the transport, as it says",
    arguments: try Corpus.cases("replies.jsonl", of: Case.self))
  func reply(kept: Case) async throws {
    let script = RawServer.Script { _ in .init(kept.whole, closes: true) }
    try await script.serve { server in
      do {
        let response = try await Self.send(to: server, over: ClientTransport())
        #expect(response.status == kept.status)
        #expect(String(decoding: response.body, as: UTF8.self) == kept.body)
      } catch {
        #expect(kept.status == nil && error is TransportError, "\(error)")
      }
    }
  }

  @Test("T86 whatever comes over the wire is a response or an error of the transport")
  func wire() async throws {
    let chance = Mutex(Mutator(seed: 86, pieces: Self.pieces))
    let transport = ClientTransport()
    let samples = try Corpus.cases("replies.jsonl", of: Case.self).map(\.reply)
    let script = RawServer.Script { _ in
      let reply = chance.withLock { chance in
        var bytes = Array((samples.randomElement(using: &chance) ?? "").utf8)
        chance.mutate(&bytes)
        return bytes
      }
      return .init(String(decoding: reply, as: UTF8.self), closes: true)
    }
    try await script.serve { server in
      for _ in 0..<150 * Mutator.factor {
        do {
          let response = try await Self.send(to: server, over: transport)
          #expect(response.body.count <= Self.limit)
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
