/// What the engine keeps of one resource, typed and contiguous.
///
/// Only the one reconcile that runs for a row touches it. It is public because the code that reads
/// it is compiled in the provider's module; provider authors need not know it.
public struct Row<Desired: DesiredState>: Sendable {
  /// Which resource.
  public let id: Desired.ID
  /// As it should be, nil once it is no longer declared.
  public package(set) var desired: Desired?
  /// What is remembered of it, nil until it is first known.
  public var memory: Desired.Subject.Memory?
  /// What was found, where it differs.
  ///
  /// A box: nil costs 8 bytes a row.
  public var found: Found<Desired>?

  /// A row for one identity.
  package init(id: Desired.ID, desired: Desired? = nil, memory: Desired.Subject.Memory? = nil) {
    self.id = id
    self.desired = desired
    self.memory = memory
  }
}

/// What an observation found, where it is not as desired.
public final class Found<Desired: DesiredState>: Sendable {
  /// As it is, nil where absent.
  public let current: Desired.Subject?
  /// In which fields it differs.
  public let differences: [Difference]

  @inlinable
  init(_ current: Desired.Subject?, _ differences: [Difference]) {
    self.current = current
    self.differences = differences
  }
}

/// What comparing a row with the world gave.
public enum Finding: Sendable {
  /// Nothing to do.
  case asDesired
  /// Nothing to do, and the row's memory is new.
  case asDesiredWithNewMemory
  /// The row's `found` says what differs.
  case differs
}
