import Synchronization
import Tend
import Testing

@testable import TendHTTP

/// How a request says who asks, and for how long that holds.
struct CredentialTests {
  private static let type = """
    ---
    apiVersion: http/v1
    kind: ObjectType
    metadata: {name: Row}
    spec:
      api: fake
      parameters: {name: {required: true}}
      path: /rows/{name}
      body: {name: "{name}"}
    """

  private static func manifest(_ spec: String, count: Int = 1) -> String {
    "apiVersion: http/v1\nkind: API\nmetadata: {name: fake}\nspec: \(spec)\n" + type
      + (0..<count).map {
        "\n---\napiVersion: fake/v1\nkind: Row\nmetadata: {name: n\($0)}\nspec: {name: n\($0)}"
      }.joined()
  }

  private static let grant =
    "{url: 'http://127.0.0.1:9/api', authentication: {oauth2: "
    + "{tokenURL: 'http://127.0.0.1:8/token', clientID: 'a:b', "
    + "clientSecret: {fromFile: /run/client}, scopes: [read, 'write all']}}}"

  /// A service that takes only the tokens that its token endpoint has given last.
  private final class Issuer: Sendable {
    private let state = Mutex((issued: 0, isRevoked: false))
    let lifetime: Value

    init(lifetime: Value = 3600) { self.lifetime = lifetime }

    var issued: Int { state.withLock { $0.issued } }
    func revoke() { state.withLock { $0.isRevoked = true } }

    func answer(_ request: Request) -> Response {
      state.withLock { state in
        if request.address.path == "/token" {
          state.issued += 1
          state.isRevoked = false
          return Response(
            200,
            [
              "access_token": .string("canary-token-\(state.issued)"), "token_type": "Bearer",
              "expires_in": lifetime,
            ])
        }
        let good = "Bearer canary-token-\(state.issued)"
        guard !state.isRevoked, request.headers.first(named: "authorization") == good else {
          return Response(401, ["error": .string("no good: canary-token-\(state.issued)")])
        }
        let name = request.address.path.split(separator: "/").last.map(String.init) ?? ""
        return Response(200, ["name": .string(name)])
      }
    }
  }

  private func stage(_ issuer: Issuer, count: Int = 1) throws -> (Stage, Script) {
    let script = Script { request, _ in issuer.answer(request) }
    let stage = Stage(script)
    try stage.declare(Self.manifest(Self.grant, count: count))
    return (stage, script)
  }

  @Test("a token is fetched once, and used for all that follows")
  func fetched() async throws {
    let issuer = Issuer()
    let (stage, script) = try stage(issuer, count: 10)
    for _ in 0..<3 { try await stage.pass() }
    #expect(issuer.issued == 1)
    let request = try #require(script.requests.first { $0.address.path == "/token" })
    #expect(request.method == "POST")
    #expect(
      String(decoding: request.body, as: UTF8.self)
        == "grant_type=client_credentials&scope=read%20write%20all")
    // Both parts are encoded, so that a colon in a name is none between the two (RFC 6749, 2.3.1).
    let basic = request.headers.first(named: "authorization")
    #expect(basic == "Basic YSUzQWI6Y2FuYXJ5LTVmMmI=")
    for request in script.requests where request.address.path != "/token" {
      #expect(request.headers.first(named: "authorization") == "Bearer canary-token-1")
    }
  }

  @Test("many who need a token at once fetch one")
  func together() async throws {
    let issuer = Issuer()
    let script = Script { request, _ in issuer.answer(request) }
    let stage = Stage(script)
    let specs = try stage.declare(Self.manifest(Self.grant, count: 30))
    await withTaskGroup(of: Void.self) { group in
      for spec in specs {
        group.addTask {
          await #expect(throws: Never.self) {
            _ = try await stage.provider.observe(
              Target(id: spec.id, desired: spec, memory: nil), stage.context())
          }
        }
      }
    }
    #expect(issuer.issued == 1)
  }

  @Test(
    "a token is fetched anew before it expires, whatever its lifetime",
    arguments: [(3600, 3500, 3600), (60, 40, 10), (8, 5, 3)] as [(Int64, Int64, Int64)])
  func expires(lifetime: Int64, still: Int64, then: Int64) async throws {
    let issuer = Issuer(lifetime: .integer(lifetime))
    let (stage, _) = try stage(issuer)
    try await stage.pass()
    stage.surroundings.advance(by: .seconds(still))
    try await stage.pass()
    #expect(issuer.issued == 1)
    stage.surroundings.advance(by: .seconds(then))
    try await stage.pass()
    #expect(issuer.issued == 2)
  }

  @Test("a lifetime is read as a text too, and one that is missing is not for ever")
  func lifetimes() async throws {
    for lifetime in ["3600", nil] as [Value] {
      let issuer = Issuer(lifetime: lifetime)
      let (stage, _) = try stage(issuer)
      try await stage.pass()
      stage.surroundings.advance(by: .seconds(200))
      try await stage.pass()
      #expect(issuer.issued == 1)
      stage.surroundings.advance(by: .seconds(86_400))
      try await stage.pass()
      #expect(issuer.issued == 2)
    }
  }

  @Test("a token that is refused is fetched anew once, and then it is an error")
  func refused() async throws {
    let issuer = Issuer()
    let (stage, script) = try stage(issuer)
    try await stage.pass()
    issuer.revoke()
    try await stage.pass()
    #expect(issuer.issued == 2)
    let closed = Script { request, _ in
      request.address.path == "/token" ? issuer.answer(request) : Response(401, ["no": "canary"])
    }
    let other = Stage(closed)
    try other.declare(Self.manifest(Self.grant))
    let error = await other.failure()
    #expect(error?.code == .notPermitted)
    #expect(
      error?.remedy == "see whether file /run/client holds a credential that is accepted")
    #expect(closed.log.count { $0 == "POST /token" } == 2)
    #expect(script.log.count { $0 == "POST /token" } == 2)
  }

  @Test("another secret gets another token at once")
  func rotated() async throws {
    let issuer = Issuer()
    let (stage, _) = try stage(issuer)
    try await stage.pass()
    stage.surroundings.set(.file("/run/client"), "canary-other")
    try await stage.pass()
    #expect(issuer.issued == 2)
  }

  @Test(
    "a token endpoint that gives none is an error that shows nothing of what it gave",
    arguments: [
      (Response(200, ["acess_token": "canary-5f2b"]), "200, but the response has no access_token"),
      (Response(200, ["access_token": ["canary-5f2b"]]), "200, but the response has no"),
      (.page(200, "{\"access_token\": \"canary-5f2b"), "200, but the response has no access_token"),
      (Response(400, ["error": "invalid_client"]), "400: {\"error\":\"invalid_client\"}"),
      (Response(401, ["you": "canary-5f2b"]), "401: {\"you\":\"(sensitive)\"}"),
      (Response(503), "503"), (Response(307, nil, ["Location": "http://evil.example/"]), "307"),
    ])
  func noToken(response: Response, message: String) async throws {
    let script = Script { _, _ in response }
    let stage = Stage(script)
    try stage.declare(Self.manifest(Self.grant))
    let error = try #require(await stage.failure())
    #expect(error.message.hasPrefix("POST http://127.0.0.1:8/token: \(message)"), "\(error)")
    #expect(script.requests.allSatisfy { $0.address.port == 8 })
  }

  @Test("a token is not fetched through the socket of another service")
  func socket() async throws {
    let issuer = Issuer()
    let script = Script { request, _ in issuer.answer(request) }
    let stage = Stage(script)
    try stage.declare(
      Self.manifest(Self.grant.replacing("{url:", with: "{socket: /run/service.sock, url:")))
    try await stage.pass()
    for (request, line) in zip(script.requests, script.paths) {
      #expect((line.socket == nil) == (request.address.path == "/token"))
    }
  }

  @Test("a secret in a file or the environment is read again for each request")
  func reread() async throws {
    let script = Script { request, _ in Response(200, ["name": "n0"]) }
    let stage = Stage(script)
    try stage.declare(
      Self.manifest(
        "{url: 'http://127.0.0.1:9/', authentication: {header: {name: X-Key, "
          + "value: {fromFile: /run/key}}}, tls: {certificateAuthority: {fromFile: /run/ca}}}"))
    for key in ["canary-1", "canary-2"] {
      stage.surroundings.set(.file("/run/key"), key)
      stage.surroundings.set(.file("/run/ca"), "ca of \(key)")
      try await stage.pass()
      #expect(script.requests.last?.headers.first(named: "x-key") == key)
      #expect(script.paths.last?.authorities == "ca of \(key)")
    }
  }

  @Test("a secret with a line break in it goes nowhere")
  func injected() async throws {
    let script = Script { _, _ in Response(200) }
    let stage = Stage(script)
    try stage.declare(
      Self.manifest("{url: 'http://127.0.0.1:9/', authentication: {bearer: {fromFile: /run/key}}}"))
    stage.surroundings.set(.file("/run/key"), "canary\r\nx-evil: 1")
    #expect(await stage.failure()?.message.contains("has a line break in it") == true)
    #expect(script.requests.isEmpty)
  }
}
