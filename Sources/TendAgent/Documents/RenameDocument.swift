internal import Tend
public import TendEngine

/// A planned rename as JSON.
public struct RenameDocument: Sendable, Hashable, Codable {
  /// Group and version of its kind.
  public var apiVersion: String
  /// Its kind.
  public var kind: String
  /// What it is called.
  public var name: String
  /// Its identity as text.
  public var identity: String
  /// What it was called.
  public var from: String
  /// Where it is declared.
  public var source: ChangeDocument.Position

  /// Describes a rename.
  public init(_ rename: PlannedRename) {
    apiVersion = rename.reference.kind.apiVersion
    kind = rename.reference.kind.kind
    name = rename.reference.name
    identity = rename.identity
    from = rename.from.name
    source = ChangeDocument.Position(rename.place)
  }

  /// The rename that this describes.
  public var rename: PlannedRename {
    let kind = KindName(apiVersion: apiVersion, kind: kind)
    return PlannedRename(
      reference: Reference(kind: kind, name: name), identity: identity,
      from: Reference(kind: kind, name: from), place: source.place)
  }
}
