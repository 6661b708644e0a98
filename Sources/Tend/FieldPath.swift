/// The path of a field in a spec: `limits.memory`, `rules[2].name`, `labels["a.b"]`.
public struct FieldPath: Sendable, Hashable, LosslessStringConvertible {
  /// One step down.
  public enum Step: Sendable, Hashable {
    /// Into a map.
    case key(String)
    /// Into a list, from 0.
    case index(Int)
  }

  /// From the top down.
  public var steps: [Step]

  /// A path of these steps.
  public init(_ steps: [Step]) {
    self.steps = steps
  }

  /// Reads what `description` writes; nil where brackets, quotes or dots do not fit.
  ///
  /// The empty text is the path of the top itself.
  public init?(_ description: String) {
    var reader = PathReader(rest: description.unicodeScalars[...])
    guard let steps = reader.steps() else { return nil }
    self.steps = steps
  }

  /// As people write it; a key that holds dots, brackets or quotes stands in `["…"]`.
  public var description: String {
    var text = ""
    for step in steps {
      switch step {
      case .index(let index): text += "[\(index)]"
      case .key(let key) where key.isEmpty || key.unicodeScalars.contains(where: isSpecial):
        text += "[\"" + escaped(key) + "\"]"
      case .key(let key): text += text.isEmpty ? key : ".\(key)"
      }
    }
    return text
  }

  /// The path one step below.
  public func appending(_ step: Step) -> FieldPath { FieldPath(steps + [step]) }
}

private func isSpecial(_ scalar: Unicode.Scalar) -> Bool {
  scalar == "." || scalar == "[" || scalar == "]" || scalar == "\"" || scalar == "\\"
}

private func escaped(_ key: String) -> String {
  var text = String.UnicodeScalarView()
  for scalar in key.unicodeScalars {
    if scalar == "\"" || scalar == "\\" { text.append("\\") }
    text.append(scalar)
  }
  return String(text)
}

private struct PathReader {
  var rest: Substring.UnicodeScalarView

  mutating func steps() -> [FieldPath.Step]? {
    var steps: [FieldPath.Step] = []
    while let next = rest.first {
      if next == "[" {
        rest.removeFirst()
        guard let step = bracketed() else { return nil }
        steps.append(step)
      } else {
        if !steps.isEmpty {
          guard next == "." else { return nil }
          rest.removeFirst()
        }
        let key = rest.prefix { !isSpecial($0) }
        guard !key.isEmpty else { return nil }
        rest = rest.dropFirst(key.count)
        steps.append(.key(String(key)))
      }
    }
    return steps
  }

  private mutating func bracketed() -> FieldPath.Step? {
    if rest.first == "\"" {
      rest.removeFirst()
      guard let key = quoted(), rest.popFirst() == "]" else { return nil }
      return .key(key)
    }
    let digits = rest.prefix { $0 != "]" }
    rest = rest.dropFirst(digits.count)
    guard rest.popFirst() == "]", digits.allSatisfy({ ("0"..."9").contains($0) }),
      let index = Int(String(digits))
    else { return nil }
    return .index(index)
  }

  private mutating func quoted() -> String? {
    var key = String.UnicodeScalarView()
    while let next = rest.popFirst() {
      switch next {
      case "\"": return String(key)
      case "\\":
        guard let escaped = rest.popFirst() else { return nil }
        key.append(escaped)
      default: key.append(next)
      }
    }
    return nil
  }
}
