import Tend
import Testing

@testable import TendHTTP

/// From creation to deletion, where nothing goes wrong.
struct LifeTests {
  @Test("an object is made, left alone, changed and removed, each with one write")
  func life() async throws {
    let stage = Stage()
    try stage.declare(Manifests.item + Manifests.item("a", "size: 1, colour: red"))
    #expect(
      try await stage.plan() == [
        "path: absent -> \"/items/a\"", "size: absent -> 1", "colour: absent -> \"red\"",
      ])
    #expect(try await stage.pass() == 1)
    #expect(stage.service.contents == ["/items/a {\"colour\":\"red\",\"size\":1}"])
    #expect(try await stage.pass() == 0)
    try stage.declare(Manifests.item + Manifests.item("a", "size: 2, colour: red"))
    #expect(try await stage.plan() == ["size: 1 -> 2"])
    #expect(try await stage.pass() == 1)
    try stage.declare(Manifests.item)
    #expect(try await stage.pass() == 1)
    #expect(stage.service.contents == [])
    #expect(
      stage.service.lines.filter { !$0.hasPrefix("GET") } == [
        "PUT /items/a", "PUT /items/a", "DELETE /items/a",
      ])
  }

  @Test("another value of an immutable field makes the object anew")
  func replaced() async throws {
    let stage = Stage()
    try stage.declare(Manifests.item + Manifests.item("a", "fixed: x"))
    try await stage.pass()
    try stage.declare(Manifests.item + Manifests.item("a", "fixed: y"))
    stage.service.forgetRequests()
    #expect(try await stage.pass() == 1)
    #expect(
      stage.service.lines.filter { !$0.hasPrefix("GET") } == ["DELETE /items/a", "PUT /items/a"])
  }

  @Test("T82: what the service adds is no drift, and what somebody else changes is")
  func drift() async throws {
    let stage = Stage()
    stage.service.turn { $0.defaults = ["added": [1, 2], "at": "now"] }
    try stage.declare(Manifests.item + Manifests.item("a", "size: 1"))
    try await stage.pass()
    #expect(try await stage.pass() == 0)
    stage.service.put("/items/a", ["size": 5, "other": 1])
    #expect(try await stage.plan() == ["size: 5 -> 1"])
    #expect(try await stage.pass() == 1)
  }

  @Test("what the service names is found by that name, and deleted by it without a declaration")
  func named() async throws {
    let stage = Stage()
    let specs = try stage.declare(Manifests.note() + Manifests.note("n", text: "hello"))
    #expect(specs.map(\.id.description) == ["fake /notes#n"])
    #expect(try await stage.pass() == 1)
    #expect(stage.memory(specs[0].id)?.identity == "1")
    #expect(try await stage.pass() == 0)
    try stage.declare(Manifests.note() + Manifests.note("n", text: "other"))
    #expect(try await stage.plan() == ["text: \"hello\" -> \"other\""])
    #expect(try await stage.pass() == 1)
    #expect(stage.service.paths == ["/notes/1"])
    stage.restart()
    try stage.declare("")
    #expect(try await stage.pass() == 1)
    #expect(stage.service.contents == [])
  }

  @Test("what the service names in a header is followed there")
  func located() async throws {
    let stage = Stage()
    let type = Manifests.note(
      "search: {path: /notes, match: {/mark: \"{correlation}\"}, identity: /id}"
    )
    .replacing("identity: {pointer: /id}", with: "identity: {header: Location}")
    try stage.declare(type + Manifests.note("n", text: "hello"))
    #expect(try await stage.pass() == 1)
    try stage.declare("")
    #expect(try await stage.pass() == 1)
    #expect(stage.service.contents == [])
  }

  @Test("an object without a type is kept directly, and what exists already is adopted")
  func direct() async throws {
    let stage = Stage()
    stage.service.put("/items/x%20y", ["a": 1, "theirs": 2])
    try stage.declare(
      Manifests.api + """
        ---
        apiVersion: http/v1
        kind: Object
        metadata: {name: x}
        spec:
          api: fake
          path: "/items/x y"
          body: {a: 2}
          update: {method: PATCH, format: mergePatch}
        """)
    #expect(try await stage.pass() == 1)
    #expect(stage.service.value("/items/x%20y") == ["a": 2, "theirs": 2])
  }

  @Test("an update of the whole keeps what is there where that is asked for")
  func observedBase() async throws {
    let stage = Stage()
    stage.service.put("/items/x", ["a": 1, "theirs": 2])
    try stage.declare(
      Manifests.api + """
        ---
        apiVersion: http/v1
        kind: Object
        metadata: {name: x}
        spec: {api: fake, path: /items/x, body: {a: 2}, update: {base: observed}}
        """)
    #expect(try await stage.pass() == 1)
    #expect(stage.service.value("/items/x") == ["a": 2, "theirs": 2])
  }

  @Test("a secret is written, is compared by a digest, and is written again when it changes")
  func secret() async throws {
    let stage = Stage()
    let text = Manifests.item + Manifests.item("a", "size: 1, secret: {fromFile: /run/s}")
    try stage.declare(text)
    #expect(try await stage.plan().contains("secret: absent -> (sensitive)"))
    try await stage.pass()
    #expect(stage.service.value("/items/a") == ["size": 1, "secret": .string(Stage.secret)])
    #expect(try await stage.pass() == 0)
    stage.surroundings.set(.file("/run/s"), "canary-new")
    #expect(try await stage.plan() == ["secret: (sensitive) -> (sensitive)"])
    #expect(try await stage.pass() == 1)
    #expect(stage.service.value("/items/a") == ["size": 1, "secret": "canary-new"])
  }

  @Test("many objects of one type are observed with one list, over all its pages")
  func listed() async throws {
    let stage = Stage()
    let names = (0..<25).map { "n\($0)" }
    try stage.declare(Manifests.item + names.map { Manifests.item($0, "size: 1") }.joined())
    #expect(try await stage.pass() == 25)
    stage.service.turn { $0.pageSize = 10 }
    stage.surroundings.advance(by: .seconds(10))
    stage.service.forgetRequests()
    let found = try await stage.list()
    #expect(found.count == 25)
    #expect(stage.service.lines == ["GET /items", "GET /items?page=2", "GET /items?page=3"])
    _ = try await stage.list()
    #expect(stage.service.requests.count == 3, "a young list is good for another batch")
    stage.surroundings.advance(by: .seconds(10))
    _ = try await stage.list()
    #expect(stage.service.requests.count == 6)
  }

  @Test("objects of one list that come one by one are looked at by it from the second on")
  func listedOneByOne() async throws {
    let stage = Stage()
    let names = (0..<5).map { "n\($0)" }
    let specs = try stage.declare(
      Manifests.item + names.map { Manifests.item($0, "size: 1") }.joined())
    try await stage.pass()
    func look(at specs: [ObjectSpec]) async throws {
      for spec in specs {
        let target = Target(id: spec.id, desired: spec, memory: stage.memory(spec.id))
        let found = try await stage.provider.observe(all: [target], stage.context())
        #expect(spec.differences(from: found[spec.id]) == [])
      }
    }
    stage.service.forgetRequests()
    try await look(at: specs)
    #expect(
      stage.service.lines == names.map { "GET /items/\($0)" },
      "no list lasts while some are written")
    stage.surroundings.advance(by: .seconds(10))
    stage.service.forgetRequests()
    try await look(at: specs)
    #expect(stage.service.lines == ["GET /items/n0", "GET /items"])
    stage.surroundings.advance(by: .seconds(10))
    stage.service.forgetRequests()
    try await look(at: [specs[2]])
    #expect(stage.service.lines == ["GET /items/n2"], "one that is alone needs no list")
  }

  @Test("what a list shows is changed with the version that it has by itself")
  func listedUpdate() async throws {
    let stage = Stage()
    let specs = try stage.declare(
      Manifests.item + Manifests.item("a", "size: 1") + Manifests.item("b", "size: 1"))
    try await stage.pass()
    stage.service.put("/items/a", ["size": 3])
    stage.surroundings.advance(by: .seconds(10))
    let current = try #require(try await stage.list()[specs[0].id])
    stage.service.forgetRequests()
    let change = Change(.update(current, to: specs[0]), specs[0].differences(from: current))
    let journal = Journal<ObjectSpec> { _ throws(ProviderError) in }
    _ = try await stage.provider.apply(change, journal, stage.context())
    #expect(stage.service.requests.last?.headers.first(named: "if-match") != nil)
    #expect(stage.service.value("/items/a") == ["size": 1])
  }
}

extension String {
  /// With one text in the place of another.
  func replacing(_ old: String, with new: String) -> String {
    guard let range = firstRange(of: old) else { return self }
    return replacingCharacters(range, new)
  }

  private func replacingCharacters(_ range: Range<Index>, _ new: String) -> String {
    String(self[..<range.lowerBound]) + new + String(self[range.upperBound...])
  }
}
