import Tend
import Testing

@testable import TendHTTP

/// A unit that may ask some addresses asks no others, wherever a service sends it.
struct ConfinementTests {
  private func stage(
    _ script: Script, _ manifest: String, at prefix: String
  ) throws -> Stage {
    let stage = Stage(script, limits: AllowedAddresses([prefix]))
    try stage.declare(manifest)
    return stage
  }

  private func object(_ url: String, _ spec: String = "") -> String {
    "apiVersion: http/v1\nkind: API\nmetadata: {name: fake}\nspec: {url: '\(url)'}\n"
      + "---\napiVersion: http/v1\nkind: Object\nmetadata: {name: x}\n"
      + "spec: {api: fake, path: /x, body: {a: 1}\(spec)}\n"
  }

  @Test(
    "redirects, status URLs and names lead nowhere that is not allowed",
    arguments: [
      ("", Response(307, nil, ["Location": "/admin/x"])),
      ("", Response(307, nil, ["Location": "/api/%2e%2e/admin/x"])),
      (", create: {method: POST}", Response(202, nil, ["Location": "/admin/job"])),
      (
        ", identity: {header: Location}, search: {path: /all, match: {/a: 1}}",
        Response(201, nil, ["Location": "/admin/x"])
      ),
    ])
  func led(spec: String, response: Response) async throws {
    let script = Script { request, _ in
      if request.address.path == "/api/all" { return Response(200, []) }
      if request.address.path.hasPrefix("/admin") { return Response(200, ["a": 1]) }
      return request.method == "GET" && response.status != 307 ? Response(404) : response
    }
    let stage = Stage(
      script, limits: AllowedAddresses(["http://127.0.0.1:9/api/"]))
    try stage.declare(object("http://127.0.0.1:9/api", spec))
    let error = await stage.failure()
    #expect(error?.code == .notPermitted, "\(String(describing: error))")
    #expect(error?.message.contains("/admin/") == true)
    #expect(script.requests.allSatisfy { $0.address.path.hasPrefix("/api") })
  }

  @Test(
    "T86: a name that leads to this machine or its link is not followed there",
    arguments: ["127.0.0.1", "127.8.8.8", "::1", "169.254.169.254", "fe80::1", "0.0.0.0"])
  func rebinding(number: String) async throws {
    let script = Script(number: number) { _, _ in Response(200, ["a": 1]) }
    let url = "https://api.example/"
    let stage = try stage(script, object(url), at: url)
    let error = await stage.failure()
    #expect(error?.code == .notPermitted)
    #expect(
      error?.message.hasPrefix("the name api.example leads to \(number), on this machine") == true)
    #expect(script.requests.isEmpty)
  }

  @Test("the number that was checked is the one that is asked")
  func pinned() async throws {
    let script = Script(number: "192.0.2.7") { _, _ in Response(200, ["a": 1]) }
    let stage = try stage(script, object("https://api.example/"), at: "https://api.example/")
    try await stage.pass()
    #expect(script.paths.first?.pin == Pin(host: "api.example", number: "192.0.2.7"))
  }

  @Test(
    "where this machine may be asked, or the unit is not confined, names lead where they lead",
    arguments: ["http", ""])
  func free(prefix: String) async throws {
    let script = Script(number: "127.0.0.1") { _, _ in Response(200, ["a": 1]) }
    let stage = Stage(script, limits: prefix.isEmpty ? nil : AllowedAddresses([prefix]))
    try stage.declare(object("http://api.example/"))
    try await stage.pass()
    #expect(script.paths.first?.pin == nil)
  }

  @Test(
    "numbers of this machine and its link are told from others",
    arguments: [
      ("127.0.0.1", true), ("::ffff:127.0.0.1", true), ("::", true), ("FE80::1", true),
      ("febf::1", true), ("10.0.0.1", false), ("192.168.1.1", false), ("2001:db8::1", false),
      ("fec0::1", false), ("128.0.0.1", false), ("::ffff:10.0.0.1", false),
    ])
  func numbers(number: String, isLocal: Bool) {
    #expect(NetworkNumber.isLocal(number) == isLocal)
  }

  @Test("the secret of a grant is bound to where it goes: the token endpoint")
  func grant() throws {
    let manifest = object("https://api.example/").replacing(
      "spec: {url",
      with: "spec: {authentication: {oauth2: {tokenURL: 'https://id.example/t', clientID: a, "
        + "clientSecret: {fromFile: /s}}}, url")
    let spec = try #require(try Stage.decode(manifest).first)
    let accesses = HTTPProvider().accesses(
      for: Target<ObjectSpec>(id: spec.id, desired: spec, memory: nil)
    ).map(\.description)
    #expect(accesses.contains("secret file /s for https://id.example"))
    #expect(!accesses.contains("secret file /s for https://api.example"))
    #expect(accesses.contains("address https://id.example/t"))
  }
}
