/// The path of a field in a spec: `limits.memory`, `rules[2].name`.
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

  /// Reads what `description` writes; nil where brackets do not match.
  public init?(_ description: String) {
    steps = []
    for part in description.split(separator: ".", omittingEmptySubsequences: true) {
      let pieces = part.split(separator: "[", omittingEmptySubsequences: false)
      if let key = pieces.first, !key.isEmpty { steps.append(.key(String(key))) }
      for piece in pieces.dropFirst() {
        guard piece.last == "]", let index = Int(piece.dropLast()), index >= 0 else { return nil }
        steps.append(.index(index))
      }
    }
  }

  /// As people write it.
  public var description: String {
    var text = ""
    for step in steps {
      switch step {
      case .key(let key): text += text.isEmpty ? key : ".\(key)"
      case .index(let index): text += "[\(index)]"
      }
    }
    return text
  }

  /// The path one step below.
  public func appending(_ step: Step) -> FieldPath { FieldPath(steps + [step]) }
}
