import Synchronization
import Tend

@testable import TendHTTP

/// A service in memory, with everything that a real one does not do on demand.
///
/// `/items/NAME` are made with PUT and have versions as entity tags; `/notes` are made with POST
/// and named by the service; `/jobs/ID` are operations that go on.
final class FakeService: Sendable {
  struct Item: Sendable {
    var value: Value
    var version: Int
    /// Before this it is not shown.
    var visibleAt: Timestamp
  }

  /// What goes wrong.
  struct Knobs: Sendable {
    /// So many replies to changes are lost, though the changes are made.
    var lostReplies = 0
    /// Everything is answered like this.
    var outage: Response?
    /// So many requests are answered like this.
    var passing: (count: Int, response: Response)?
    /// Lists show nothing.
    var listsAreEmpty = false
    /// How long what was made is not shown.
    var delay = Duration.zero
    /// How many items a page has.
    var pageSize = Int.max
    /// Whether what is asked for is made by an operation that takes so many looks.
    var operationLooks: Int?
    var operationFails = false
    /// Somebody else writes this between a GET and a PUT.
    var meddling: Value?
    /// What GET adds to each item.
    var defaults: Value.Fields = [:]
    var echoesHeaders = false
    /// Where all names lead.
    var number = "192.0.2.1"
  }

  fileprivate struct State {
    var items: [String: Item] = [:]
    var last = 0
    var keys: [String: Int] = [:]
    var jobs: [String: Int] = [:]
    var requests: [Request] = []
    var knobs = Knobs()
    var now = Timestamp(seconds: 0)
  }

  fileprivate let state = Mutex(State())

  func turn(_ change: (inout Knobs) -> Void) { state.withLock { change(&$0.knobs) } }
  func setTime(_ now: Timestamp) { state.withLock { $0.now = now } }
  func remove(_ path: String) { state.withLock { $0.items[path] = nil } }
  func put(_ path: String, _ value: Value) {
    state.withLock { $0.write(path, value, at: Timestamp(seconds: 0)) }
  }

  func number(of host: String) -> String { state.withLock { $0.knobs.number } }

  var requests: [Request] { state.withLock { $0.requests } }
  var lines: [String] { requests.map { "\($0.method) \($0.address.target)" } }
  func forgetRequests() { state.withLock { $0.requests = [] } }

  /// What it has, a line each, without what chance or the service decides.
  var contents: [String] {
    state.withLock { state in
      state.items.map { path, item in
        let value: Value =
          if case .map(var fields) = item.value {
            {
              fields["id"] = nil
              return .map(fields)
            }()
          } else { item.value }
        return (path.hasPrefix("/notes/") ? "/notes" : path) + " " + Self.sorted(value).json
      }.sorted()
    }
  }

  func value(_ path: String) -> Value? { state.withLock { $0.items[path]?.value } }
  var paths: [String] { state.withLock { $0.items.keys.sorted() } }

  private static func sorted(_ value: Value) -> Value {
    guard case .map(let fields) = value else { return value }
    return .map(.init(fields.sorted.map { .init(key: $0.key, value: sorted($0.value)) }))
  }

  func answer(_ request: Request) throws -> Response {
    try state.withLock { state in
      state.requests.append(request)
      if let outage = state.knobs.outage { return outage }
      if let passing = state.knobs.passing, passing.count > 0 {
        state.knobs.passing?.count -= 1
        return passing.response
      }
      let isChange = request.method != "GET"
      var response = state.answer(request)
      if isChange, state.knobs.lostReplies > 0 {
        state.knobs.lostReplies -= 1
        throw TransportError(description: "the reply was lost")
      }
      if state.knobs.echoesHeaders {
        response.headers += request.headers.map {
          Header(name: "x-echo-\($0.name)", value: $0.value)
        }
      }
      return response
    }
  }
}

extension Response {
  init(_ status: Int, _ value: Value? = nil, _ headers: [String: String] = [:]) {
    self.init(
      status: status,
      headers: headers.sorted { $0.key < $1.key }.map { Header(name: $0.key, value: $0.value) },
      body: value.map { Array($0.json.utf8) } ?? [])
  }

  static func page(_ status: Int, _ text: String, _ headers: [String: String] = [:]) -> Response {
    var response = Response(status, nil, headers)
    response.body = Array(text.utf8)
    return response
  }
}

extension FakeService.State {
  fileprivate mutating func write(_ path: String, _ value: Value, at visible: Timestamp) {
    last += 1
    items[path] = .init(value: value, version: last, visibleAt: visible)
  }

  fileprivate mutating func answer(_ request: Request) -> Response {
    let path = request.address.path
    if path == "/health" { return Response(200, ["status": "fine"]) }
    if path.hasPrefix("/jobs/") { return job(path) }
    if path == "/notes" || path == "/items" {
      return request.method == "POST" ? post(request) : list(request, below: path + "/")
    }
    switch request.method {
    case "GET": return get(path)
    case "PUT", "PATCH": return put(request, path)
    case "DELETE":
      guard let item = items[path] else { return Response(404, ["error": "not found"]) }
      if let refusal = stale(request, item) { return refusal }
      items[path] = nil
      return Response(204)
    default: return Response(405)
    }
  }

  private func shown(_ item: FakeService.Item) -> Value {
    guard case .map(let fields) = item.value else { return item.value }
    return .map(.init(knobs.defaults.entries + fields.entries))
  }

  private mutating func get(_ path: String) -> Response {
    guard let item = items[path], item.visibleAt <= now else {
      return Response(404, ["error": "not found"])
    }
    let response = Response(200, shown(item), ["ETag": "\"\(item.version)\""])
    if let meddling = knobs.meddling {
      knobs.meddling = nil
      write(path, meddling, at: now)
    }
    return response
  }

  private func stale(_ request: Request, _ item: FakeService.Item) -> Response? {
    guard let tag = request.headers.first(named: "if-match"), tag != "\"\(item.version)\"" else {
      return nil
    }
    return Response(412, ["error": "somebody else was here"])
  }

  private mutating func put(_ request: Request, _ path: String) -> Response {
    guard let body = try? JSONText.value(of: request.body) else {
      return Response(400, ["error": "no JSON"])
    }
    if let item = items[path], let refusal = stale(request, item) { return refusal }
    let isNew = items[path] == nil
    if isNew, request.headers.first(named: "if-match") != nil { return Response(412) }
    if request.method == "PATCH", isNew { return Response(404) }
    var value = body
    if request.method == "PATCH", let old = items[path]?.value {
      value = Patch.overlay(body, over: old)
    } else if path.hasPrefix("/notes/"), case .map(var fields) = body,
      case .map(let old)? = items[path]?.value
    {
      fields["id"] = old["id"]
      value = .map(fields)
    }
    write(path, value, at: isNew ? visible : now)
    return Response(isNew ? 201 : 200, ["done": true])
  }

  private var visible: Timestamp {
    Timestamp(nanoseconds: now.nanoseconds + knobs.delay.components.seconds * 1_000_000_000)
  }

  private mutating func post(_ request: Request) -> Response {
    let key = request.headers.first(named: "idempotency-key")
    if let key, let id = keys[key] { return Response(201, ["id": .integer(Int64(id))]) }
    guard let body = try? JSONText.value(of: request.body),
      case .map(var fields) = body
    else { return Response(400) }
    last += 1
    let id = last
    fields["id"] = .integer(Int64(id))
    write("/notes/\(id)", .map(fields), at: visible)
    if let key { keys[key] = id }
    guard let looks = knobs.operationLooks else {
      return Response(201, ["id": .integer(Int64(id))], ["Location": "/notes/\(id)"])
    }
    jobs["/jobs/\(id)"] = looks
    return Response(
      202, ["id": .integer(Int64(id))], ["Location": "/jobs/\(id)", "Retry-After": "2"])
  }

  private mutating func job(_ path: String) -> Response {
    guard let looks = jobs[path] else { return Response(404) }
    jobs[path] = looks - 1
    if looks > 0 { return Response(200, ["state": "running"]) }
    return Response(200, ["state": knobs.operationFails ? "failed" : "succeeded"])
  }

  private func list(_ request: Request, below prefix: String) -> Response {
    if knobs.listsAreEmpty { return Response(200, []) }
    let query = request.address.target.drop { $0 != "?" }.dropFirst()
    let page =
      query.split(separator: "&").first { $0.hasPrefix("page=") }.flatMap { Int($0.dropFirst(5)) }
      ?? 1
    let all = items.filter { $0.key.hasPrefix(prefix) && $0.value.visibleAt <= now }
      .sorted { $0.value.version < $1.value.version }
      .map { path, item -> Value in
        guard case .map(var fields) = shown(item) else { return item.value }
        if fields["name"] == nil { fields["name"] = .string(String(path.dropFirst(prefix.count))) }
        return .map(fields)
      }
    let start = knobs.pageSize == .max ? 0 : (page - 1) * knobs.pageSize
    let part = Array(all.dropFirst(start).prefix(knobs.pageSize))
    var headers: [String: String] = [:]
    if start + part.count < all.count {
      headers["Link"] = "<\(request.address.path)?page=\(page + 1)>; rel=\"next\""
    }
    return Response(200, .list(part), headers)
  }
}
