internal import Tend

/// What an update sends: the whole, or only what differs.
enum Patch {
  /// A JSON merge patch (RFC 7396) that writes the fields of these paths and no others.
  static func merge(_ paths: [FieldPath], of body: Value) -> Value {
    var patch = Value.map(.init())
    for root in roots(paths) {
      patch = patch.setting(root.steps[...], to: body.value(at: root) ?? .null)
    }
    return patch
  }

  /// A JSON patch (RFC 6902) that writes the fields of these paths and no others, and nothing where
  /// the version is another one.
  static func operations(
    _ paths: [FieldPath], of body: Value, from actual: Value, version: JSONPointer? = nil
  ) -> Value {
    var operations: [Value] = []
    if let version, let value = version.value(in: actual) {
      operations.append(["op": "test", "path": .string(version.description), "value": value])
    }
    for root in roots(paths) {
      // Maps that are not there yet are added as a whole.
      var root = root
      while root.steps.count > 1,
        actual.value(at: FieldPath(Array(root.steps.dropLast()))) == nil
      {
        root.steps.removeLast()
      }
      let pointer = Value.string(JSONPointer(root).description)
      let isThere = actual.value(at: root) != nil
      if let value = body.value(at: root) {
        let word: Value = isThere ? "replace" : "add"
        operations.append(["op": word, "path": pointer, "value": value])
      } else if isThere {
        operations.append(["op": "remove", "path": pointer])
      }
    }
    return .list(operations)
  }

  /// The body with fields that are not to be written as they are.
  static func restoring(_ paths: [FieldPath], of actual: Value, in body: Value) -> Value {
    roots(paths).reduce(body) { $0.setting($1.steps[...], to: actual.value(at: $1)) }
  }

  /// One body over another: its fields win, maps are put together, lists are not.
  static func overlay(_ body: Value, over base: Value) -> Value {
    guard case .map(let fields) = body, case .map(var result) = base else { return body }
    for entry in fields.entries {
      result[entry.key] = result[entry.key].map { overlay(entry.value, over: $0) } ?? entry.value
    }
    return .map(result)
  }

  /// Each once, and a list as a whole, since elements may stand elsewhere there.
  private static func roots(_ paths: [FieldPath]) -> [FieldPath] {
    var known: Set<FieldPath> = []
    return paths.compactMap { path in
      let steps = path.steps.prefix { if case .key = $0 { true } else { false } }
      let root = FieldPath(Array(steps))
      return known.insert(root).inserted ? root : nil
    }
  }
}

extension Value {
  /// The value at a path; nil where there is none.
  func value(at path: FieldPath) -> Value? { JSONPointer(path).value(in: self) }

  /// With another value at a path, and maps on the way; nil takes the field out.
  func setting(_ steps: ArraySlice<FieldPath.Step>, to value: Value?) -> Value {
    guard let first = steps.first else { return value ?? .null }
    guard case .key(let key) = first else { return self }
    var fields: Fields = if case .map(let fields) = self { fields } else { .init() }
    let rest = steps.dropFirst()
    if rest.isEmpty {
      fields[key] = value
    } else if value != nil || fields[key] != nil {
      fields[key] = (fields[key] ?? .map(.init())).setting(rest, to: value)
    }
    return .map(fields)
  }
}
