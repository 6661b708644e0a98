internal import Tend

/// What was declared of a process that runs, as the holder keeps it for comparing: no secrets.
struct Face: Hashable {
  var spec: Value
  /// Keyed digests of secrets, by variable.
  var secrets: [String: String]
  var restartOn: [ProcessSpec.Version]
  var reloadOn: [ProcessSpec.Version]

  init(_ spec: ProcessSpec, secrets: [String: String]) {
    self.spec = spec.declared.spec
    self.secrets = secrets
    restartOn = spec.restartVersions
    reloadOn = spec.reloadVersions
  }

  var json: String {
    Value.map(
      .init([
        .init(key: "spec", value: spec), .init(key: "secrets", value: secrets.value),
        .init(key: "restartOn", value: Self.value(restartOn)),
        .init(key: "reloadOn", value: Self.value(reloadOn)),
      ])
    ).json
  }

  /// Reads what `json` wrote; nil for anything else.
  init?(json: String) {
    guard let value = try? Value(json: json), let spec = value.value(at: "spec") else { return nil }
    self.spec = spec
    secrets = Self.texts(value.value(at: "secrets"))
    restartOn = Self.versions(value.value(at: "restartOn"))
    reloadOn = Self.versions(value.value(at: "reloadOn"))
  }

  private static func value(_ versions: [ProcessSpec.Version]) -> Value {
    .map(.init(versions.map { .init(key: $0.reference, value: .string($0.text)) }))
  }

  private static func versions(_ value: Value?) -> [ProcessSpec.Version] {
    guard case .map(let fields)? = value else { return [] }
    return fields.entries.map { entry in
      .init(reference: entry.key, text: text(entry.value))
    }
  }

  private static func text(_ value: Value) -> String {
    if case .string(let text) = value { text } else { "" }
  }

  private static func texts(_ value: Value?) -> [String: String] {
    guard case .map(let fields)? = value else { return [:] }
    return Dictionary(
      fields.entries.map { entry in
        (entry.key, text(entry.value))
      }, uniquingKeysWith: { first, _ in first })
  }
}
