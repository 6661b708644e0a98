import Tend
import TestSupport
import Testing

@testable import TendHTTP

/// The definitions that are shipped, against the real servers.
@Suite(.timeLimit(.minutes(10)))
struct DefinitionTests {
  @Test(
    "the shipped definitions are valid, and each has a summary for every field",
    arguments: ["rabbitmq", "caddy"])
  func valid(name: String) throws {
    let text = try Definitions.text(name)
    let api =
      "apiVersion: http/v1\nkind: API\nmetadata: {name: \(name)}\n"
      + "spec: {url: 'http://127.0.0.1:1'}\n---\n"
    #expect(try Stage.decode(api + text).isEmpty)
  }

  @Test("the quickstart has the definitions as they are shipped")
  func quickstart() throws {
    #expect(try Definitions.text("caddy") == Definitions.text("caddy", in: "Examples/quickstart"))
  }

  // MARK: RabbitMQ

  private static func head(_ server: RealServer) throws -> String {
    try """
    apiVersion: http/v1
    kind: API
    metadata: {name: rabbitmq}
    spec:
      url: \(server.url("/api"))
      authentication: {basic: {username: guest, password: {fromEnvironment: PASSWORD}}}
      health: {path: /overview}
    ---

    """ + Definitions.text("rabbitmq")
  }

  @Test(
    "what a RabbitMQ broker has is made, kept, changed and removed",
    .enabled(if: RealServer.hasBroker))
  func rabbitMQ() async throws {
    try await RealServer.broker { server in
      for trial in Self.brokerTrials(server) {
        try await server.prepare()
        try await trial.run(Self.head(server))
      }
    }
  }

  private static func brokerTrials(_ server: RealServer) -> [Trial] {
    let host = "vhost: /"
    return [
      Trial(
        kind: "rabbitmq/v1 VirtualHost", spec: { "{name: v/\($0), description: d\($1)}" },
        meddle: { try await server.curl("DELETE", "/api/vhosts/v%2F0") }, count: 20),
      Trial(
        kind: "rabbitmq/v1 User",
        spec: { "{name: u\($0), password: {fromFile: /p}, tags: [monitoring, t\($1)]}" },
        meddle: {
          try await server.curl(
            "PUT", "/api/users/u0", "{\"password\": \"x\", \"tags\": \"other\"}")
        }, count: 20),
      Trial(
        kind: "rabbitmq/v1 Permission",
        spec: { "{\(host), user: one\($0), read: r\($1)}" },
        prepare: {
          for number in 0..<20 {
            try await server.curl(
              "PUT", "/api/users/one\(number)", "{\"password\": \"one\", \"tags\": \"\"}")
          }
        },
        meddle: {
          try await server.curl(
            "PUT", "/api/permissions/%2F/one0",
            "{\"configure\": \".*\", \"write\": \"\", \"read\": \"\"}")
        }, count: 20),
      Trial(
        kind: "rabbitmq/v1 Queue",
        spec: { "{name: q\($0), arguments: {x-message-ttl: \(1000 * $1)}}" },
        meddle: { try await server.curl("DELETE", "/api/queues/%2F/q0") }, count: 1000),
      Trial(
        kind: "rabbitmq/v1 Exchange",
        spec: { "{name: e\($0), type: \($1 == 1 ? "topic" : "fanout")}" },
        meddle: { try await server.curl("DELETE", "/api/exchanges/%2F/e0") }, count: 20),
      Trial(
        kind: "rabbitmq/v1 Binding",
        // Among several exchanges, since a search shows all bindings of one to the queue.
        spec: { number, _ in "{source: e\(number % 25), queue: q, routingKey: k.\(number)}" },
        prepare: {
          for number in 0..<25 {
            try await server.curl("PUT", "/api/exchanges/%2F/e\(number)", "{\"type\": \"topic\"}")
          }
        },
        meddle: { try await server.curl("DELETE", "/api/bindings/%2F/e/e0/q/q/k.0") }, count: 1000,
        updated: 0),
      Trial(
        kind: "rabbitmq/v1 Policy",
        spec: { "{name: p\($0), pattern: ^p, definition: {max-length: \($1)}, applyTo: queues}" },
        meddle: {
          try await server.curl(
            "PUT", "/api/policies/%2F/p0",
            "{\"pattern\": \"^p\", \"definition\": {\"max-length\": 1, \"expires\": 100}, "
              + "\"apply-to\": \"queues\"}"
          )
        }, count: 20),
    ]
  }

  // MARK: Caddy

  @Test(
    "what Caddy is configured with is made, kept, changed and removed",
    .enabled(if: RealServer.hasCaddy))
  func caddy() async throws {
    try await RealServer.caddy { server in
      let head = """
        apiVersion: http/v1
        kind: API
        metadata: {name: caddy}
        spec:
          url: \(server.url(""))
          health: {path: /config/}
          limits: {concurrency: 1}
          headers: {connection: close}
        ---

        """ + (try Definitions.text("caddy"))
      for trial in Self.caddyTrials(server) {
        try await server.curl(
          "PUT", "/config/apps/http/servers/s",
          // It would ask for certificates for the hosts of all routes, anew at each change.
          "{\"listen\": [\"\(server.socket("s"))\"], \"routes\": [], "
            + "\"automatic_https\": {\"disable\": true}}")
        try await trial.run(head)
      }
    }
  }

  private static func caddyTrials(_ server: RealServer) -> [Trial] {
    let route = "handle: [{handler: static_response, body: \"{http.request.host}"
    return [
      Trial(
        kind: "caddy/v1 Server",
        spec: {
          "{name: s\($0), listen: [\"\(server.socket("s\($0)-\($1)"))\"], "
            + "https: {disable: true}}"
        },
        meddle: {
          try await server.curl(
            "PATCH", "/config/apps/http/servers/s0/listen", "[\"\(server.socket("other"))\"]")
        }, count: 20),
      Trial(
        kind: "caddy/v1 Configuration",
        spec: {
          "{path: apps/http/servers/r\($0), value: {"
            + "listen: [\"\(server.socket("r\($0)-\($1)"))\"], automatic_https: {disable: true}}}"
        },
        meddle: {
          try await server.curl("PUT", "/config/apps/http/servers/r0/logs", "{}")
        }, count: 20),
      Trial(
        kind: "caddy/v1 Route",
        spec: { "{id: r\($0), server: s, match: [{host: [h\($0).example]}], \(route) \($1)\"}]}" },
        meddle: { try await server.curl("DELETE", "/id/r0") }, count: 1000,
        // Each change loads the whole configuration again.
        updated: 20),
    ]
  }
}

extension RealServer {
  /// Where something of Caddy may listen.
  fileprivate func socket(_ name: String) -> String { "unix/" + folder.path(name) }

  /// What the trials of others stand on.
  fileprivate func prepare() async throws {
    try await curl("PUT", "/api/queues/%2F/q", "{\"durable\": true}")
  }
}
