/// How one resource should be, as declared.
///
/// A value. Comparing it with a resource is pure: the same two values always give the same
/// differences, on every machine, without a look at the world.
public protocol DesiredState: Identifiable, Sendable where ID == Subject.ID {
  /// The resource that this is the desired state of.
  associatedtype Subject: Resource

  /// The fields in which a resource is not as desired. Pure, and called often: it is the inner
  /// loop.
  ///
  /// From nil (the resource is absent) it gives what a create would set. An empty result for a
  /// resource that exists means that nothing needs to change. Use ``compare(_:)`` to write it.
  func differences(from current: Subject?) -> [Difference]

  /// Identities of the same provider that come first where they are declared. Default: none.
  ///
  /// They become edges of the graph like written dependencies, are shown by `tend describe`, and
  /// are kept in the inventory for the order of deletion.
  var prerequisites: [ID] { get }

  /// Changes when declarations that refer to this one must notice. Default: nil, never.
  var fingerprint: Fingerprint? { get }

  /// Whether replacing the resource loses data that only it holds. Default: true.
  ///
  /// Replacements that lose data count against the deletion budget.
  var replacementLosesData: Bool { get }
}

extension DesiredState {
  /// Nothing has to come first.
  public var prerequisites: [ID] { [] }
  /// Nobody needs to notice.
  public var fingerprint: Fingerprint? { nil }
  /// Careful by default.
  public var replacementLosesData: Bool { true }
}

/// Collects differences; costs nothing where nothing differs.
@inlinable
public func compare(_ body: (inout Comparison) -> Void) -> [Difference] {
  var comparison = Comparison()
  body(&comparison)
  return comparison.differences
}

/// A digest of a desired state that others may depend on, computed by its provider.
public struct Fingerprint: Sendable, Hashable, CustomStringConvertible {
  /// Text without secrets: a digest, a version.
  public let description: String

  /// Wraps a digest or a version.
  public init(_ description: String) {
    self.description = description
  }
}
