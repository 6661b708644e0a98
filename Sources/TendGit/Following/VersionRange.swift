internal import TendEngine

/// Which versions are wanted: alternatives, each of comparisons that all must hold.
struct VersionRange: Sendable, Hashable {
  private struct Bound: Sendable, Hashable {
    enum Relation: Sendable, Hashable {
      case below, atMost, equal, atLeast, above
    }

    let relation: Relation
    let version: SemanticVersion

    func holds(for other: SemanticVersion) -> Bool {
      switch relation {
      case .below: other < version
      case .atMost: other <= version
      case .equal: other == version
      case .atLeast: other >= version
      case .above: other > version
      }
    }
  }

  private let alternatives: [[Bound]]

  /// Reads a range as `GitReference.semver` describes it.
  init(_ text: String) throws(SourceError) {
    guard text.utf8.count <= 255, text.utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) else {
      throw Self.refused(text, "has more than 255 bytes, or others than printable ASCII")
    }
    var alternatives: [[Bound]] = []
    for alternative in text.split(separator: "||", omittingEmptySubsequences: false) {
      let words = Self.words(alternative)
      guard !words.isEmpty else { throw Self.refused(text, "has nothing in an alternative") }
      var bounds: [Bound] = []
      for word in words {
        guard let more = Self.bounds(word) else {
          throw Self.refused(text, "has \(quoted(String(word))), which is no comparison")
        }
        bounds += more
      }
      alternatives.append(bounds)
    }
    self.alternatives = alternatives
  }

  /// Whether a version is wanted.
  func contains(_ version: SemanticVersion) -> Bool {
    alternatives.contains { bounds in
      bounds.allSatisfy { $0.holds(for: version) }
        && (version.preRelease.isEmpty || Self.asksForPreReleases(bounds, of: version))
    }
  }

  private static func asksForPreReleases(_ bounds: [Bound], of version: SemanticVersion) -> Bool {
    bounds.contains {
      !$0.version.preRelease.isEmpty && $0.version.numbers == version.numbers
    }
  }

  /// Comparisons, with the space taken out that may stand between an operator and its version.
  private static func words(_ text: Substring) -> [String] {
    var words: [String] = []
    for part in text.split(whereSeparator: { $0 == " " || $0 == "," }) {
      if let last = words.last, operators.contains(where: { $0.text == last }) {
        words[words.count - 1] = last + part
      } else {
        words.append(String(part))
      }
    }
    return words
  }

  private enum Operator {
    case equal, above, atLeast, below, atMost, tilde, caret
  }

  private static let operators: [(text: String, operator: Operator)] = [
    (">=", .atLeast), ("<=", .atMost), (">", .above), ("<", .below), ("=", .equal), ("~", .tilde),
    ("^", .caret),
  ]

  private static func bounds(_ word: String) -> [Bound]? {
    let found = operators.first { word.hasPrefix($0.text) }
    let rest = word.dropFirst(found?.text.utf8.count ?? 0)
    let kind = found?.operator ?? .equal
    if let version = SemanticVersion(tag: String(rest)) { return bounds(kind, version) }
    guard let partial = Partial(rest) else { return nil }
    return bounds(kind, partial)
  }

  private static func bounds(_ kind: Operator, _ version: SemanticVersion) -> [Bound] {
    let numbers = version.numbers
    switch kind {
    case .equal: return [Bound(relation: .equal, version: version)]
    case .above: return [Bound(relation: .above, version: version)]
    case .atLeast: return [Bound(relation: .atLeast, version: version)]
    case .below: return [Bound(relation: .below, version: version)]
    case .atMost: return [Bound(relation: .atMost, version: version)]
    case .tilde:
      return [Bound(relation: .atLeast, version: version)]
        + below(Partial(major: numbers.major, minor: numbers.minor).next)
    case .caret:
      let kept =
        numbers.major > 0
        ? Partial(major: numbers.major)
        : numbers.minor > 0 ? Partial(major: 0, minor: numbers.minor) : nil
      let next =
        if let kept { kept.next } else { Partial.next(of: numbers) }
      return [Bound(relation: .atLeast, version: version)] + below(next)
    }
  }

  private static func bounds(_ kind: Operator, _ partial: Partial) -> [Bound] {
    let first = Bound(relation: .atLeast, version: SemanticVersion(partial.first))
    switch kind {
    case .equal, .tilde: return [first] + below(partial.next)
    case .caret:
      // `^0` and `^0.0` keep what is named, `^0.2` the minor, all others the major.
      let major = partial.major ?? 0
      let kept = major > 0 ? Partial(major: major) : partial
      return [first] + below(kept.next)
    case .above:
      guard let next = partial.next else { return [never] }
      return [Bound(relation: .atLeast, version: SemanticVersion(next))]
    case .atLeast: return [first]
    case .below:
      return [Bound(relation: .below, version: first.version)]
    case .atMost: return below(partial.next)
    }
  }

  /// Nothing is below the lowest pre-release of all.
  private static let never = Bound(
    relation: .below,
    version: SemanticVersion(.init(major: 0), preRelease: [.number(0)]))

  private static func below(_ numbers: SemanticVersion.Numbers?) -> [Bound] {
    numbers.map { [Bound(relation: .below, version: SemanticVersion($0))] } ?? []
  }

  private static func refused(_ text: String, _ why: String) -> SourceError {
    SourceError(
      .host, "the range of versions \(quoted(text)) \(why)", remedy: "give a range such as >=1.2 <2"
    )
  }
}

/// The beginning of a version, such as `1.2` or `1.x`; empty is any.
private struct Partial {
  let major: UInt64?
  let minor: UInt64?

  init(major: UInt64, minor: UInt64? = nil) {
    self.major = major
    self.minor = minor
  }

  init?(_ text: Substring) {
    let bare = text.hasPrefix("v") ? text.dropFirst() : text
    let parts = bare.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...3).contains(parts.count) else { return nil }
    var numbers: [UInt64] = []
    var isOpen = false
    for part in parts {
      if ["x", "X", "*"].contains(part) {
        isOpen = true
      } else if !isOpen, let number = SemanticVersion.number(part) {
        numbers.append(number)
      } else {
        return nil
      }
    }
    guard numbers.count < 3 else { return nil }
    major = numbers.first
    minor = numbers.count > 1 ? numbers[1] : nil
  }

  /// The lowest release that begins so.
  var first: SemanticVersion.Numbers { .init(major: major ?? 0, minor: minor ?? 0) }

  /// The lowest release above all that begin so; nil where there is none.
  var next: SemanticVersion.Numbers? {
    guard let major else { return nil }
    if let minor, minor < .max { return .init(major: major, minor: minor + 1) }
    return major < .max ? .init(major: major + 1) : nil
  }

  static func next(of numbers: SemanticVersion.Numbers) -> SemanticVersion.Numbers? {
    guard numbers.patch < .max else {
      return Partial(major: numbers.major, minor: numbers.minor).next
    }
    return .init(major: numbers.major, minor: numbers.minor, patch: numbers.patch + 1)
  }
}
