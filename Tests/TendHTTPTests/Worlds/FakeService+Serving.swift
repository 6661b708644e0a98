import Tend

@testable import TendHTTP

extension FakeService {
  /// Serves over real HTTP on loopback while the body runs.
  func serve(_ body: (RawServer) async throws -> Void) async throws {
    try await RawServer.Script(whole: { head, bytes in
      let words = head.prefix { !$0.isNewline }.split(separator: " ").map(String.init)
      let host = RawServer.header("host", of: head) ?? "127.0.0.1"
      guard words.count == 3, let address = WebAddress("http://\(host)\(words[1])") else {
        return RawServer.Reply("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
      }
      let names = head.split(whereSeparator: \.isNewline).dropFirst()
        .compactMap { $0.split(separator: ":").first.map(String.init) }
      let headers = names.map { name in
        Header(name: name, value: RawServer.header(name.lowercased(), of: head) ?? "")
      }
      let request = Request(
        method: words[0], address: address, headers: headers, body: bytes, timeout: .zero,
        responseSize: 0)
      do {
        return RawServer.Reply(try self.answer(request))
      } catch {
        return RawServer.Reply("", closes: true)
      }
    }).serve(body)
  }
}

extension RawServer.Reply {
  fileprivate init(_ response: Response) {
    let headers = response.headers.map { "\($0.name): \($0.value)\r\n" }.joined()
    let length = response.status == 204 ? "" : "content-length: \(response.body.count)\r\n"
    self.init("HTTP/1.1 \(response.status) -\r\n\(headers)\(length)\r\n")
    bytes += response.body
  }
}
