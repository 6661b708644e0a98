public import Tend

/// What a unit may touch; all that it does not name is refused.
///
/// It comes from whoever runs the engine, never from what a unit declares.
public struct Allow: Sendable, Hashable {
  /// One thing that is allowed, and where that was written.
  public struct Entry: Sendable, Hashable {
    /// What is allowed.
    public var value: String
    /// The line that allows it, for errors.
    public var place: Place?

    /// Allows something.
    public init(_ value: String, at place: Place? = nil) {
      self.value = value
      self.place = place
    }
  }

  /// Kinds such as `File` or `files/v1/File`; nil: all that say what they touch.
  public var kinds: [Entry]?
  /// What may be touched: paths and all below them, users by name, URLs and all below them, secrets
  /// by their reference.
  public var accesses: [Access.Kind: [Entry]]
  /// Where it was written, for errors about what it leaves out.
  public var place: Place?

  /// Allows nothing that is not named.
  public init(
    kinds: [Entry]? = nil, accesses: [Access.Kind: [Entry]] = [:], at place: Place? = nil
  ) {
    self.kinds = kinds
    self.accesses = accesses
    self.place = place
  }

  /// For people, a line for each sort of thing: `paths /srv/web, /etc/web`.
  public var lines: [String] {
    let kinds = kinds.map { ["kinds " + Self.list($0)] } ?? []
    let rest = Access.Kind.allCases.compactMap { kind in
      accesses[kind].map { "\(kind.plural) " + Self.list($0) }
    }
    return kinds + rest.filter { !$0.hasSuffix(" ") }
  }

  private static func list(_ entries: [Entry]) -> String {
    entries.map(\.value).joined(separator: ", ")
  }
}

extension Access.Kind {
  /// What a list of them is called: the key in a configuration.
  public var plural: String {
    switch self {
    case .path: "paths"
    case .user: "users"
    case .address: "addresses"
    case .secret: "secrets"
    }
  }
}
