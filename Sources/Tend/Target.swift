/// What to look for.
///
/// `desired` is nil once the resource is no longer declared, `memory` until it is first known. A
/// provider whose resources are named by their declarations needs only `id`.
@frozen
public struct Target<Desired: DesiredState>: Sendable {
  /// Which resource.
  public let id: Desired.ID
  /// As it should be, if it is still declared.
  public let desired: Desired?
  /// What was remembered of it, if it was known before.
  public let memory: Desired.Subject.Memory?

  /// Names what to look for.
  @inlinable
  public init(id: Desired.ID, desired: Desired?, memory: Desired.Subject.Memory?) {
    self.id = id
    self.desired = desired
    self.memory = memory
  }
}
