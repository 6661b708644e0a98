import Tend
import Testing

@testable import TendHTTP

/// What a service does that fails, lies, or is late.
struct FaultTests {
  private func stage(_ text: String = Manifests.item + Manifests.item("a", "size: 1")) async throws
    -> Stage
  {
    let stage = Stage()
    try stage.declare(text)
    try await stage.pass()
    stage.service.forgetRequests()
    return stage
  }

  private var writes: (Stage) -> [String] { { $0.service.lines.filter { !$0.hasPrefix("GET") } } }

  @Test("T80: a lost reply to a POST leaves one object, found by its correlation")
  func lostReply() async throws {
    let stage = Stage()
    stage.service.turn { $0.lostReplies = 1 }
    try stage.declare(Manifests.note() + Manifests.note("n", text: "hello"))
    #expect(await stage.failure()?.code == .transient)
    #expect(stage.service.paths.count == 1)
    stage.restart()
    try await stage.pass()
    #expect(stage.service.paths.count == 1)
    #expect(try await stage.pass() == 0)
  }

  @Test("T80: where the service takes an idempotency key, the request itself is repeated")
  func idempotencyKey() async throws {
    let stage = Stage()
    stage.service.turn { $0.lostReplies = 1 }
    try stage.declare(
      Manifests.note("create: {idempotencyKey: Idempotency-Key}")
        + Manifests.note("n", text: "hello"))
    #expect(try await stage.pass() == 1)
    #expect(stage.service.paths.count == 1)
    stage.service.turn { $0.lostReplies = 100 }
    try stage.declare(
      Manifests.note("create: {idempotencyKey: Idempotency-Key}")
        + Manifests.note("n", text: "hello")
        + Manifests.note("m", text: "second"))
    #expect(await stage.failure() != nil)
    stage.service.turn { $0.lostReplies = 0 }
    stage.restart()
    try await stage.pass()
    #expect(stage.service.paths.count == 2, "the key was remembered over a restart")
  }

  @Test("T85: what was made and is not shown yet is not made twice")
  func eventuallyConsistent() async throws {
    let stage = Stage()
    stage.service.turn { $0.delay = .seconds(20) }
    try stage.declare(Manifests.note() + Manifests.note("n", text: "hello"))
    #expect(await stage.failure()?.code == .transient)
    for _ in 0..<10 {
      stage.surroundings.advance(by: .seconds(3))
      _ = await stage.failure()
    }
    #expect(stage.service.paths.count == 1)
    #expect(try await stage.pass() == 0)
  }

  @Test("T85: a lost reply and a late list together still leave one object")
  func lostAndLate() async throws {
    let stage = Stage()
    stage.service.turn {
      $0.lostReplies = 1
      $0.delay = .seconds(20)
    }
    try stage.declare(Manifests.note() + Manifests.note("n", text: "hello"))
    for _ in 0..<20 {
      _ = await stage.failure()
      stage.surroundings.advance(by: .seconds(3))
    }
    #expect(stage.service.paths.count == 1)
  }

  @Test("T83: what somebody else wrote in between is not overwritten")
  func lostUpdate() async throws {
    let stage = try await stage()
    try stage.declare(Manifests.item + Manifests.item("a", "size: 2"))
    stage.service.turn { $0.meddling = ["size": 9, "theirs": true] }
    let error = await stage.failure()
    #expect(error?.code == .conflict)
    #expect(stage.service.value("/items/a") == ["size": 9, "theirs": true])
    #expect(try await stage.pass() == 1)
  }

  @Test(
    "T84: an outage, however it answers, makes nothing anew and deletes nothing",
    arguments: [
      Response(503, ["error": "down"]), Response(500), .page(200, "<html>Log in</html>"),
      Response(302, nil, ["Location": "https://login.example.org/"]),
      Response(404, ["error": "no route"]), .page(410, "gone"), Response(401), Response(429),
    ])
  func outage(response: Response) async throws {
    let stage = try await stage()
    stage.service.turn { $0.outage = response }
    for _ in 0..<20 {
      #expect(await stage.failure() != nil)
      stage.surroundings.advance(by: .seconds(10))
    }
    try stage.declare(Manifests.item)
    #expect(await stage.failure() != nil, "and is not forgotten either")
    #expect(writes(stage) == [])
    stage.service.turn { $0.outage = nil }
    stage.surroundings.advance(by: .seconds(120))
    #expect(try await stage.pass() == 1)
    #expect(stage.service.contents == [])
  }

  @Test("T84: what is gone is made anew only when a second look agrees")
  func confirmed() async throws {
    let stage = try await stage()
    stage.service.turn { $0.passing = (1, Response(404)) }
    #expect(try await stage.pass() == 0)
    #expect(stage.service.lines == ["GET /items/a", "GET /items/a", "GET /items/a"])
    stage.service.remove("/items/a")
    stage.service.forgetRequests()
    #expect(try await stage.pass() == 1)
    #expect(
      stage.service.lines.prefix(4) == [
        "GET /items/a", "GET /items/a", "GET /health", "PUT /items/a",
      ])
  }

  @Test("T84: an empty list where there was a full one is looked into, one by one")
  func emptyList() async throws {
    let stage = try await stage(
      Manifests.item + Manifests.item("a", "size: 1") + Manifests.item("b", "size: 1"))
    stage.surroundings.advance(by: .seconds(10))
    stage.service.turn { $0.listsAreEmpty = true }
    #expect(try await stage.list().count == 2)
  }

  @Test("T81: a service that asks for patience gets it, and its request then")
  func patience() async throws {
    let stage = try await stage()
    stage.service.turn { $0.passing = (2, Response(429, nil, ["Retry-After": "3"])) }
    let before = stage.surroundings.monotonic
    #expect(try await stage.pass() == 0)
    #expect(stage.surroundings.monotonic - before == .seconds(6))
    stage.service.turn { $0.passing = (1, Response(503, nil, ["Retry-After": "86400"])) }
    let error = await stage.failure()
    #expect(error?.code == .transient && error?.retryAfter == .seconds(300))
  }

  @Test("after failures in a row the whole API is left alone for a while")
  func circuit() async throws {
    let names = (0..<10).map { Manifests.item("n\($0)", "size: 1") }.joined()
    let stage = try await stage(Manifests.item + names)
    stage.service.turn { $0.outage = Response(500) }
    for failures in 1...Circuit.limit {
      let error = await stage.failure()
      #expect(error?.message.hasSuffix(": 500") == true, "a request counts once")
      #expect(stage.service.requests.count == 5 * failures)
    }
    let count = stage.service.requests.count
    let error = await stage.failure()
    #expect(stage.service.requests.count == count)
    #expect(error?.message.contains("not asked, since API fake failed") == true)
    #expect(error?.retryAfter != nil)
    stage.service.turn { $0.outage = nil }
    stage.surroundings.advance(by: .seconds(120))
    #expect(try await stage.pass() == 0)
  }

  @Test("a service that is starting up is waited for by all who ask it, and not given up")
  func startingUp() async throws {
    let script = Script { _, count in
      if count < 3 {
        throw TransportError(description: "refused the connection", isUnsent: true)
      }
      return Response(200, ["size": 1])
    }
    let stage = Stage(script)
    let items = (0..<20).map { Manifests.item("n\($0)", "size: 1") }.joined()
    let specs = try stage.declare(Manifests.item + items)
    await withTaskGroup(of: Void.self) { group in
      for spec in specs {
        group.addTask {
          await #expect(throws: Never.self) {
            let target = Target<ObjectSpec>(id: spec.id, desired: spec, memory: nil)
            _ = try await stage.provider.observe(target, stage.context(.seconds(3600)))
          }
        }
      }
    }
  }

  @Test("a response that is no use to one object says nothing of the API")
  func uselessResponse() async throws {
    let script = Script { request, _ in
      if request.address.path == "/items/a" {
        throw TransportError(description: "the response is larger than 10 bytes", isFinal: true)
      }
      return Response(200, ["size": 1])
    }
    let stage = Stage(script)
    let specs = try stage.declare(
      Manifests.item + Manifests.item("a", "size: 1") + Manifests.item("b", "size: 1"))
    for _ in 0..<10 { #expect(await stage.failure()?.message.contains("larger than") == true) }
    let target = Target<ObjectSpec>(id: specs[1].id, desired: specs[1], memory: nil)
    #expect(try await stage.provider.observe(target, stage.context()) != nil)
  }

  @Test("an operation that was accepted is followed to its end", arguments: [0, 3, 40])
  func operation(looks: Int) async throws {
    let stage = Stage()
    stage.service.turn { $0.operationLooks = looks }
    try stage.declare(Manifests.note() + Manifests.note("n", text: "hello"))
    for _ in 0..<40 {
      _ = await stage.failure()
      stage.surroundings.advance(by: .seconds(10))
    }
    #expect(stage.service.paths.count == 1)
    #expect(stage.service.lines.count { $0.hasPrefix("POST") } == 1)
    #expect(stage.service.lines.count { $0.hasPrefix("GET /jobs/") } > looks)
    #expect(try await stage.pass() == 0)
  }

  @Test("an operation that failed is an error with what the service says")
  func failedOperation() async throws {
    let stage = Stage()
    stage.service.turn {
      $0.operationLooks = 1
      $0.operationFails = true
    }
    try stage.declare(Manifests.note() + Manifests.note("n", text: "hello"))
    let error = await stage.failure()
    #expect(error?.message.contains("the operation failed: {\"state\":\"failed\"}") == true)
  }

  @Test("T86: a redirect to another host is an error, and nothing is sent there")
  func redirect() async throws {
    let stage = try await stage()
    stage.service.turn {
      $0.passing = (1, Response(307, nil, ["Location": "http://evil.example/x"]))
    }
    let error = await stage.failure()
    #expect(error?.message.contains("redirected to http://evil.example") == true)
    #expect(stage.service.requests.allSatisfy { $0.address.host == "127.0.0.1" })
    stage.service.turn { $0.passing = (1, Response(307, nil, ["Location": "/items/a"])) }
    #expect(try await stage.pass() == 0, "within the service it is followed")
    stage.service.turn { $0.outage = Response(307, nil, ["Location": "/items/a"]) }
    #expect(await stage.failure()?.message.contains("more than 5 times") == true)
  }

  @Test("T87: what echoes a secret shows none in errors and plans", arguments: [400, 401, 500])
  func echo(status: Int) async throws {
    let stage = Stage()
    stage.service.turn {
      $0.echoesHeaders = true
      $0.outage = .page(status, "you said Bearer \(Stage.secret) \(Stage.secret)")
    }
    try stage.declare(Manifests.item + Manifests.item("a", "secret: {fromFile: /run/s}"))
    let error = try #require(await stage.failure())
    #expect("\(error)".contains("(sensitive)"))
    stage.service.turn { $0.outage = nil }
    stage.surroundings.advance(by: .seconds(120))
    stage.service.put("/items/a", ["size": .string("x \(Stage.secret)")])
    try stage.declare(Manifests.item + Manifests.item("a", "size: 1"))
    #expect(try await stage.plan() == ["size: \"x (sensitive)\" -> 1"])
  }

  @Test(
    "a response that can't be what is meant is an error that names request, status and body",
    arguments: [
      (
        Response.page(200, "{\"size\": "),
        "GET http://127.0.0.1:9/items/a: 200, but the body is not JSON at line 1"
      ),
      (Response(200, [1, 2]), "/items/a shows a list, where a map is declared"),
      (Response(400, ["why": "bad"]), "GET http://127.0.0.1:9/items/a: 400: {\"why\":\"bad\"}"),
      (Response(403), "GET http://127.0.0.1:9/items/a: 403"),
    ])
  func unusable(response: Response, message: String) async throws {
    let stage = try await stage()
    stage.service.turn { $0.outage = response }
    let error = try #require(await stage.failure())
    #expect(error.message.hasPrefix(message), "\(error)")
    #expect(error.remedy != nil)
    #expect(writes(stage) == [])
  }

  @Test("a limit of requests in a second is kept over all objects together")
  func rate() async throws {
    let stage = Stage()
    let api = Manifests.item.replacing(
      "  health:", with: "  limits: {requestsPerSecond: 10}\n  health:")
    try stage.declare(api + (0..<20).map { Manifests.item("n\($0)", "size: 1") }.joined())
    let before = stage.surroundings.monotonic
    try await stage.pass()
    let count = stage.service.requests.count
    #expect(stage.surroundings.monotonic - before >= .seconds((count - 1) / 10))
  }
}
