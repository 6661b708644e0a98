/// One thing in the world, as it is: a file, a process, a queue on a broker.
///
/// A resource is what `Provider.observe` found. It is a value: looking at it again means observing
/// again. Its identity is text as well, so that the inventory can keep it and people can read it.
public protocol Resource: Identifiable, Sendable where ID: Sendable & LosslessStringConvertible {
  /// What must still be known after a restart: a stat record, a server's id, private state.
  ///
  /// At most 4 KiB when encoded, and never a secret: `Sensitive` is not `Encodable`, so that a
  /// memory that holds one does not compile.
  associatedtype Memory: Codable & Equatable & Sendable = NoMemory

  /// The part of what was observed that is remembered, and comes back in the next `Target`.
  var memory: Memory { get }

  /// When it was last changed, by its own word; nil where it can't say. Default: nil.
  ///
  /// From this events tell how long drift lasted, so it must be of the machine's wall clock.
  var changedAt: Timestamp? { get }

  /// What `tend describe` shows besides the compared fields. Default: nothing.
  var details: [Detail] { get }
}

extension Resource {
  /// It can't say.
  public var changedAt: Timestamp? { nil }

  /// Shows nothing besides the compared fields.
  public var details: [Detail] { [] }
}

extension Resource where Memory == NoMemory {
  /// Remembers nothing.
  public var memory: NoMemory { NoMemory() }
}

/// The memory of resources that need none.
public struct NoMemory: Codable, Equatable, Sendable {
  /// There is only one value.
  @inlinable public init() {}
}

/// One line of what is known about a resource, for people.
public struct Detail: Sendable, Hashable {
  /// What it is, such as `size`.
  public let name: String
  /// Its value.
  ///
  /// Never a secret.
  public let value: Value

  /// Names a value.
  public init(_ name: String, _ value: some ValueConvertible) {
    self.name = name
    self.value = value.value
  }
}
