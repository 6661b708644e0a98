import Tend
import Testing

@testable import TendHTTP

/// Bad input is refused with its place and with what to write instead.
struct ValidationTests {
  private func mistakes(_ text: String) -> [String] {
    do {
      _ = try Stage.decode(text)
      return []
    } catch {
      return (error as? Diagnostics)?.sorted.all.map(\.description) ?? ["\(error)"]
    }
  }

  private func type(_ spec: String) -> String {
    Manifests.api
      + "---\napiVersion: http/v1\nkind: ObjectType\nmetadata: {name: T}\nspec:\n  api: fake\n"
      + spec
  }

  @Test(
    "a type that can't be is refused, with the place of what is wrong",
    arguments: [
      (
        "  path: /a/{b",
        "a.yaml:14:9: error: path has a { without its }; write it like /queues/"
      ),
      (
        "  path: a",
        "a.yaml:14:9: error: path does not begin with a slash; write it like /queues/{name}"
      ),
      (
        "  parameters: {name: {required: true}}\n  path: /a/{nmae}",
        "a.yaml:15:9: error: path has {nmae}, which is no parameter; did you mean {name}?"
      ),
      (
        "  parameters: {name: {}}\n  path: /a/{name}",
        "a.yaml:15:9: error: path has {name}, which need not be there; give the"
      ),
      (
        "  parameters: {size: {type: integer}}\n  path: /a\n  body: {a: {b: '{sise}'}}",
        "a.yaml:16:17: error: body.a.b has {sise}, which is no parameter; did you mean {size}?"
      ),
      (
        "  parameters: {s: {type: secret, required: true}}\n  path: /a/{s}",
        "a.yaml:15:9: error: path has the secret {s} in a URL; put it into a header or the body"
      ),
      (
        "  path: /a\n  read: {select: a/b}",
        "a.yaml:15:18: error: read.select is no JSON pointer; write it like /status/id;"
      ),
      (
        "  path: /a\n  identity: {pointer: /id}",
        "a.yaml:15:3: error: identity can't be found again where a reply is lost; add "
      ),
      (
        "  path: /a\n  delete: {path: '/a/{identity}'}",
        "a.yaml:15:18: error: delete.path has {identity}, but the server names nothing"
      ),
      (
        "  path: /a\n  list: {path: /a, match: {}}",
        "a.yaml:15:20: error: list.match says nothing; say which fields of an item"
      ),
      (
        "  parameters: {a-b: {}}\n  path: /a",
        "a.yaml:14:16: error: parameters.a-b is no name that a placeholder can have"
      ),
      (
        "  parameters: {n: {type: integer, default: x}}\n  path: /a",
        "a.yaml:14:44: error: parameters.n.default does not fit the type: n must be"
      ),
      (
        "  path: /a\n  identity: {}\n  create: {idempotencyKey: K}",
        "a.yaml:15:3: error: identity must say one place; write pointer: /id or header:"
      ),
      (
        "  path: /a\n  body: {durable: 1, m: {x: 1}}\n  immutable: [durabel]",
        "a.yaml:16:15: error: immutable[0] is about durabel, which the body does not have; did you"
      ),
      (
        "  path: /a\n  body: {m: {rules: []}}\n  lists: {m.ruls: set}",
        "a.yaml:16:19: error: lists[\"m.ruls\"] is about m.ruls, which the body does not have; did"
      ),
      (
        "  parameters: {n: {type: integer, choices: [1]}}\n  path: /a",
        "a.yaml:14:35: error: parameters.n.choices stands beside a type that is no string; leave"
      ),
      (
        "  path: /a\n  update: {method: PATCH, format: mergePatch, body: {b: 1}}",
        "a.yaml:15:47: error: update.body stands beside format: mergePatch, which makes one; keep"
      ),
      ("  path: /a\n  pth: /b", "a.yaml:15:3: error: pth is not a field here; did you mean path?"),
    ])
  func types(spec: String, expected: String) {
    let found = mistakes(type(spec))
    #expect(found.count == 1)
    #expect(found.first?.hasPrefix(expected) == true, "\(found)")
    #expect(found.first?.contains("; ") == true, "it says what to do")
  }

  @Test("an API that is not declared is named, with the nearest one")
  func noAPI() {
    let text = Manifests.item.replacing("  api: fake\n", with: "  api: fkae\n")
    #expect(mistakes(text) == ["a.yaml:13:8: error: there is no API fkae; did you mean fake?"])
    let object =
      "apiVersion: http/v1\nkind: Object\nmetadata: {name: x}\nspec: {api: x, path: /a}\n"
    #expect(
      mistakes(object) == [
        "a.yaml:4:13: error: there is no API x; declare it: kind: API, metadata: {name: x}"
      ])
  }

  @Test(
    "an object is checked like one of a kind that is built in",
    arguments: [
      (
        "{name: a, sise: 1}", "sise is not a field here; did you mean size?"
      ),
      ("{size: 1}", "name is missing"),
      ("{name: a, size: x}", "size must be an integer, but is a string"),
      ("{name: a, secret: x}", "secret must be a map, but is a string"),
      (
        "{name: a, secret: {}}",
        "secret must name one place; write {fromFile: PATH} or {fromEnvironment: NAME}"
      ),
      ("{name: a, secret: {fromFile: relative}}", "secret must name one place"),
    ])
  func objects(spec: String, expected: String) {
    let text =
      Manifests.item + "---\napiVersion: fake/v1\nkind: Item\nmetadata: {name: a}\nspec: \(spec)\n"
    let found = mistakes(text)
    #expect(found.count == 1)
    #expect(found.first?.contains(": error: \(expected)") == true, "\(found)")
  }

  @Test(
    "an API that would give a secret away, or can't be reached, is refused",
    arguments: [
      (
        "{url: 'http://broker.example/', authentication: {bearer: {fromFile: /s}}}",
        "url would carry a credential in plain text to another machine; use https://"
      ),
      ("{url: 'http://user:canary-1@host/'}", "url is no URL of HTTP"),
      ("{url: 'ftp://host/'}", "url is no URL of HTTP"),
      (
        "{url: 'https://h/', authentication: {oauth2: "
          + "{tokenURL: 'http://h/t', clientID: a, clientSecret: {fromFile: /s}}}}",
        "authentication.oauth2.tokenURL would carry a credential in plain text"
      ),
      (
        "{url: 'https://h/', authentication: "
          + "{bearer: {fromFile: /s}, basic: {username: a, password: {fromFile: /s}}}}",
        "authentication.bearer stands beside basic; keep one of the two"
      ),
      (
        "{url: 'https://h/', tls: {certificate: {fromFile: /c}}}",
        "tls has only one of certificate and key; give both, or neither"
      ),
      (
        "{url: 'https://h/', limits: {responseSize: 10M}}",
        "limits.responseSize is no number of bytes up to 1024Mi; write it like 512Ki or 10Mi"
      ),
      (
        "{url: 'https://h/', socket: run/x}",
        "socket is no absolute path; write it like /run/service.sock"
      ),
      (
        "{url: 'https://h/', proxy: 'https://p/'}",
        "proxy is no http:// address alone; write it like http://proxy:3128"
      ),
      (
        "{url: 'http://127.0.0.1/', proxy: 'http://p/', authentication: {bearer: {fromFile: /s}}}",
        "url would carry a credential in plain text to another machine; use https://"
      ),
      (
        "{url: 'https://h/', health: {path: up}}",
        "health.path does not begin with a slash; write it like /health"
      ),
      ("{url: 'https://h/', headers: {'a b': c}}", "headers has a name that no header can have"),
    ])
  func apis(spec: String, expected: String) {
    let found = mistakes("apiVersion: http/v1\nkind: API\nmetadata: {name: x}\nspec: \(spec)\n")
    #expect(found.count == 1)
    #expect(found.first?.contains(": error: \(expected)") == true, "\(found)")
    #expect(found.first?.contains("canary") == false)
  }

  @Test(
    "a credential may go in plain text to this machine, to a socket, and where that is allowed",
    arguments: [
      "{url: 'http://127.0.0.1:1/', authentication: {bearer: {fromFile: /s}}}",
      "{url: 'http://x/', socket: /run/x, authentication: {bearer: {fromFile: /s}}}",
      "{url: 'http://x/', allowPlainCredentials: true, authentication: {bearer: {fromFile: /s}}}",
      "{url: 'https://x/', authentication: {bearer: {fromFile: /s}}}", "{url: 'http://x/'}",
    ])
  func allowed(spec: String) {
    #expect(mistakes("apiVersion: http/v1\nkind: API\nmetadata: {name: x}\nspec: \(spec)\n") == [])
  }

  @Test("a secret in a body or a header goes to another machine only over TLS, or where allowed")
  func plainSecrets() {
    func found(_ spec: String) -> [String] {
      mistakes(
        "apiVersion: http/v1\nkind: API\nmetadata: {name: x}\nspec: \(spec)\n---\n"
          + "apiVersion: http/v1\nkind: Object\nmetadata: {name: o}\n"
          + "spec: {api: x, path: /a, secrets: {s: {fromFile: /s}}, body: {p: '{s}'}}\n")
    }
    #expect(
      found("{url: 'http://h/'}") == [
        "a.yaml:9:26: error: secrets would go in plain text to another machine, http://h; let API "
          + "x use https://, or say allowPlainCredentials: true"
      ])
    #expect(found("{url: 'https://h/'}") == [])
    #expect(found("{url: 'http://127.0.0.1/'}") == [])
    #expect(found("{url: 'http://h/', allowPlainCredentials: true}") == [])
  }

  @Test("a value that leads upward in a path is refused", arguments: ["..", "."])
  func upward(name: String) {
    let found = mistakes(
      Manifests.item
        + "---\napiVersion: fake/v1\nkind: Item\nmetadata: {name: a}\n"
        + "spec: {name: '\(name)'}\n")
    #expect(found.count == 1)
    let expected = ": error: name makes the path /items/\(name), which leads upward"
    #expect(found.first?.contains(expected) == true)
  }

  @Test(
    "two objects with one URL have one identity, and what the server names is told apart by name")
  func identities() throws {
    let twice = try Stage.decode(
      Manifests.item + Manifests.item("a", "size: 1")
        + Manifests.item("b", "size: 2").replacing("name: b, size", with: "name: a, size"))
    #expect(Set(twice.map(\.id)).count == 1)
    let notes = try Stage.decode(
      Manifests.note() + Manifests.note("a", text: "x") + Manifests.note("b", text: "x"))
    #expect(Set(notes.map(\.id)).count == 2)
    for spec in twice + notes { #expect(ObjectID(spec.id.description) == spec.id) }
  }

  @Test("a unit is confined by URLs, and by secrets together with where they go")
  func accesses() throws {
    let spec = try #require(
      try Stage.decode(Manifests.item + Manifests.item("a", "secret: {fromFile: /run/s}")).first)
    let target = Target<ObjectSpec>(id: spec.id, desired: spec, memory: nil)
    let accesses = Set(HTTPProvider().accesses(for: target).map(\.description))
    #expect(
      accesses == [
        "address http://127.0.0.1:9/", "address http://127.0.0.1:9/items/a",
        "address http://127.0.0.1:9/items",
        "secret file /run/token for http://127.0.0.1:9",
        "secret file /run/s for http://127.0.0.1:9",
      ])
    var memory = spec.newMemory
    memory.stage = .seen
    let gone = Target<ObjectSpec>(id: spec.id, desired: nil, memory: memory)
    #expect(
      HTTPProvider().accesses(for: gone).map(\.description).contains(
        "secret file /run/token for http://127.0.0.1:9"))
  }
}
