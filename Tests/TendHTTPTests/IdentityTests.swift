import Synchronization
import Tend
import Testing

@testable import TendHTTP

/// What the service calls an object, and what becomes of it when its place changes.
struct IdentityTests {
  private static let located = Manifests.note()
    .replacing("identity: {pointer: /id}", with: "identity: {header: Location}")

  @Test("T80: what a header names is found again by a search whose items name a part of the URL")
  func lostLocation() async throws {
    let stage = Stage()
    stage.service.turn { $0.lostReplies = 1 }
    let specs = try stage.declare(Self.located + Manifests.note("n", text: "hello"))
    #expect(await stage.failure()?.code == .transient)
    stage.restart()
    try await stage.pass()
    #expect(stage.memory(specs[0].id)?.identity == "http://127.0.0.1:9/notes/1")
    try stage.declare(Self.located + Manifests.note("n", text: "other"))
    #expect(try await stage.pass() == 1)
    #expect(stage.service.paths == ["/notes/1"])
    try stage.declare("")
    #expect(try await stage.pass() == 1)
    #expect(stage.service.contents == [])
  }

  @Test("what somebody made anew under another name is taken over, not made a third time")
  func remade() async throws {
    let stage = Stage()
    let specs = try stage.declare(Manifests.note() + Manifests.note("n", text: "hello"))
    try await stage.pass()
    let value = try #require(stage.service.value("/notes/1"))
    stage.service.remove("/notes/1")
    guard case .map(var fields) = value else { return }
    fields["id"] = 77
    stage.service.put("/notes/77", .map(fields))
    #expect(try await stage.pass() == 0)
    #expect(stage.memory(specs[0].id)?.identity == "77")
    #expect(stage.service.paths == ["/notes/77"])
  }

  @Test("what somebody made anew is not deleted in the place of what was withdrawn")
  func strangers() async throws {
    let stage = Stage()
    try stage.declare(Manifests.note() + Manifests.note("n", text: "hello"))
    try await stage.pass()
    guard case .map(var fields)? = stage.service.value("/notes/1") else { return }
    stage.service.remove("/notes/1")
    fields["id"] = 77
    stage.service.put("/notes/77", .map(fields))
    try stage.declare("")
    #expect(try await stage.pass() == 0)
    #expect(stage.service.paths == ["/notes/77"])
  }

  @Test(
    "a name that would lead elsewhere is not used",
    arguments: ["..", "."])
  func dots(name: String) async throws {
    let script = Script { request, _ in
      request.method == "POST" ? Response(201, ["id": .string(name)]) : Response(200, [])
    }
    let stage = Stage(script)
    try stage.declare(Manifests.note() + Manifests.note("n", text: "hello"))
    #expect(await stage.failure() != nil)
    try stage.declare("")
    _ = await stage.failure()
    #expect(script.requests.allSatisfy { !$0.address.hasDots && $0.method != "DELETE" })
  }

  @Test("a name that holds a secret is an error, since it would be remembered")
  func secretName() async throws {
    let script = Script { request, _ in
      request.method == "POST"
        ? Response(201, ["id": .string("x \(Stage.secret)")]) : Response(200, [])
    }
    let stage = Stage(script)
    try stage.declare(Manifests.note() + Manifests.note("n", text: "hello"))
    let error = await stage.failure()
    #expect(error?.message.contains("holds a secret, which is not remembered") == true)
  }

  // MARK: Another place

  @Test("another path is another object: the new one is made, the old one removed")
  func moved() async throws {
    let stage = Stage()
    let object =
      "---\napiVersion: http/v1\nkind: Object\nmetadata: {name: x}\nspec: {api: fake, path: "
    try stage.declare(Manifests.api + object + "/items/a, body: {a: 1}}")
    try await stage.pass()
    try stage.declare(Manifests.api + object + "/items/b, body: {a: 1}}")
    #expect(try await stage.pass() == 2)
    #expect(stage.service.contents == ["/items/b {\"a\":1}"])
  }

  /// An API at another port, with a service of its own.
  private func moving(
    _ manifest: String, _ name: String
  ) async throws -> (stage: Stage, old: FakeService, new: FakeService) {
    let old = FakeService()
    let new = FakeService()
    let script = Script { request, _ in
      try (request.address.port == 9 ? old : new).answer(request)
    }
    let stage = Stage(script)
    try stage.declare(manifest + name)
    try await stage.pass()
    try stage.declare(manifest.replacing("127.0.0.1:9/", with: "127.0.0.1:10/") + name)
    old.forgetRequests()
    return (stage, old, new)
  }

  @Test("an API that has moved has its objects at the new place; the old one is left alone")
  func movedAPI() async throws {
    let (stage, old, new) = try await moving(Manifests.item, Manifests.item("a", "size: 1"))
    #expect(try await stage.pass() == 1)
    #expect(new.contents == ["/items/a {\"size\":1}"])
    #expect(old.contents == ["/items/a {\"size\":1}"])
    #expect(old.requests.isEmpty, "the credential goes to the new place alone")
    #expect(stage.surroundings.notes.first?.contains("API fake has moved") == true)
    #expect(try await stage.pass() == 0)
  }

  @Test(
    "a name that the old service gave is not used at the new one",
    arguments: ["{pointer: /id}", "{header: Location}"])
  func renamed(identity: String) async throws {
    let manifest = Manifests.note()
      .replacing("identity: {pointer: /id}", with: "identity: \(identity)")
    let (stage, old, new) = try await moving(manifest, Manifests.note("n", text: "hello"))
    new.put("/notes/1", ["id": 1, "text": "of somebody else"])
    #expect(try await stage.pass() == 1)
    #expect(new.value("/notes/1") == ["id": 1, "text": "of somebody else"])
    #expect(new.paths.count == 2)
    #expect(old.requests.isEmpty && old.paths.count == 1)
  }

  @Test("where nothing can be searched for, an API that has moved is an error")
  func unsearchable() async throws {
    let manifest = Manifests.note("create: {idempotencyKey: Idempotency-Key}")
    let (stage, old, new) = try await moving(manifest, Manifests.note("n", text: "hello"))
    let error = await stage.failure()
    #expect(
      error?.message == "the server called it 1 at http://127.0.0.1:9/; API fake is at "
        + "http://127.0.0.1:10/ now")
    #expect(new.requests.isEmpty && old.requests.isEmpty)
  }

  @Test("another spelling of one URL is the same place, and one object")
  func spelling() async throws {
    let stage = Stage()
    let manifest = Manifests.note()
    try stage.declare(manifest + Manifests.note("n", text: "hello"))
    try await stage.pass()
    try stage.declare(
      manifest.replacing("http://127.0.0.1:9/", with: "HTTP://127.0.0.1:9")
        + Manifests.note("n", text: "hello"))
    #expect(try await stage.pass() == 0)
    let ids = try ["/items/%7Ea%2f", "/items/~a%2F"].flatMap { path in
      try Stage.decode(
        Manifests.api
          + "---\napiVersion: http/v1\nkind: Object\nmetadata: {name: x}\n"
          + "spec: {api: fake, path: '\(path)'}\n")
    }.map(\.id)
    #expect(Set(ids).count == 1)
  }
}
