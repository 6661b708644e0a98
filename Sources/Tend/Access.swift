/// Something in the world that keeping a resource touches, and to which a unit can be confined.
public struct Access: Sendable, Hashable, CustomStringConvertible {
  /// What sort of thing it is.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// A path of the machine, absolute and without `..`.
    case path
    /// A user whose rights something gets, by name or number.
    case user
    /// The URL of something that is read or written over a network.
    case address
    /// A secret, by the reference to it.
    case secret
  }

  /// What sort of thing.
  public let kind: Kind
  /// Which one.
  public let value: String
  /// The field of the spec that names it, for the place of an error.
  public let field: String?

  /// Names a thing.
  public init(_ kind: Kind, _ value: String, field: String? = nil) {
    self.kind = kind
    self.value = value
    self.field = field
  }

  /// `path /etc/motd`.
  public var description: String { "\(kind.rawValue) \(value)" }
}

/// Says what its resources touch, so that a unit can be confined to a part of the world.
///
/// What is declared is checked before anything is observed or changed. What a resource turns out to
/// touch only then, once links are followed, a provider checks itself with ``Context/confine(_:)``.
public protocol Confining<Desired>: Provider {
  /// All that keeping a resource touches, as far as that can be told without a look at the world.
  ///
  /// Pure. Asked for what is no longer declared, too: then `desired` is nil.
  func accesses(for target: Target<Desired>) -> [Access]
}
