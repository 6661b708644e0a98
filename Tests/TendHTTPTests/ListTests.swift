import Synchronization
import Tend
import Testing

@testable import TendHTTP

/// Objects of which a list shows the same text again and again, and then another one.
struct ListTests {
  private static let type = """
    apiVersion: http/v1
    kind: API
    metadata: {name: fake}
    spec: {url: 'http://127.0.0.1:9/', retry: {attempts: 1}}
    ---
    apiVersion: http/v1
    kind: ObjectType
    metadata: {name: Row}
    spec:
      api: fake
      parameters: {name: {required: true}, size: {type: integer, default: 1}}
      path: /rows/{name}
      body: {size: "{size}"}
      list: {path: /rows, match: {/name: "{name}"}}

    """

  private static func rows(_ size: Int) -> String {
    type
      + ["a", "b", "c"].map { name in
        "---\napiVersion: fake/v1\nkind: Row\nmetadata: {name: \(name)}\n"
          + "spec: {name: \(name), size: \(size)}\n"
      }.joined()
  }

  private static func text(_ sizes: (a: Int, b: Int, c: Int)) -> String {
    "[{\"name\": \"a\", \"size\": \(sizes.a)}, {\"name\": \"b\", \"size\": \(sizes.b)},"
      + "{\"name\": \"c\", \"size\": \(sizes.c)}]"
  }

  /// A list that a test may change, and rows that are as they are declared first.
  private final class Table: Sendable {
    let list = Mutex(ListTests.text((1, 1, 1)))

    func answer(_ request: Request) -> Response {
      guard request.address.path == "/rows" else { return Response(200, ["size": 1]) }
      return Response(status: 200, headers: [], body: Array(list.withLock { $0 }.utf8))
    }
  }

  private func stage(_ table: Table) async throws -> Stage {
    let stage = Stage(Script { request, _ in table.answer(request) })
    try stage.declare(Self.rows(1))
    #expect(try await stage.pass() == 0)
    return stage
  }

  /// What differs, by a new list.
  private func drift(_ stage: Stage, _ specs: [ObjectSpec]) async throws -> [String] {
    stage.surroundings.advance(by: .seconds(10))
    let found = try await stage.list()
    return specs.flatMap { spec in
      spec.differences(from: found[spec.id]).map { "\(spec.path.suffix(1)).\($0.path)" }
    }
  }

  @Test("an item that is as it was is as declared, and one that has changed is not")
  func changed() async throws {
    let table = Table()
    let stage = try await stage(table)
    let specs = try stage.declare(Self.rows(1))
    for _ in 0..<3 { #expect(try await drift(stage, specs) == []) }
    table.list.withLock { $0 = Self.text((1, 2, 1)) }
    for _ in 0..<2 { #expect(try await drift(stage, specs) == ["b.size"]) }
    table.list.withLock { $0 = Self.text((1, 1, 3)) }
    #expect(try await drift(stage, specs) == ["c.size"])
    table.list.withLock { $0 = Self.text((1, 1, 1)) }
    #expect(try await drift(stage, specs) == [])
  }

  @Test("what was as one declaration says is compared again with another one")
  func declaredAnew() async throws {
    let table = Table()
    let stage = try await stage(table)
    #expect(try await drift(stage, stage.declare(Self.rows(1))) == [])
    let anew = try stage.declare(Self.rows(2))
    #expect(try await drift(stage, anew) == ["a.size", "b.size", "c.size"])
    let found = try await stage.list()
    let first = try stage.declare(Self.rows(1))
    #expect(try await drift(stage, first) == [])
    for spec in anew { #expect(spec.differences(from: found[spec.id]).map(\.path) == ["size"]) }
  }

  @Test("what was found unchanged still has its value, for whoever asks with another declaration")
  func value() async throws {
    let table = Table()
    let stage = try await stage(table)
    let specs = try stage.declare(Self.rows(1))
    for _ in 0..<2 { #expect(try await drift(stage, specs) == []) }
    let found = try await stage.list()
    let other = try #require(try Stage.decode(Self.rows(5)).first)
    let current = try #require(found[other.id])
    #expect(current.value?.json == "{\"name\":\"a\",\"size\":1}")
    #expect(other.differences(from: current).map(\.path) == ["size"])
  }

  @Test("an item that is not JSON is an error that names the request and the item")
  func broken() async throws {
    let table = Table()
    let stage = try await stage(table)
    table.list.withLock { $0 = "[{\"name\": \"a\", \"size\": 1}, {size}]" }
    let error = await stage.failure { _ = try await drift(stage, []) }
    #expect(error?.message.hasPrefix("GET http://127.0.0.1:9/rows: item 2 of the list") == true)
  }

  @Test("a list is good for all but what was written since it began")
  func written() async throws {
    let stage = Stage()
    let names = ["a", "b", "c"]
    try stage.declare(Manifests.item + names.map { Manifests.item($0, "size: 1") }.joined())
    try await stage.pass()
    stage.surroundings.advance(by: .seconds(10))
    let current = try await stage.list()
    let specs = try stage.declare(
      Manifests.item + names.map { Manifests.item($0, "size: 2") }.joined())
    let change = Change(
      .update(try #require(current[specs[0].id]), to: specs[0]),
      specs[0].differences(from: current[specs[0].id]))
    _ = try await stage.provider.apply(
      change, Journal<ObjectSpec> { _ throws(ProviderError) in }, stage.context())
    stage.service.forgetRequests()
    func look(at specs: some Sequence<ObjectSpec>) async throws -> [ObjectID: HTTPObject] {
      let targets = specs.map { Target(id: $0.id, desired: $0, memory: stage.memory($0.id)) }
      return try await stage.provider.observe(all: targets, stage.context())
    }
    _ = try await look(at: specs.dropFirst())
    #expect(stage.service.lines == [])
    stage.surroundings.advance(by: .milliseconds(10))
    let found = try await look(at: specs)
    #expect(stage.service.lines == ["GET /items"])
    #expect(specs.map { $0.differences(from: found[$0.id]).count } == [0, 1, 1])
    _ = try await look(at: specs)
    #expect(stage.service.lines == ["GET /items"])
  }

  @Test("many that were just written are looked at by one list, and few by themselves")
  func manyWritten() async throws {
    for (count, requests) in [
      (3, ["GET /items/a", "GET /items/b", "GET /items/c"]), (9, ["GET /items"]),
    ] {
      let stage = Stage()
      let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"].prefix(count)
      let specs = try stage.declare(
        Manifests.item + names.map { Manifests.item($0, "size: 1") }.joined())
      for spec in specs {
        let change = Change(.create(spec), spec.differences(from: nil))
        _ = try await stage.provider.apply(
          change, Journal<ObjectSpec> { _ throws(ProviderError) in }, stage.context())
      }
      stage.service.forgetRequests()
      stage.surroundings.advance(by: .milliseconds(10))
      // Each worker of the engine asks for its own.
      for spec in specs {
        let target = Target(id: spec.id, desired: spec, memory: spec.newMemory)
        let found = try await stage.provider.observe(all: [target], stage.context())
        #expect(spec.differences(from: found[spec.id]).isEmpty)
      }
      #expect(stage.service.lines == requests)
    }
  }

  @Test("of several the error of one is never that of all: a list shows them, and no look at one")
  func several() async throws {
    let stage = Stage()
    let specs = try stage.declare(
      Manifests.item + ["a", "b", "c"].map { Manifests.item($0, "size: 1") }.joined())
    for spec in specs {
      let change = Change(.create(spec), spec.differences(from: nil))
      _ = try await stage.provider.apply(
        change, Journal<ObjectSpec> { _ throws(ProviderError) in }, stage.context())
    }
    stage.service.forgetRequests()
    stage.surroundings.advance(by: .milliseconds(10))
    let targets = specs.map { Target(id: $0.id, desired: $0, memory: $0.newMemory) }
    let found = try await stage.provider.observe(all: targets, stage.context())
    #expect(found.count == 3)
    #expect(stage.service.lines == ["GET /items"])
  }

  private final class Tally: Sendable {
    let requests = Atomic(0)
  }

  @Test("who asks while the list is on its way waits for that one")
  func meanwhile() async throws {
    let stage = Stage()
    let lists = Lists()
    let tally = Tally()
    let ids = (0..<9).map { ObjectID("fake /items/\($0)") }
    for id in ids {
      lists.willWrite(of: "items")
      lists.didWrite(id, of: "items", stage.context())
    }
    stage.surroundings.advance(by: .milliseconds(10))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for id in ids {
        group.addTask {
          let list = try await lists.list("items", for: [id], stage.context()) {
            tally.requests.add(1, ordering: .relaxed)
            for _ in 0..<100 { await Task.yield() }
            return List(
              HTTPProvider.Items(), by: Recipe.Search(ask: Recipe.Ask(url: "", done: []), match: [])
            )
          }
          #expect(list != nil)
        }
      }
      try await group.waitForAll()
    }
    #expect(tally.requests.load(ordering: .relaxed) == 1)
  }
}
