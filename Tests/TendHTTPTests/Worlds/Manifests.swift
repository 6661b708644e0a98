/// Manifests of the service in memory.
enum Manifests {
  static let api = """
    apiVersion: http/v1
    kind: API
    metadata: {name: fake}
    spec:
      url: "http://127.0.0.1:9/"
      authentication: {bearer: {fromFile: /run/token}}
      health: {path: /health}

    """

  /// Made with PUT; the declaration names it.
  static let item =
    api + """
      ---
      apiVersion: http/v1
      kind: ObjectType
      metadata: {name: Item}
      spec:
        api: fake
        parameters:
          name: {required: true}
          size: {type: integer}
          colour: {}
          fixed: {}
          secret: {type: secret}
        path: /items/{name}
        body: {size: "{size}", colour: "{colour}", fixed: "{fixed}", secret: "{secret}"}
        immutable: [fixed]
        list: {path: /items, match: {/name: "{name}"}, pages: {by: link}}

      """

  static func item(_ name: String, _ spec: String) -> String {
    """
    ---
    apiVersion: fake/v1
    kind: Item
    metadata: {name: \(name)}
    spec: {name: \(name), \(spec)}

    """
  }

  /// Made with POST; the service names it.
  static func note(
    _ more: String = "search: {path: /notes, match: {/mark: \"{correlation}\"}, identity: /id}"
  ) -> String {
    api + """
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
        operation: {status: /state, running: [running], failed: [failed]}
        \(more)

      """
  }

  static func note(_ name: String, text: String) -> String {
    """
    ---
    apiVersion: fake/v1
    kind: Note
    metadata: {name: \(name)}
    spec: {text: "\(text)"}

    """
  }
}
