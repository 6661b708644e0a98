import Tend
import TestSupport
import Testing

@testable import TendHTTP

/// TLS as a real server speaks it: versions of HTTP, certificates of both sides, and proxies.
@Suite(.timeLimit(.minutes(4)), .enabled(if: RealServer.hasCaddy))
struct SecureServerTests {
  /// Who they are, in PEM, with their keys.
  private struct Papers {
    let folder: TemporaryFolder

    init() async throws {
      folder = try TemporaryFolder("papers")
      for (name, more) in [
        ("server", "-addext subjectAltName=DNS:localhost,IP:127.0.0.1"), ("one", ""), ("two", ""),
      ] {
        try await run(
          "bash",
          [
            "-c",
            "openssl req -x509 -newkey ec -nodes -pkeyopt ec_paramgen_curve:prime256v1 "
              + "-keyout \(name).key -out \(name).pem -days 2 -subj /CN=\(name) \(more) 2>&1",
          ], in: folder.path)
      }
      try folder.write(text("one.pem") + text("two.pem"), to: "clients.pem")
    }

    func text(_ name: String) throws -> String { try folder.text(name) }
  }

  /// An object that says how it was asked for.
  private func manifest(_ server: RealServer, _ more: String = "") -> String {
    """
    apiVersion: http/v1
    kind: API
    metadata: {name: secure}
    spec:
      url: https://localhost:\(server.securePort)/
      tls: {certificateAuthority: {fromFile: /ca}\(more)}
      authentication: {bearer: {fromFile: /token}}
    ---
    apiVersion: http/v1
    kind: Object
    metadata: {name: x}
    spec: {api: secure, path: /x, body: {a: 1}}

    """
  }

  private func answer(_ stage: Stage, _ manifest: String) async throws -> Value? {
    let spec = try #require(try stage.declare(manifest).first)
    let service = stage.provider.services[spec.connection]
    let address = try #require(WebAddress(spec.connection.wrappedValue.url))
    let call = Service.Call(method: "GET", address: address, isRepeatable: true)
    return try await service.perform(call, stage.context()).value()
  }

  @Test(
    "HTTP/2 is spoken with who speaks it, and HTTP/1.1 with the rest",
    arguments: [("[\"h1\", \"h2\"]", "HTTP/2.0"), ("[\"h1\"]", "HTTP/1.1")])
  func versions(protocols: String, expected: String) async throws {
    let papers = try await Papers()
    try await RealServer.secureCaddy(papers.folder, protocols: protocols) { server in
      let stage = Stage(ClientTransport())
      stage.surroundings.set(.file("/ca"), try papers.text("server.pem"))
      try await withThrowingTaskGroup(of: Value?.self) { group in
        for _ in 0..<30 {
          group.addTask { try await answer(stage, manifest(server)) }
        }
        for try await value in group { #expect(value == .string(expected)) }
      }
    }
  }

  @Test("who we are is said by a certificate, which is read again when it is renewed")
  func mutual() async throws {
    let papers = try await Papers()
    try await RealServer.secureCaddy(papers.folder, clients: "clients.pem") { server in
      let stage = Stage(ClientTransport())
      stage.surroundings.set(.file("/ca"), try papers.text("server.pem"))
      let own = ", certificate: {fromFile: /cert}, key: {fromFile: /key}"
      let manifest = self.manifest(server, own)
      for name in ["one", "two"] {
        stage.surroundings.set(.file("/cert"), try papers.text("\(name).pem"))
        stage.surroundings.set(.file("/key"), try papers.text("\(name).key"))
        #expect(try await answer(stage, manifest) == .string("HTTP/2.0 CN=\(name)"))
      }
      // Neither a stranger nor nobody is let in, and the error says so.
      stage.surroundings.set(.file("/cert"), try papers.text("server.pem"))
      stage.surroundings.set(.file("/key"), try papers.text("server.key"))
      for manifest in [manifest, self.manifest(server)] {
        let short = manifest.replacing("  tls:", with: "  retry: {attempts: 1}\n  tls:")
        let error = await stage.failure { _ = try await answer(stage, short) }
        #expect(error?.code == .transient && error?.remedy != nil)
        #expect(error?.message.hasPrefix("GET https://localhost:\(server.securePort)/: ") == true)
      }
    }
  }

  @Test("a certificate that is not trusted, or of another host, ends it with what to do")
  func untrusted() async throws {
    let papers = try await Papers()
    try await RealServer.secureCaddy(papers.folder) { server in
      let stage = Stage(ClientTransport())
      stage.surroundings.set(.file("/ca"), try papers.text("one.pem"))
      let once = "  retry: {attempts: 1}\n  tls:"
      let manifest = self.manifest(server).replacing("  tls:", with: once)
      let error = await stage.failure { _ = try await answer(stage, manifest) }
      #expect(
        error?.message == "GET https://localhost:\(server.securePort)/: "
          + "the certificate of localhost:\(server.securePort) is not trusted")
      stage.surroundings.set(.file("/ca"), try papers.text("server.pem"))
      let other = manifest.replacing("//localhost", with: "//127.0.0.2")
      #expect(await stage.failure { _ = try await answer(stage, other) } != nil)
    }
  }

  @Test("a proxy tunnels what is asked, and sees no credential")
  func proxy() async throws {
    let papers = try await Papers()
    try await RealServer.secureCaddy(papers.folder) { server in
      try await ForwardProxy.serve { proxy in
        let stage = Stage(ClientTransport())
        stage.surroundings.set(.file("/ca"), try papers.text("server.pem"))
        let through = "  proxy: http://127.0.0.1:\(proxy.port)\n  tls:"
        let manifest = self.manifest(server).replacing("  tls:", with: through)
        #expect(try await answer(stage, manifest) == .string("HTTP/2.0"))
        #expect(
          proxy.record.requests.first?.hasPrefix("CONNECT localhost:\(server.securePort) ") == true)
        #expect(proxy.record.requests.allSatisfy { !$0.lowercased().contains("authorization") })

        let plain = manifest.replacing(
          "https://localhost:\(server.securePort)/", with: server.url("/config/admin/listen"))
        let shown = try await answer(stage, plain)
        #expect(shown == .string("127.0.0.1:\(server.port)"))
        let lines = proxy.record.requests.map { $0.prefix { !$0.isNewline } }
        #expect(lines.last == "CONNECT 127.0.0.1:\(server.port) HTTP/1.1")
      }
      let stage = Stage(ClientTransport())
      stage.surroundings.set(.file("/ca"), try papers.text("server.pem"))
      let nobody = "  proxy: http://127.0.0.1:\(try freePort())\n  retry: {attempts: 1}\n  tls:"
      let manifest = self.manifest(server).replacing("  tls:", with: nobody)
      #expect(
        await stage.failure { _ = try await answer(stage, manifest) }?.message
          .contains("refused the connection") == true, "it does not go there directly")
    }
  }
}
