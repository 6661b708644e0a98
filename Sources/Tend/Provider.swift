/// Observes the resources of one space of identities and carries out changes to them.
///
/// A provider has all the side effects; the engine decides when each call is made:
///
/// - `observe` is called before every change, after every change, when drift is reported, and once
///   in every resync interval. It leaves no trace.
/// - `apply` is called with what `observe` and `DesiredState.differences` gave, after all that the
///   resource depends on is ready. It may be called again with the same change after a crash or a
///   failure, and must then end in the same state.
/// - Never are two calls made at once for one identity. Calls for different identities run at the
///   same time, at most as many as `execution` says.
/// - Cancellation: when the deadline has passed or the resource was declared anew, the task is
///   cancelled. A call then stops at the next point from which a later pass can converge and throws
///   `.cancelled`. A call that does not return within twice its deadline is given up.
/// - Errors say what the engine does next; see ``ProviderError/Code-swift.struct``.
///
/// These are the laws of a provider, which the kit of `TendTesting` checks:
///
/// - Observing leaves the world as it was, and what can't be read is not absent. A list finds what
///   single looks find.
/// - One pass brings a resource from any state to any declared one. The next finds no difference,
///   and remembers the same.
/// - A change that comes twice ends in the same state or is refused, and one that comes late does
///   no lasting harm. Deleting leaves nothing, and deleting twice is fine.
/// - After a crash, a cancellation, a failure, a lost reply, a slow, stale or overtaken answer the
///   next pass converges.
/// - Two resources do not disturb each other, and an update writes no field that its plan does not
///   name.
/// - An error has the code that decides right, and says what was tried; the engine names the
///   resource.
/// - No secret is shown, noted or remembered. What is remembered fits the inventory, and comes back
///   equal.
/// - What the schema accepts decodes, and what it forbids is refused with its place.
public protocol Provider<Desired>: Sendable {
  /// What is declared; one type for all kinds that are served here.
  associatedtype Desired: DesiredState

  /// Names the space of identities in the inventory. Default: the group of the first kind.
  ///
  /// It must stay the same across versions, or the inventory no longer finds its provider.
  var name: String { get }

  /// The kinds served here; all decode to `Desired`.
  var kinds: [Kind<Desired>] { get }

  /// Where its calls run and how many at once. Default: the cooperative pool, 16.
  var execution: Execution { get }

  /// The resource as it is; nil only where it is certainly absent.
  ///
  /// In doubt throw `.transient`: nil lets the engine create. Changes nothing.
  func observe(
    _ target: Target<Desired>, _ context: Context
  ) async throws(ProviderError) -> Desired.Subject?

  /// Carries out this change and touches no field that it does not name. Safe to repeat.
  ///
  /// The world may have moved since it was observed: check what the change relies on, and throw
  /// `.conflict` where it has; the engine then observes and plans again.
  func apply(
    _ change: Change<Desired>, _ journal: Journal<Desired>, _ context: Context
  ) async throws(ProviderError) -> Outcome

  /// Observes and compares one row; compiled in the provider's module, which makes it fast.
  ///
  /// Not for authors: the default is right for every provider.
  func _inspect(
    _ row: inout Row<Desired>, _ context: Context
  ) async throws(ProviderError) -> Finding

  /// Compares one row with what a list has observed; the second half of `_inspect`.
  ///
  /// Not for authors: the default is right for every provider.
  func _compare(_ row: inout Row<Desired>, with current: Desired.Subject?) -> Finding
}

extension Provider {
  /// The group of the first kind: `files` for `files/v1 File`.
  public var name: String {
    kinds.first.map { String($0.name.apiVersion.prefix { $0 != "/" }) } ?? "\(Self.self)"
  }

  /// The cooperative pool, 16 calls at once.
  public var execution: Execution { .pool(limit: 16) }

  /// Observes, then compares.
  @inlinable
  public func _inspect(
    _ row: inout Row<Desired>, _ context: Context
  ) async throws(ProviderError) -> Finding {
    let target = Target(id: row.id, desired: row.desired, memory: row.memory)
    return _compare(&row, with: try await observe(target, context))
  }

  /// Compares, and keeps what was found only where it differs.
  @inlinable
  public func _compare(_ row: inout Row<Desired>, with current: Desired.Subject?) -> Finding {
    let differences = row.desired?.differences(from: current) ?? []
    guard let current, row.desired != nil, differences.isEmpty else {
      row.found = Found(current, differences)
      return .differs
    }
    let memory = current.memory
    if row.memory == memory { return .asDesired }
    row.memory = memory
    return .asDesiredWithNewMemory
  }
}

/// Where a provider's calls run, and how many at once.
public struct Execution: Sendable, Hashable {
  /// The kind of thread that runs the calls.
  public enum Place: Sendable, Hashable {
    /// The cooperative pool: for calls that suspend instead of blocking.
    case pool
    /// Threads of its own: for calls that block, in `stat` or `fsync`.
    case threads
  }

  /// Where.
  public let place: Place
  /// How many calls at once, at least 1.
  public let limit: Int

  /// The cooperative pool, with a limit on calls at once.
  public static func pool(limit: Int) -> Execution {
    Execution(place: .pool, limit: Swift.max(1, limit))
  }

  /// This many threads of its own, each with one call at a time.
  ///
  /// The worker loop itself runs there, so that a blocking call costs no hop.
  public static func threads(_ count: Int) -> Execution {
    Execution(place: .threads, limit: Swift.max(1, count))
  }
}
