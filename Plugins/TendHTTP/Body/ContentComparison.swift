internal import Tend

/// Compares a body as it is with how it should be.
struct ContentComparison: Sendable, Hashable {
  /// How the elements of a list belong together.
  enum ListRule: Sendable, Hashable, Codable {
    /// One for one, in their order.
    case sequence
    /// In any order.
    case set
    /// Those with one value of this field, in any order.
    case key(String)
  }

  /// Whether fields that are not declared are differences too.
  var isExact = false
  /// The rules of lists that are no sequences, by the path of the list without indices.
  var lists: [String: ListRule] = [:]
  /// Paths that can't be changed in place.
  var immutable: [String] = []
  /// Paths that are only written, since the service shows them in another form or not at all.
  var unread: [String] = []

  /// The fields in which `actual` is not as `desired` says; secrets are compared elsewhere.
  func differences(from actual: Value?, to desired: Content) -> [Difference] {
    var run = Run(rules: self)
    run.compare(actual, desired, FieldPath([]), pattern: "")
    return run.differences
  }

  /// Whether a value has all that is declared, where numbers count by their value.
  func accepts(_ actual: Value, _ desired: Value, pattern: String = "") -> Bool {
    var run = Run(rules: self)
    run.compare(actual, .value(desired), FieldPath([]), pattern: pattern)
    return run.differences.isEmpty
  }

  fileprivate func forcesReplacement(_ path: String) -> Bool {
    immutable.contains { path == $0 || path.hasPrefix($0 + ".") || path.hasPrefix($0 + "[") }
  }

  private struct Run {
    let rules: ContentComparison
    var differences: [Difference] = []

    mutating func compare(
      _ actual: Value?, _ desired: Content, _ path: FieldPath, pattern: String
    ) {
      if !rules.unread.isEmpty, rules.unread.contains(pattern) { return }
      switch desired {
      case .secret: return
      case .value(let value): compare(actual, value, path, pattern: pattern)
      case .map(let entries):
        guard case .map(let fields)? = actual else {
          for entry in entries {
            let path = path.appending(.key(entry.key))
            compare(nil, entry.content, path, pattern: step(pattern, entry.key))
          }
          return
        }
        for entry in entries {
          compare(
            fields[entry.key], entry.content, path.appending(.key(entry.key)),
            pattern: step(pattern, entry.key))
        }
        guard rules.isExact else { return }
        let keys = Set(entries.map(\.key))
        for entry in fields.entries where !keys.contains(entry.key) {
          undeclared(entry, path, pattern)
        }
      case .list(let items):
        if case .list(let values)? = actual, values.count != items.count {
          differences.append(
            Difference(path: path.description, actual: .masked, desired: .masked))
          return
        }
        let values: [Value] = if case .list(let values)? = actual { values } else { [] }
        for (index, item) in items.enumerated() {
          let value = values.indices.contains(index) ? values[index] : nil
          compare(value, item, path.appending(.index(index)), pattern: pattern)
        }
      }
    }

    private func step(_ pattern: String, _ key: String) -> String {
      pattern.isEmpty ? key : pattern + "." + key
    }

    private mutating func compare(
      _ actual: Value?, _ desired: Value, _ path: FieldPath, pattern: String
    ) {
      if !rules.unread.isEmpty, rules.unread.contains(pattern) { return }
      switch (actual, desired) {
      case (.map(let fields)?, .map(let wanted)): maps(fields, wanted, path, pattern)
      case (nil, .map(let wanted)) where !path.steps.isEmpty || !wanted.entries.isEmpty:
        if wanted.entries.isEmpty { return report(nil, desired, path) }
        maps(.init(), wanted, path, pattern)
      case (.list(let values)?, .list(let wanted)): lists(values, wanted, path, pattern)
      case (let actual, .null):
        if let actual, actual != .null { report(actual, desired, path) }
      case (let actual?, _) where Self.isSame(actual, desired): return
      default: report(actual, desired, path)
      }
    }

    private mutating func maps(
      _ fields: Value.Fields, _ wanted: Value.Fields, _ path: FieldPath, _ pattern: String
    ) {
      for entry in wanted.entries {
        compare(
          fields[entry.key], entry.value, path.appending(.key(entry.key)),
          pattern: step(pattern, entry.key))
      }
      guard rules.isExact else { return }
      for entry in fields.entries where wanted[entry.key] == nil {
        undeclared(entry, path, pattern)
      }
    }

    private mutating func undeclared(
      _ entry: Value.Fields.Entry, _ path: FieldPath, _ pattern: String
    ) {
      if rules.unread.contains(step(pattern, entry.key)) { return }
      report(entry.value, nil, path.appending(.key(entry.key)))
    }

    private mutating func lists(
      _ values: [Value], _ wanted: [Value], _ path: FieldPath, _ pattern: String
    ) {
      guard values.count == wanted.count else { return report(.list(values), .list(wanted), path) }
      switch rules.lists[pattern] ?? .sequence {
      case .sequence:
        for (index, pair) in zip(values, wanted).enumerated() {
          compare(pair.0, pair.1, path.appending(.index(index)), pattern: pattern)
        }
      case .set:
        if !isSameSet(values, wanted, pattern) { report(.list(values), .list(wanted), path) }
      case .key(let key): keyed(values, wanted, key, path, pattern)
      }
    }

    private func isSameSet(_ values: [Value], _ wanted: [Value], _ pattern: String) -> Bool {
      var rest = values
      for element in wanted {
        let found = rest.firstIndex { rules.accepts($0, element, pattern: pattern + "[]") }
        guard let found else { return false }
        rest.remove(at: found)
      }
      return true
    }

    private mutating func keyed(
      _ values: [Value], _ wanted: [Value], _ key: String, _ path: FieldPath, _ pattern: String
    ) {
      var pairs: [(Value, Value)] = []
      for element in wanted {
        guard case .map(let fields) = element, let name = fields[key],
          let found = values.first(where: { candidate in
            if case .map(let fields) = candidate {
              Self.isSame(fields[key] ?? .null, name)
            } else {
              false
            }
          })
        else { return report(.list(values), .list(wanted), path) }
        pairs.append((found, element))
      }
      for (index, pair) in pairs.enumerated() {
        compare(pair.0, pair.1, path.appending(.index(index)), pattern: pattern)
      }
    }

    /// `1`, `1.0` and `1e0` are one number.
    static func isSame(_ left: Value, _ right: Value) -> Bool {
      switch (left, right) {
      case (.integer(let whole), .number(let number)), (.number(let number), .integer(let whole)):
        Int64(exactly: number) == whole
      default: left == right
      }
    }

    private mutating func report(_ actual: Value?, _ desired: Value?, _ path: FieldPath) {
      let text = path.steps.isEmpty ? "body" : path.description
      differences.append(
        Difference(
          path: text, actual: actual.map(Difference.Side.value) ?? .absent,
          desired: desired.map(Difference.Side.value) ?? .absent,
          forcesReplacement: actual != nil && rules.forcesReplacement(text)))
    }
  }
}
