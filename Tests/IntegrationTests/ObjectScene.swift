import TestSupport

/// Objects of a service over HTTP: made by name and by the service's own choice, changed, deleted.
struct ObjectScene: Scene {
  let tend: Tend
  let service: ObjectService

  func reset() async throws {
    service.clear()
    try start(with: types + item("changed", 1) + item("gone", 1) + note("old", "bye"))
    try await runThrough(arguments)
    service.put("/items/stranger", ["size": 7])
    try declare(types + item("changed", 2) + item("new", 1) + note("fresh", "hello"))
  }

  func problems() async throws -> [String] {
    var problems = try await commonProblems()
    let expected = ["/items/changed 2", "/items/new 1", "/items/stranger 7", "/notes hello"]
    if service.contents != expected { problems.append("the service has \(service.contents)") }
    for (path, count) in service.creations where count > 1 {
      problems.append("\(path) was created \(count) times")
    }
    return problems
  }

  private var types: String {
    """
    apiVersion: http/v1
    kind: API
    metadata: {name: fake}
    spec: {url: "http://127.0.0.1:\(service.port)/", health: {path: /health}}
    ---
    apiVersion: http/v1
    kind: ObjectType
    metadata: {name: Item}
    spec:
      api: fake
      parameters: {name: {required: true}, size: {type: integer}}
      path: /items/{name}
      body: {size: "{size}"}
    ---
    apiVersion: http/v1
    kind: ObjectType
    metadata: {name: Note}
    spec:
      api: fake
      parameters: {text: {required: true}}
      path: /notes
      identity: {pointer: /id}
      body: {text: "{text}", mark: "{correlation}"}
      create: {visibleWithin: 1s}
      search: {path: /notes, match: {/mark: "{correlation}"}, identity: /id}

    """
  }

  private func item(_ name: String, _ size: Int) -> String {
    """
    ---
    apiVersion: fake/v1
    kind: Item
    metadata: {name: \(name)}
    spec: {name: \(name), size: \(size)}

    """
  }

  private func note(_ name: String, _ text: String) -> String {
    """
    ---
    apiVersion: fake/v1
    kind: Note
    metadata: {name: \(name)}
    spec: {text: \(text)}

    """
  }
}
