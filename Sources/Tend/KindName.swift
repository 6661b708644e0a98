/// The name of a kind: `files/v1` `File`.
public struct KindName: Sendable, Hashable, Comparable, LosslessStringConvertible {
  /// Group and version: `files/v1`.
  public let apiVersion: String
  /// The kind within them: `File`.
  public let kind: String

  /// Names a kind.
  public init(apiVersion: String, kind: String) {
    self.apiVersion = apiVersion
    self.kind = kind
  }

  /// Reads `files/v1 File` or `files/v1/File`.
  public init?(_ description: String) {
    guard
      let split = description.lastIndex(where: { $0 == " " || $0 == "/" }),
      split != description.startIndex,
      description.index(after: split) != description.endIndex
    else { return nil }
    apiVersion = String(description[..<split])
    kind = String(description[description.index(after: split)...])
  }

  /// `files/v1 File`.
  public var description: String { "\(apiVersion) \(kind)" }

  /// In the order of groups, then kinds.
  public static func < (left: KindName, right: KindName) -> Bool {
    (left.apiVersion, left.kind) < (right.apiVersion, right.kind)
  }
}

extension KindName: ExpressibleByStringLiteral {
  /// For names in source code; a text without a space is a kind without a group.
  public init(stringLiteral value: String) {
    self = KindName(value) ?? KindName(apiVersion: "", kind: value)
  }
}
