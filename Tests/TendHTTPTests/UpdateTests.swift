import Synchronization
import Tend
import Testing

@testable import TendHTTP

/// What an update sends, and what a service makes of it.
struct UpdateTests {
  /// Applies what arrives as its media type says.
  private static func service(_ start: Value) -> Script {
    let state = Held(start)
    return Script { request, _ in
      if request.method == "GET" {
        return Response(200, state.value, ["ETag": "\"\(state.count)\""])
      }
      guard request.method == "PATCH" || request.method == "PUT" else { return Response(405) }
      let body = try JSONText.value(of: request.body)
      switch request.headers.first(named: "content-type") {
      case "application/merge-patch+json": state.value = merge(body, into: state.value)
      case "application/json-patch+json":
        guard let patched = apply(body, to: state.value) else { return Response(409) }
        state.value = patched
      case "application/json": state.value = body
      default: return Response(415)
      }
      return Response(204)
    }
  }

  /// RFC 7396, section 2, word for word.
  private static func merge(_ patch: Value, into target: Value) -> Value {
    guard case .map(let changes) = patch else { return patch }
    var fields: Value.Fields = if case .map(let fields) = target { fields } else { [:] }
    for change in changes.entries {
      let old = fields[change.key] ?? .null
      fields[change.key] =
        change.value == .null ? Value?.none : merge(change.value, into: old)
    }
    return .map(fields)
  }

  /// RFC 6902 for maps; nil where it does not fit.
  private static func apply(_ patch: Value, to target: Value) -> Value? {
    guard case .list(let operations) = patch else { return nil }
    var result = target
    for case .map(let fields) in operations {
      guard case .string(let word)? = fields["op"], case .string(let text)? = fields["path"],
        let pointer = JSONPointer(text)
      else { return nil }
      let found = pointer.value(in: result)
      let steps = pointer.tokens.map { FieldPath.Step.key($0) }
      switch word {
      case "test" where found == fields["value"]: continue
      case "add": result = result.setting(steps[...], to: fields["value"])
      case "replace" where found != nil:
        result = result.setting(steps[...], to: fields["value"])
      case "remove" where found != nil: result = result.setting(steps[...], to: nil)
      default: return nil
      }
    }
    return result
  }

  /// What the service has, with a count of its changes.
  private final class Held: Sendable {
    private let state: Mutex<(value: Value, count: Int)>
    init(_ value: Value) { state = Mutex((value, 0)) }

    var count: Int { state.withLock { $0.count } }
    var value: Value {
      get { state.withLock { $0.value } }
      set { state.withLock { $0 = (newValue, $0.count + 1) } }
    }
  }

  private func object(_ spec: String) -> String {
    "apiVersion: http/v1\nkind: API\nmetadata: {name: fake}\nspec: {url: 'http://127.0.0.1:9/'}\n"
      + "---\napiVersion: http/v1\nkind: Object\nmetadata: {name: x}\n"
      + "spec: {api: fake, path: /x, \(spec)}\n"
  }

  private func written(_ service: Script) throws -> Value? {
    try service.requests.last { $0.method != "GET" }.map { try JSONText.value(of: $0.body) }
  }

  @Test(
    "an update sends what differs in the form that is declared, and the service has it then",
    arguments: [
      (
        "update: {method: PATCH, format: mergePatch}", ["a": 2, "m": ["x": 1], "gone": nil],
        ["m": ["x": 3, "y": 4], "gone": 1, "theirs": 7],
        ["a": 2, "m": ["x": 1], "gone": nil]
      ),
      (
        "update: {method: PATCH, format: jsonPatch}", ["a": 2, "m": ["x": 1], "l": [1, 2]],
        ["m": ["x": 3, "y": 4], "l": [1], "theirs": 7],
        [
          ["op": "add", "path": "/a", "value": 2],
          ["op": "replace", "path": "/m/x", "value": 1],
          ["op": "replace", "path": "/l", "value": [1, 2]],
        ]
      ),
      (
        "update: {method: PATCH, format: jsonPatch}, version: /v", ["a": 2],
        ["a": 1, "v": 8],
        [
          ["op": "test", "path": "/v", "value": 8],
          ["op": "replace", "path": "/a", "value": 2],
        ]
      ),
      (
        "update: {method: PATCH, format: mergePatch}, version: /meta/v", ["a": 2],
        ["a": 1, "meta": ["v": "8", "w": 1]], ["a": 2, "meta": ["v": "8"]]
      ),
      ("version: /v", ["a": 2], ["a": 1, "v": 8, "w": 1], ["a": 2, "v": 8]),
      (
        "compare: exact, update: {method: PATCH, format: jsonPatch}", ["a": 1],
        ["a": 1, "b": 2], [["op": "remove", "path": "/b"]]
      ),
      (
        "compare: exact, update: {method: PATCH, format: mergePatch}", ["a": 1],
        ["a": 1, "b": ["c": 2]], ["b": nil]
      ),
      (
        "update: {method: PATCH, format: jsonPatch}", [1, 2], [2],
        [["op": "replace", "path": "", "value": [1, 2]]]
      ),
      ("update: {method: PATCH, format: mergePatch}", [1, 2], [2], [1, 2]),
      ("update: {body: {b: 2}}", ["a": 2], ["a": 1], ["b": 2]),
    ] as [(String, Value, Value, Value)])
  func forms(spec: String, body: Value, actual: Value, sent: Value) async throws {
    let service = Self.service(actual)
    let stage = Stage(service)
    let specs = try stage.declare(object("body: \(body.json), \(spec)"))
    let target = Target<ObjectSpec>(id: specs[0].id, desired: specs[0], memory: nil)
    let current = try #require(try await stage.provider.observe(target, stage.context()))
    let change = Change(.update(current, to: specs[0]), specs[0].differences(from: current))
    let journal = Journal<ObjectSpec> { _ throws(ProviderError) in }
    _ = try await stage.provider.apply(change, journal, stage.context())
    #expect(try written(service) == sent)
    #expect(
      service.requests.last { $0.method != "GET" }?.headers.first(named: "if-match") == "\"0\"")
    guard !spec.contains("body:") else { return }
    let after = try await stage.provider.observe(target, stage.context())
    #expect(specs[0].differences(from: after) == [], "\(String(describing: after?.value))")
    // What is not declared is still there where only a part is sent.
    if case .map(let fields) = actual, let theirs = fields["theirs"] {
      guard case .map(let now)? = after?.value else { return }
      #expect(now["theirs"] == theirs)
    }
  }

  @Test("T83: statuses of the API's own mean that somebody was faster", arguments: [409, 412, 423])
  func conflicts(status: Int) async throws {
    let script = Script { request, _ in
      request.method == "GET" ? Response(200, ["a": 1]) : Response(status)
    }
    let stage = Stage(script)
    try stage.declare(object("body: {a: 2}, update: {conflict: [409, 412, 423]}"))
    #expect(await stage.failure()?.code == .conflict)
  }

  @Test(
    "a field whose other value replaces the object does so wherever it stands",
    arguments: [
      ("{k: 1, m: {x: 1}}", "k", "{k: 2, m: {x: 1}}"), ("{m: {x: 1}}", "m", "{m: {x: 2}}"),
      ("{m: {x: 1, y: 1}}", "m.x", "{m: {x: 2, y: 1}}"), ("{l: [1, 2]}", "l", "{l: [1, 3]}"),
    ])
  func replaced(body: String, immutable: String, changed: String) async throws {
    let stage = Stage()
    let head = Manifests.api + "---\napiVersion: http/v1\nkind: Object\nmetadata: {name: x}\n"
    try stage.declare(
      head + "spec: {api: fake, path: /items/x, body: \(body), immutable: [\(immutable)]}\n")
    try await stage.pass()
    stage.service.forgetRequests()
    try stage.declare(
      head + "spec: {api: fake, path: /items/x, body: \(changed), immutable: [\(immutable)]}\n")
    #expect(try await stage.pass() == 1)
    #expect(
      stage.service.lines.filter { !$0.hasPrefix("GET") } == ["DELETE /items/x", "PUT /items/x"])
  }

  @Test("what happens to read like a secret is neither drift nor overwritten")
  func namesake() async throws {
    let service = Self.service(["a": 1, "user": "canary-5f2b", "theirs": "canary-5f2b"])
    let stage = Stage(service)
    let api = object("body: {a: 2, user: canary-5f2b}, update: {base: observed}")
      .replacing("9/'}", with: "9/', authentication: {bearer: {fromFile: /run/t}}}")
    try stage.declare(api)
    #expect(try await stage.plan() == ["a: 1 -> 2"])
    #expect(try await stage.pass() == 1)
    #expect(
      try written(service) == ["a": 2, "user": "canary-5f2b", "theirs": "canary-5f2b"])
    try stage.declare(api.replacing("user: canary-5f2b", with: "user: other"))
    #expect(try await stage.plan() == ["user: \"(sensitive)\" -> \"other\""])
  }

  @Test("beside a secret, what is not declared and a list that is longer still are drift")
  func besideSecrets() {
    let content = BodyTemplate(["s": "{s}", "l": ["{s}", "x"]]).filled(
      {
        var bindings = Bindings()
        bindings["s"] = .secret(.environment("S"))
        return bindings
      }())
    var exact = ContentComparison()
    exact.isExact = true
    let differences = exact.differences(
      from: ["s": "?", "l": ["?", "x", "y"], "more": 1], to: content ?? .value(.null))
    #expect(differences.map(\.path) == ["l", "more"])
    #expect(differences.first?.isSensitive == true)
  }
}
