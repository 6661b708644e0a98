/// Who on this host owns what: several engines, each with a store of its own, must not own one
/// thing.
///
/// What is claimed is proved by the stores; this only says where to look. So nothing that a crash
/// leaves behind keeps anybody out.
public protocol HostClaims: Sendable {
  /// Those of these that another engine owns. Changes nothing.
  func conflicts(among claims: [HostClaim]) async throws(StoreError) -> [HostConflict]

  /// Says that these are ours, and runs the body, after which our store must prove it; nobody else
  /// on the host claims anything meanwhile.
  ///
  /// Where another engine owns some of them the answer names those, nothing is claimed, and the
  /// body does not run.
  func claim(
    _ claims: [HostClaim], _ body: @Sendable () async throws(StoreError) -> Void
  ) async throws(StoreError) -> [HostConflict]
}

/// One thing that only one engine on a host may own.
public struct HostClaim: Sendable, Hashable {
  /// What all engines call it.
  public var name: String
  /// What our own inventory calls it.
  public var key: InventoryKey

  /// Names a thing.
  public init(name: String, key: InventoryKey) {
    self.name = name
    self.key = key
  }
}

/// A thing that another engine on this host owns.
public struct HostConflict: Sendable, Hashable {
  /// What we wanted.
  public var claim: HostClaim
  /// The state directory of the other engine.
  public var owner: String
  /// Our own.
  public var state: String

  /// Describes a conflict.
  public init(_ claim: HostClaim, owner: String, state: String) {
    self.claim = claim
    self.owner = owner
    self.state = state
  }
}
