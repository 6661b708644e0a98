public import Tend

/// What is kept of a unit: where it stands, and what was refused or approved.
public struct UnitRecord: Sendable, Hashable, Codable {
  /// Its name.
  public var name: String
  /// The last revision that was accepted: its desired state is what is kept up.
  public var accepted: Revision?
  /// When that was.
  public var acceptedAt: Timestamp?
  /// The revision that was refused, with the digest of its plan; nil where none is.
  public var refused: Refusal?
  /// A plan that may pass once in spite of the deletion budget, by its digest.
  public var approvedPlan: String?
  /// When resources were deleted, and how many, over the last 24 hours; for the budget.
  public var deletions: [Deletions]
  /// The size of the inventory 24 hours ago or at the first deletion since; for the budget.
  public var inventoryBefore: Int?
  /// What the newest revision of this unit declares and another unit owns, in order.
  ///
  /// The other unit hands it over, instead of deleting it, once it no longer declares it.
  public var claims: [InventoryKey] = []
  /// What of the unit is left alone for a while, and by whose word.
  public var suspensions: [Suspension] = []

  /// Resources that have moved to another identity, and whose providers were not told yet.
  public var moves: [Move] = []

  /// One resource that goes on under another identity.
  public struct Move: Sendable, Hashable, Codable {
    /// What it was.
    public var from: InventoryKey
    /// What it is.
    public var to: InventoryKey

    /// Describes a move.
    public init(from: InventoryKey, to: InventoryKey) {
      self.from = from
      self.to = to
    }
  }

  /// Whether it was followed, not only applied to by hand; nil: not known.
  public var isFollowed: Bool?
  /// What it left behind, where it is no longer configured.
  public var left: Departure?

  /// A unit that is no longer configured: its resources stayed, and are no longer ours.
  public struct Departure: Sendable, Hashable, Codable {
    /// When that was.
    public var at: Timestamp
    /// What stayed, by `Kind/name`; at most 100, the rest is in `count`.
    public var resources: [String]
    /// How many stayed.
    public var count: Int

    /// Describes a departure.
    public init(at: Timestamp, resources: [String], count: Int) {
      self.at = at
      self.resources = resources
      self.count = count
    }
  }

  /// A revision that was not applied.
  public struct Refusal: Sendable, Hashable, Codable {
    /// Which.
    public var revision: Revision
    /// The digest of the plan that was refused.
    public var plan: String
    /// What the plan would delete, by `Kind/name`; at most 100, the rest is in `count`.
    public var deletions: [String]
    /// How many it would delete.
    public var count: Int

    /// Describes a refusal.
    public init(revision: Revision, plan: String, deletions: [String], count: Int) {
      self.revision = revision
      self.plan = plan
      self.deletions = deletions
      self.count = count
    }
  }

  /// Some deletions at one time.
  public struct Deletions: Sendable, Hashable, Codable {
    /// When.
    public var at: Timestamp
    /// How many.
    public var count: Int

    /// Counts deletions.
    public init(at: Timestamp, count: Int) {
      self.at = at
      self.count = count
    }
  }

  /// A unit of which nothing is known yet.
  public init(name: String) {
    self.name = name
    deletions = []
  }

  /// Whether the unit waits to take over this resource.
  func claims(_ key: InventoryKey) -> Bool {
    var range = claims.indices
    while let first = range.first {
      let middle = first + range.count / 2
      if claims[middle] == key { return true }
      range = claims[middle] < key ? middle + 1..<range.upperBound : first..<middle
    }
    return false
  }
}

extension UnitRecord {
  /// Reads what was written, also by a version that knew fewer fields.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decode(String.self, forKey: .name)
    accepted = try container.decodeIfPresent(Revision.self, forKey: .accepted)
    acceptedAt = try container.decodeIfPresent(Timestamp.self, forKey: .acceptedAt)
    refused = try container.decodeIfPresent(Refusal.self, forKey: .refused)
    approvedPlan = try container.decodeIfPresent(String.self, forKey: .approvedPlan)
    deletions = try container.decode([Deletions].self, forKey: .deletions)
    inventoryBefore = try container.decodeIfPresent(Int.self, forKey: .inventoryBefore)
    isFollowed = try container.decodeIfPresent(Bool.self, forKey: .isFollowed)
    left = try container.decodeIfPresent(Departure.self, forKey: .left)
    claims = try container.decodeIfPresent([InventoryKey].self, forKey: .claims) ?? []
    suspensions = try container.decodeIfPresent([Suspension].self, forKey: .suspensions) ?? []
    moves = try container.decodeIfPresent([Move].self, forKey: .moves) ?? []
  }
}
