internal import Tend

/// What an update sends: nothing that its plan does not name.
struct Writing {
  private let desired: ObjectSpec
  private let current: HTTPObject
  private let named: [FieldPath]
  private let unnamed: [FieldPath]

  init(_ desired: ObjectSpec, _ current: HTTPObject, _ differences: [Difference]) {
    self.desired = desired
    self.current = current
    let paths = Set(differences.map(\.path))
    named = differences.compactMap { FieldPath($0.path) }
    unnamed = desired.differences(from: current)
      .filter { !paths.contains($0.path) && !$0.isSensitive }.compactMap { FieldPath($0.path) }
  }

  var contentType: String {
    switch desired.type.fields.format {
    case .whole: "application/json"
    case .mergePatch: "application/merge-patch+json"
    case .jsonPatch: "application/json-patch+json"
    }
  }

  /// The body to send for the body as it should be.
  func body(_ declared: Value?) -> Value? {
    let fields = desired.type.fields
    guard let declared, case .map = declared else {
      guard let declared, fields.format == .jsonPatch else { return declared }
      return [["op": "replace", "path": "", "value": declared]]
    }
    let actual = current.value ?? .null
    // A body of its own has other paths than those that are compared.
    if fields.update.body != nil { return versioned(declared, actual) }
    let body: Value =
      switch desired.type.fields.format {
      case .jsonPatch:
        Patch.operations(named, of: declared, from: actual, version: fields.version)
      case .mergePatch: versioned(Patch.merge(named, of: declared), actual)
      case .whole:
        versioned(
          Patch.restoring(
            unnamed, of: actual,
            in: desired.type.fields.updatesObserved
              ? Patch.overlay(declared, over: actual) : declared), actual)
      }
    return body
  }

  /// With the version that was seen, so that nothing newer is overwritten.
  private func versioned(_ body: Value, _ actual: Value) -> Value {
    guard let pointer = desired.type.fields.version, let version = pointer.value(in: actual) else {
      return body
    }
    return body.setting(pointer.tokens.map { .key($0) }[...], to: version)
  }
}
