/// A version by the rules of Semantic Versioning 2.0.0 (https://semver.org).
///
/// Two are equal where their precedence is: build metadata does not count.
struct SemanticVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// A part of a pre-release; numbers come before texts.
  enum Identifier: Sendable, Hashable, Comparable {
    case number(UInt64)
    case text(String)

    static func < (left: Identifier, right: Identifier) -> Bool {
      switch (left, right) {
      case (.number(let left), .number(let right)): left < right
      case (.number, .text): true
      case (.text, .number): false
      case (.text(let left), .text(let right)): left.utf8.lexicographicallyPrecedes(right.utf8)
      }
    }
  }

  /// Major, minor, patch.
  let numbers: Numbers
  /// Empty for a release.
  let preRelease: [Identifier]

  /// The three numbers, which order before all else.
  struct Numbers: Sendable, Hashable, Comparable {
    var major: UInt64
    var minor: UInt64 = 0
    var patch: UInt64 = 0

    static func < (left: Numbers, right: Numbers) -> Bool {
      (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }
  }

  init(_ numbers: Numbers, preRelease: [Identifier] = []) {
    self.numbers = numbers
    self.preRelease = preRelease
  }

  /// Reads `1.2.3-rc.1+build`; nil for any other text.
  ///
  /// Numbers that take more than 64 bits make no version.
  init?(_ text: Substring) {
    let parts = text.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2, !Self.identifiers(parts[1]).allSatisfy(Self.isIdentifier) { return nil }
    guard let version = parts.first else { return nil }
    let halves = version.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = halves.first?.split(separator: ".", omittingEmptySubsequences: false)
      .map { Self.number($0) }
    guard let numbers, numbers.count == 3, let major = numbers[0], let minor = numbers[1],
      let patch = numbers[2]
    else { return nil }
    var preRelease: [Identifier] = []
    for part in halves.count == 2 ? Self.identifiers(halves[1]) : [] {
      guard let identifier = Self.identifier(part) else { return nil }
      preRelease.append(identifier)
    }
    self.init(Numbers(major: major, minor: minor, patch: patch), preRelease: preRelease)
  }

  /// A version that a tag names, with or without a `v` before it.
  init?(tag: String) {
    self.init(tag.hasPrefix("v") ? tag.dropFirst() : tag[...])
  }

  var description: String {
    let core = "\(numbers.major).\(numbers.minor).\(numbers.patch)"
    let rest = preRelease.map { identifier in
      switch identifier {
      case .number(let number): "\(number)"
      case .text(let text): text
      }
    }
    return rest.isEmpty ? core : core + "-" + rest.joined(separator: ".")
  }

  static func < (left: SemanticVersion, right: SemanticVersion) -> Bool {
    guard left.numbers == right.numbers else { return left.numbers < right.numbers }
    // A release comes after its pre-releases.
    if left.preRelease.isEmpty { return false }
    return right.preRelease.isEmpty || left.preRelease.lexicographicallyPrecedes(right.preRelease)
  }

  /// A number without leading zeros.
  static func number(_ text: Substring) -> UInt64? {
    guard text.utf8.allSatisfy({ (48...57).contains($0) }), text == "0" || !text.hasPrefix("0")
    else { return nil }
    return UInt64(text)
  }

  private static func identifiers(_ text: Substring) -> [Substring] {
    text.split(separator: ".", omittingEmptySubsequences: false)
  }

  private static func isIdentifier(_ text: Substring) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case 48...57, 65...90, 97...122, 0x2d: true
        default: false
        }
      }
  }

  private static func identifier(_ text: Substring) -> Identifier? {
    guard isIdentifier(text) else { return nil }
    if text.utf8.allSatisfy({ (48...57).contains($0) }) { return number(text).map { .number($0) } }
    return .text(String(text))
  }
}
