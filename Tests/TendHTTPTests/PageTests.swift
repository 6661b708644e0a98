import Tend
import Testing

@testable import TendHTTP

/// Lists that are longer than one response.
struct PageTests {
  /// Objects that are observed by a list alone.
  private static func manifest(_ pages: String, count: Int = 5) -> String {
    let api =
      "apiVersion: http/v1\nkind: API\nmetadata: {name: fake}\n"
      + "spec: {url: 'http://127.0.0.1:9/', retry: {attempts: 1}}\n---\n"
    let type = """
      apiVersion: http/v1
      kind: ObjectType
      metadata: {name: Row}
      spec:
        api: fake
        parameters: {name: {required: true}}
        path: /rows/{name}
        body: {name: "{name}"}
        list: {path: /rows, items: /rows, match: {/name: "{name}"}, pages: \(pages)}

      """
    return api + type
      + (0..<count).map {
        "---\napiVersion: fake/v1\nkind: Row\nmetadata: {name: n\($0)}\nspec: {name: n\($0)}\n"
      }.joined()
  }

  private static func page(
    _ numbers: Range<Int>, _ more: Value.Fields = [:], _ headers: [String: String] = [:]
  ) -> Response {
    let rows = numbers.map { number -> Value in ["name": .string("n\(number)")] }
    let fields = Value.Fields([.init(key: "rows", value: .list(rows))] + more.entries)
    return Response(200, .map(fields), headers)
  }

  /// A service that answers lists in one way, and knows each row by itself.
  private static func rows(
    _ list: @escaping @Sendable (Request) -> Response
  ) -> Script {
    Script { request, _ in
      let path = request.address.path
      if path == "/rows" { return list(request) }
      let name = path.split(separator: "/").last.map(String.init) ?? ""
      return Response(200, ["name": .string(name)])
    }
  }

  private func stage(_ service: Script, _ pages: String) async throws -> Stage {
    let stage = Stage(service)
    try stage.declare(Self.manifest(pages))
    try await stage.pass()
    return stage
  }

  @Test(
    "the pages of a list are asked for to their end, however one leads to the next",
    arguments: [
      ("{by: link}", ["/rows", "/rows?page=2&x=1", "/rows?page=3&x=1"]),
      ("{by: number}", ["/rows?page=1", "/rows?page=2", "/rows?page=3", "/rows?page=4"]),
      (
        "{by: number, size: 2, first: 0, parameter: p}",
        ["/rows?p=0", "/rows?p=1", "/rows?p=2"]
      ),
      (
        "{by: cursor, cursor: /meta/next, parameter: after}",
        ["/rows", "/rows?after=a%2F2", "/rows?after=a%2F3"]
      ),
    ])
  func ends(pages: String, expected: [String]) async throws {
    let service = Self.rows { request in
      let target = request.address.target
      let digit = target.split(separator: "&")[0].last?.wholeNumberValue ?? 1
      let number = target.contains("p=") ? digit + 1 : digit
      let isLast = number >= 3
      let start = min((number - 1) * 2, 5)
      return Self.page(
        start..<min(start + 2, 5),
        isLast ? ["meta": [:]] : ["meta": ["next": .string("a/\(number + 1)")]],
        isLast ? [:] : ["Link": "<?page=\(number + 1)&x=1>; rel=\"next\", </rows>; rel=first"])
    }
    let stage = try await stage(service, pages)
    let before = service.log.count
    #expect(try await stage.list().count == 5)
    #expect(service.log.dropFirst(before).map { String($0.dropFirst(4)) } == expected)
  }

  @Test(
    "pages without an end are an error after the first that brings nothing new",
    arguments: [
      // Who does not know the parameter gives the first page for ever.
      ("{by: number}", 2), ("{by: number, size: 2}", 2), ("{by: link}", 2),
      ("{by: cursor, cursor: /next}", 2),
    ])
  func repeated(pages: String, most: Int) async throws {
    let service = Self.rows { request in
      Self.page(
        0..<2, ["next": "same"],
        ["Link": "</rows?page=2>; rel=next"])
    }
    let stage = try await stage(service, pages)
    let before = service.log.count
    let error = await stage.failure { _ = try await stage.list() }
    #expect(error?.message.contains("its pages have no end") == true)
    #expect(error?.remedy == "correct pages: of the type")
    #expect(service.log.count - before == most)
  }

  @Test("pages that always bring something new are an error after a bound of them")
  func endless() async throws {
    let service = Self.rows { request in
      let number = request.address.target.split(separator: "=").last.flatMap { Int($0) } ?? 0
      return Self.page(number * 2..<number * 2 + 2, ["next": .integer(Int64(number + 1))])
    }
    let stage = try await stage(service, "{by: cursor, cursor: /next}")
    let before = service.log.count
    let error = await stage.failure { _ = try await stage.list() }
    #expect(error?.message.contains("its pages have no end") == true)
    #expect(service.log.count - before == 10_000)
  }

  @Test(
    "a page in the middle that can't be had makes nothing absent",
    arguments: [
      Response(500), Response(404), Response(429), .page(200, "<html>"), Response(200, ["rows": 1]),
      Response(200, [:]), Response(302, nil, ["Location": "https://login.example.org/"]),
    ])
  func failing(response: Response) async throws {
    let service = Self.rows { request in
      request.address.target == "/rows?page=2"
        ? response : Self.page(0..<2, [:], ["Link": "</rows?page=2>; rel=next"])
    }
    let stage = try await stage(service, "{by: link}")
    let before = service.log.count
    let error = await stage.failure { _ = try await stage.list() }
    #expect(error?.message.contains("GET http://127.0.0.1:9/rows?page=2: ") == true)
    #expect(service.log.dropFirst(before) == ["GET /rows", "GET /rows?page=2"])
  }

  @Test("a next page at another host is not asked for")
  func elsewhere() async throws {
    let service = Self.rows { _ in
      Self.page(0..<2, [:], ["Link": "<https://evil.example/rows?page=2>; rel=next"])
    }
    let stage = try await stage(service, "{by: link}")
    let error = await stage.failure { _ = try await stage.list() }
    #expect(error?.message.contains("the next page is at https://evil.example") == true)
    #expect(service.requests.allSatisfy { $0.address.host == "127.0.0.1" })
  }

  @Test("a list of one API is not taken for that of another with the same URL")
  func apart() async throws {
    let service = Self.rows { request in
      Self.page(request.headers.first(named: "x-who") == "b" ? 0..<0 : 0..<5)
    }
    let stage = try await stage(service, "{by: link}")
    #expect(try await stage.list().count == 5)
    let other = Self.manifest("{by: link}").replacing(
      "spec: {url", with: "spec: {headers: {x-who: b}, url")
    try stage.declare(other)
    let before = service.log.count
    _ = try await stage.list()
    #expect(service.log.dropFirst(before).first == "GET /rows", "what a does not see, b may see")
  }
}
