import Foundation
import Tend
import TestSupport
import Testing

@testable import TendHTTP

/// The built `tend` before a service on loopback.
@Suite(.timeLimit(.minutes(4)))
struct EndToEndTests {
  private static let canary = Canary.marker + "\"e2e\"/9d41"

  private func manifest(_ server: RawServer, _ tend: Tend) -> String {
    Manifests.item
      .replacing("http://127.0.0.1:9/", with: "http://127.0.0.1:\(server.port)/")
      .replacing("/run/token", with: tend.folder.path("token"))
      .replacing("  health:", with: "  retry: {attempts: 1}\n  health:")
  }

  private func item(_ tend: Tend, _ spec: String = "size: 1") -> String {
    Manifests.item("a", "\(spec), secret: {fromFile: \(tend.folder.path("secret"))}")
  }

  /// All that is in the folder, but the secrets themselves and the executable's own output.
  private func files(_ tend: Tend) throws -> [String] {
    let all = FileManager.default.enumerator(atPath: tend.folder.path)
    return (all?.compactMap { $0 as? String } ?? []).filter { $0 != "token" && $0 != "secret" }
  }

  @Test("T62, T63, T87: a secret is in no output, no log and no store, whatever the service echoes")
  func canary() async throws {
    let service = FakeService()
    service.turn { $0.echoesHeaders = true }
    let tend = try Tend("http")
    try tend.folder.write(Self.canary + "\n", to: "token")
    try tend.folder.write(Self.canary + "-body\n", to: "secret")
    try await service.serve { server in
      var shown = ""
      func call(_ arguments: String...) async throws -> Tend.Output {
        let output = try await tend.run(arguments + ["--state-dir", tend.state])
        shown += output.out + output.errors
        return output
      }
      let path = "\(tend.manifests)/a.yaml"
      try tend.folder.write(manifest(server, tend) + item(tend), to: "manifests/a.yaml")
      #expect(try await call("plan", "-f", path).out.contains("secret: (sensitive)"))
      let applied = try await call("apply", "-f", tend.manifests, "--yes")
      #expect(applied.status == 0, "\(applied.out)\(applied.errors)")
      #expect(service.value("/items/a") == ["size": 1, "secret": .string(Self.canary + "-body")])
      for arguments in [["status"], ["get", "resources"], ["describe", "Item/a"], ["events"]] {
        let output = try await tend.run(arguments + ["--state-dir", tend.state])
        shown += output.out + output.errors
      }

      // Somebody puts it where it does not belong, and the service quotes it in errors.
      service.put("/items/a", ["size": .string(Self.canary), "secret": .string(Self.canary)])
      #expect(try await call("plan", "-f", path).out.contains("size: \"(sensitive)\""))
      for status in [400, 401, 403, 409, 500] {
        service.turn {
          $0.outage = .page(
            status, "{\"you\": \(Value.string(Self.canary).json), \"raw\": \"\(Self.canary)\"}")
        }
        #expect(try await call("plan", "-f", path).status == 1)
        #expect(try await call("apply", "-f", tend.manifests, "--yes").status == 1)
      }
      service.turn { $0.outage = nil }

      // Another secret is seen, and written.
      try tend.folder.write(Self.canary + "-new\n", to: "secret")
      #expect(try await call("apply", "-f", tend.manifests, "--yes").status == 0)
      #expect(service.value("/items/a") == ["size": 1, "secret": .string(Self.canary + "-new")])

      #expect(shown.contains("(sensitive)"))
      for form in [Self.canary, String(Value.string(Self.canary).json.dropFirst().dropLast())] {
        #expect(!shown.contains(form), "\(shown)")
        for file in try files(tend) {
          let bytes = FileManager.default.contents(atPath: tend.folder.path(file)) ?? Data()
          #expect(bytes.range(of: Data(form.utf8)) == nil, "\(file)")
        }
      }
    }
  }

  @Test(
    "an answer that is no use is an error with the object, the request, the status and the body",
    arguments: [
      (Response.page(200, "<html>\nLog in</html>"), "200, but the body is not JSON", "<html> Log"),
      (Response(200, [1]), "shows a list, where a map is declared", ""),
      (Response(418, ["why": "tea"]), "418", "{\"why\":\"tea\"}"),
      (Response(503, ["why": "down"]), "503", "{\"why\":\"down\"}"),
      (.page(200, String(repeating: "x", count: 11 << 20)), "the response is larger than", ""),
      (Response(302, nil, ["Location": "http://evil.example/"]), "redirected to http://evil", ""),
      (Response(307, nil, ["Location": "/items/a"]), "redirected more than 5 times", ""),
    ])
  func errors(response: Response, status: String, body: String) async throws {
    let service = FakeService()
    let tend = try Tend("http")
    try tend.folder.write("token\n", to: "token")
    try tend.folder.write("other\n", to: "secret")
    try await service.serve { server in
      try tend.folder.write(manifest(server, tend) + item(tend), to: "manifests/a.yaml")
      service.turn { $0.outage = response }
      let output = try await tend(
        "plan", "-f", "\(tend.manifests)/a.yaml", "--state-dir", tend.state)
      let text = output.out + output.errors
      #expect(output.status == 1)
      #expect(text.contains("Item/a") && text.contains(status), "\(text)")
      #expect(body.isEmpty || text.contains(body), "\(text)")
      #expect(text.contains("/items/a"), "\(text)")
    }
  }

  @Test("two objects with one URL are refused with both places, and so are two kinds of one name")
  func clashes() async throws {
    let tend = try Tend("http")
    let second = Manifests.item("b", "size: 2").replacing("name: b, size", with: "name: a, size")
    try tend.folder.write(
      Manifests.item + Manifests.item("a", "size: 1") + second, to: "manifests/a.yaml")
    let twice = try await tend("validate", "-f", tend.manifests)
    #expect(twice.status == 1)
    for place in ["a.yaml:25:1:", "a.yaml:30:1:"] {
      #expect(twice.errors.contains(place), "\(twice)")
    }
    try tend.folder.write(
      Manifests.item + Manifests.item("a", "size: 1")
        + """
        ---
        apiVersion: http/v1
        kind: API
        metadata: {name: other}
        spec: {url: "http://127.0.0.1:9/items"}
        ---
        apiVersion: http/v1
        kind: Object
        metadata: {name: c}
        spec: {api: other, path: "/%61"}

        """, to: "manifests/a.yaml")
    let apart = try await tend("validate", "-f", tend.manifests)
    #expect(apart.status == 1)
    for text in ["a.yaml:35:1:", "a.yaml:25:1", "both have the URL http://127.0.0.1:9/items/a"] {
      #expect(apart.errors.contains(text), "\(apart)")
    }
    let type = Manifests.item.replacing(Manifests.api, with: "")
    try tend.folder.write(Manifests.item + type, to: "manifests/a.yaml")
    let kinds = try await tend("validate", "-f", tend.manifests)
    #expect(kinds.status == 1 && kinds.errors.contains("a.yaml:"), "\(kinds)")
  }

  @Test("allow: a unit asks only the addresses that it may, with the secrets that it may")
  func allow() async throws {
    let service = FakeService()
    let tend = try Tend("http")
    try tend.folder.write("token\n", to: "token")
    try tend.folder.write("other\n", to: "secret")
    try await service.serve { server in
      let origin = "http://127.0.0.1:\(server.port)"
      try tend.folder.write(manifest(server, tend) + item(tend), to: "manifests/a.yaml")
      func once(_ allow: String) async throws -> String {
        try tend.folder.write(
          "units:\n  - name: one\n    source: {directory: \(tend.manifests)}\n    allow:\n\(allow)",
          to: "agent.yaml")
        let output = try await tend("agent", "--config", tend.folder.path("agent.yaml"), "--once")
        return output.out + output.errors
      }
      let secrets =
        "      secrets: ['file \(tend.folder.path("token")) for \(origin)', "
        + "'file \(tend.folder.path("secret")) for \(origin)']\n"
      let elsewhere = try await once("      addresses: ['http://127.0.0.1:1']\n" + secrets)
      #expect(elsewhere.contains("address \(origin)/ is not allowed for unit one"), "\(elsewhere)")
      let other = try await once(
        "      addresses: ['\(origin)']\n"
          + "      secrets: ['file \(tend.folder.path("token")) for http://elsewhere']\n")
      #expect(other.contains("for \(origin) is not allowed for unit one"), "\(other)")
      #expect(server.record.requests.isEmpty, "nothing was asked")
      let allowed = try await once("      addresses: ['\(origin)']\n" + secrets)
      #expect(service.value("/items/a") != nil, "\(allowed)")
    }
  }
}
