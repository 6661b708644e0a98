/// A pattern of paths in a tree: `apps/**/*.yaml`, `hosts/web-?`, `secrets`.
///
/// `*` and `?` stand for any text and any character within one name, `**` for any number of names.
/// A pattern that names a folder means all that lies below it. Case matters.
public struct PathPattern: Sendable, Hashable, CustomStringConvertible {
  /// As it was written.
  public let description: String
  private let names: [[UInt8]]

  /// Reads a pattern; nil where it is empty, absolute, leads upward or is longer than 1,024 bytes.
  public init?(_ description: String) {
    guard !description.isEmpty, description.utf8.count <= 1024, !description.hasPrefix("/") else {
      return nil
    }
    self.description = description
    let names = description.utf8.split(separator: UInt8(ascii: "/")).map(Array.init)
    self.names = names.filter { $0 != Array(".".utf8) }
    guard !self.names.isEmpty, !names.contains(Array("..".utf8)) else { return nil }
  }

  /// Whether it means this path or a folder above it.
  public func matches(_ path: String) -> Bool {
    let path = path.utf8.split(separator: UInt8(ascii: "/")).map(Array.init)
    // The rest of the path after a match lies below the folder that the pattern names.
    let pattern = names + (names.last == Self.anyNames ? [] : [Self.anyNames])
    return Self.wild(pattern, path, star: Self.anyNames, equal: Self.name)
  }

  private static func name(_ pattern: [UInt8], _ name: [UInt8]) -> Bool {
    wild(pattern, name, star: UInt8(ascii: "*")) { $0 == $1 || $0 == UInt8(ascii: "?") }
  }

  private static let anyNames = Array("**".utf8)

  /// Matches with one kind of wildcard, going back to the last one only: at worst the product of
  /// both lengths.
  private static func wild<Element: Equatable>(
    _ pattern: [Element], _ text: [Element], star: Element,
    equal: (Element, Element) -> Bool
  ) -> Bool {
    var (at, index) = (0, 0)
    var back: (at: Int, index: Int)?
    while index < text.count {
      if at < pattern.count, pattern[at] == star {
        back = (at, index)
        at += 1
      } else if at < pattern.count, equal(pattern[at], text[index]) {
        at += 1
        index += 1
      } else if let last = back {
        back = (last.at, last.index + 1)
        (at, index) = (last.at + 1, last.index + 1)
      } else {
        return false
      }
    }
    return pattern[at...].allSatisfy { $0 == star }
  }
}
