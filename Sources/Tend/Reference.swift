/// Which declaration is meant: a kind and a name, unique in one unit.
public struct Reference: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Its kind.
  public let kind: KindName
  /// Its `metadata.name`.
  public let name: String

  /// Names a declaration.
  public init(kind: KindName, name: String) {
    self.kind = kind
    self.name = name
  }

  /// As people write it where the kind is not ambiguous: `File/motd`.
  public var description: String { "\(kind.kind)/\(name)" }

  /// With its group and version: `files/v1/File/motd`.
  public var qualified: String { "\(kind.apiVersion)/\(kind.kind)/\(name)" }

  /// By kind and name; groups rarely tell two references apart.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(kind.kind)
    hasher.combine(name)
  }

  /// In the order of kinds, then names.
  public static func < (left: Reference, right: Reference) -> Bool {
    (left.kind, left.name) < (right.kind, right.name)
  }

  /// Whether a text such as `File/motd` or `files/v1/File/motd` means this one.
  public func matches(_ text: String) -> Bool {
    text == description || text == qualified
  }
}
