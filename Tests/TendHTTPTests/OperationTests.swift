import Tend
import Testing

@testable import TendHTTP

/// Operations that a service accepts and works on for a while (202).
struct OperationTests {
  private static let manifest =
    "apiVersion: http/v1\nkind: API\nmetadata: {name: fake}\nspec: {url: 'http://127.0.0.1:9/'}\n"
    + "---\napiVersion: http/v1\nkind: Object\nmetadata: {name: x}\n"
    + "spec: {api: fake, path: /x, body: {a: 2}, operation: {status: /state, "
    + "running: [running], failed: [failed]}}\n"

  /// Has `/x` from the start or not; every change is an operation at `/jobs/METHOD`.
  private static func service(
    from start: Value?, _ header: String = "Location",
    _ job: @escaping @Sendable (Int) -> Response
  ) -> (FakeService, Script) {
    let service = FakeService()
    if let start { service.put("/x", start) }
    let script = Script { request, count in
      if request.address.path.hasPrefix("/jobs/") { return job(count) }
      let response = try service.answer(request)
      guard request.method != "GET", response.status < 300 else { return response }
      return Response(202, nil, [header: "/jobs/\(request.method)"])
    }
    return (service, script)
  }

  @Test(
    "creation, change and removal are followed wherever the service says so",
    arguments: ["Location", "Operation-Location", "Azure-AsyncOperation"])
  func followed(header: String) async throws {
    let (service, script) = Self.service(from: nil, header) { count in
      Response(200, ["state": count < 2 ? "running" : "done"])
    }
    let stage = Stage(script)
    try stage.declare(Self.manifest)
    #expect(try await stage.pass() == 1)
    try stage.declare(Self.manifest.replacing("a: 2", with: "a: 3"))
    #expect(try await stage.pass() == 1)
    #expect(service.value("/x") == ["a": 3])
    try stage.declare("")
    #expect(try await stage.pass() == 1)
    #expect(script.log.count { $0 == "GET /jobs/PUT" } >= 3)
    #expect(script.log.count { $0 == "GET /jobs/DELETE" } >= 3)
    #expect(script.log.count { $0 == "PUT /x" } == 2)
    #expect(script.log.count { $0 == "DELETE /x" } == 1)
  }

  @Test(
    "one that never ends is looked at now and then, and nothing is sent again",
    arguments: [nil, ["a": 1]] as [Value?])
  func endless(start: Value?) async throws {
    let (_, script) = Self.service(from: start) { _ in Response(202, nil, ["Retry-After": "20"]) }
    let stage = Stage(script)
    try stage.declare(Self.manifest)
    for _ in 0..<50 {
      _ = await stage.failure()
      stage.surroundings.advance(by: .seconds(30))
      stage.restart()
    }
    #expect(script.log.count { $0 == "PUT /x" } == 1)
    #expect(script.log.count { $0 == "GET /jobs/PUT" } <= 55)
    let error = await stage.failure()
    #expect(error?.code == .transient && error?.retryAfter == .seconds(20))
    #expect(
      error?.message == "the service still works on it: http://127.0.0.1:9/jobs/PUT")
  }

  @Test("a removal that goes on is not sent again, not even by another process")
  func removal() async throws {
    let (service, script) = Self.service(from: nil) { count in
      count < 4 ? Response(202, nil, ["Retry-After": "60"]) : Response(200, ["state": "done"])
    }
    let stage = Stage(script)
    try stage.declare(Self.manifest)
    for _ in 0..<5 { _ = await stage.failure() }
    try stage.declare("")
    for _ in 0..<10 {
      _ = await stage.failure()
      stage.restart()
    }
    #expect(script.log.count { $0 == "DELETE /x" } == 1)
    #expect(service.contents == [])
  }

  @Test("one that failed while nobody looked is told, and tried anew")
  func failedMeanwhile() async throws {
    let script = Script { request, count in
      switch (request.method, request.address.path) {
      case ("GET", "/jobs/1"):
        count == 0 ? Response(202, nil, ["Retry-After": "60"]) : Response(200, ["state": "failed"])
      case ("PUT", _): Response(202, nil, ["Location": "/jobs/1"])
      default: Response(404)
      }
    }
    let stage = Stage(script)
    try stage.declare(Self.manifest)
    _ = await stage.failure()
    let error = await stage.failure()
    #expect(error?.message.contains("the operation failed: {\"state\":\"failed\"}") == true)
    #expect(stage.surroundings.notes.first?.contains("the operation failed") == true)
    #expect(script.log.count { $0 == "PUT /x" } == 2)
  }

  @Test("an operation of an API that has moved is not asked for where it was")
  func moved() async throws {
    let (service, script) = Self.service(from: nil) { _ in
      Response(202, nil, ["Retry-After": "60"])
    }
    let stage = Stage(script)
    try stage.declare(Self.manifest)
    _ = await stage.failure()
    try stage.declare(Self.manifest.replacing("127.0.0.1:9/", with: "127.0.0.1:10/"))
    let count = script.requests.count
    #expect(try await stage.pass() == 0)
    #expect(script.requests.dropFirst(count).allSatisfy { $0.address.port == 10 })
    #expect(service.value("/x") == ["a": 2])
  }

  @Test("a status URL at another host is not asked")
  func elsewhere() async throws {
    let script = Script { request, count in
      request.method == "PUT"
        ? Response(202, nil, ["Location": "https://evil.example/jobs"])
        : Response(200, ["a": count == 0 ? 1 : 2])
    }
    let stage = Stage(script)
    try stage.declare(Self.manifest)
    #expect(try await stage.pass() == 1)
    #expect(script.requests.allSatisfy { $0.address.host == "127.0.0.1" })
  }
}
