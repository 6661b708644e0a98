/// What will be done to one resource.
public struct Change<Desired: DesiredState>: Sendable {
  /// The four things that can be done, each with what it needs.
  public enum Action: Sendable {
    /// Make it; it is absent.
    case create(Desired)
    /// Change the named fields of what exists.
    case update(Desired.Subject, to: Desired)
    /// Remove what exists and make it anew, because a field can't be changed in place.
    case replace(Desired.Subject, with: Desired)
    /// Remove what exists.
    case delete(Desired.Subject)
  }

  /// What to do.
  public let action: Action
  /// The fields that the plan names.
  ///
  /// An update writes these and no others.
  public let differences: [Difference]
  /// Whether what exists was there before us, and may hold what only a backup can bring back.
  public let adopts: Bool

  /// Whether the change names this field or one below it.
  public func touches(_ path: String) -> Bool {
    differences.contains { $0.path == path || $0.path.hasPrefix(path + ".") }
  }

  package init(_ action: Action, _ differences: [Difference], adopts: Bool = false) {
    self.action = action
    self.differences = differences
    self.adopts = adopts
  }
}

/// How an apply ended, where it did not fail.
public enum Outcome: Sendable, Hashable {
  /// It is done; the engine observes once more and compares.
  case done
  /// Nothing failed, but the world needs time. The engine comes back and looks again.
  case underway(checkAfter: Duration, String)
  /// A delete that could not be carried out without harm to what others own, and why. The resource
  /// stays as it is; ownership ends.
  case kept(String)
}

/// Remembers in the middle of an apply.
///
/// Record the intent before what can't be repeated, and the identity after it; then a crash between
/// the two is found out by the next `observe`.
public struct Journal<Desired: DesiredState>: Sendable {
  package let write: @Sendable (Desired.Subject.Memory) async throws(ProviderError) -> Void

  package init(
    write: @escaping @Sendable (Desired.Subject.Memory) async throws(ProviderError) -> Void
  ) {
    self.write = write
  }

  /// Durable when it returns.
  ///
  /// From the first record on the resource is ours.
  public func record(_ memory: Desired.Subject.Memory) async throws(ProviderError) {
    try await write(memory)
  }
}
