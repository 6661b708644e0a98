public import Tend

/// What identifies an owned resource in the whole engine.
public struct InventoryKey: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
  /// The name of its provider: the space of identities.
  public let provider: String
  /// Its identity as text.
  public let identity: String

  /// Names a resource.
  public init(provider: String, identity: String) {
    self.provider = provider
    self.identity = identity
  }

  /// `files /etc/motd`.
  public var description: String { "\(provider) \(identity)" }

  /// In the order of providers, then identities.
  public static func < (left: InventoryKey, right: InventoryKey) -> Bool {
    (left.provider, left.identity) < (right.provider, right.identity)
  }
}

/// All that must be known of an owned resource once its declaration is gone.
///
/// Prune works from this alone: what it is, how to find it, in which order it may go, and whether
/// it may go at all.
public struct InventoryRecord: Sendable, Hashable {
  /// Which resource.
  public var key: InventoryKey
  /// The unit that declares it, or did.
  public var unit: String
  /// Its kind and name when it was last declared.
  public var reference: Reference
  /// How far the ownership goes.
  public var state: State
  /// Whether the unit's accepted revision declares it; false while it waits to be deleted.
  public var isDeclared: Bool
  /// Whether it was there before us; such a resource is given back, not deleted.
  public var isAdopted: Bool
  /// How it wants to be treated, as last declared.
  public var lifecycle: Lifecycle
  /// What it depends on, written and implied.
  public var dependencies: [InventoryKey]
  /// Where it was last declared.
  public var place: Place
  /// The id of the revision that declared it last.
  public var revision: String
  /// What its provider must still know; at most 4 KiB, never a secret.
  public var memory: Value?
  /// What was kept as its memory where that can't be read; `memory` is nil then.
  ///
  /// Such a resource is Stalled, never taken for one without memory: what it is in the world can't
  /// be told. Kept as it is when the record is written again.
  public var unreadableMemory: String?

  /// The most that a memory may take as JSON: 4 KiB in UTF-8.
  public static let memoryLimit = 4096

  /// How far the ownership goes.
  public enum State: String, Sendable, Hashable {
    /// About to be made: after a crash it may or may not exist.
    case intended
    /// Ours.
    case owned
  }

  /// Describes an owned resource.
  public init(
    key: InventoryKey, unit: String, reference: Reference, state: State,
    isDeclared: Bool = true, isAdopted: Bool, lifecycle: Lifecycle, dependencies: [InventoryKey],
    place: Place, revision: String,
    memory: Value?
  ) {
    self.key = key
    self.unit = unit
    self.reference = reference
    self.state = state
    self.isDeclared = isDeclared
    self.isAdopted = isAdopted
    self.lifecycle = lifecycle
    self.dependencies = dependencies
    self.place = place
    self.revision = revision
    self.memory = memory
  }
}
