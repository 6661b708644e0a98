// What a provider may be able to do besides. The engine finds each out once, when it is made, by a
// cast; so a provider that can't pays nothing.

/// Says which resources may have changed.
public protocol DriftReporting<Desired>: Provider {
  /// Runs as long as the engine does. When it throws the engine polls, says so, and tries again.
  ///
  /// The interest in a resource begins with its `observe` and ends with `forget`.
  func watch(_ drift: Drift<Desired.ID>) async throws(ProviderError)

  /// No longer of interest.
  func forget(_ id: Desired.ID)
}

/// Where a provider reports drift: cheap, never waits, callable from any thread.
///
/// Reports are coalesced in the scheduler's records, so there is no buffer that could overflow.
public struct Drift<ID: Hashable & Sendable>: Sendable {
  private let report: @Sendable (ID?) -> Void
  private let limit: @Sendable (String?) -> Void

  package init(
    report: @escaping @Sendable (ID?) -> Void,
    limit: @escaping @Sendable (String?) -> Void = { _ in }
  ) {
    self.report = report
    self.limit = limit
  }

  /// This resource may have changed; it will be observed.
  public func mayHaveChanged(_ id: ID) { report(id) }

  /// Events were lost: everything may have changed.
  public func lostTrack() { report(nil) }

  /// From now on some are not watched, for this reason; the resync finds what changes them.
  ///
  /// The engine says so in its log and in its status, until `isWhole` or the end of `watch`.
  public func isPartial(because reason: String) { limit(reason) }

  /// From now on all are watched again; without effect where they were.
  public func isWhole() { limit(nil) }
}

/// Lets a resource go on under another name where its name is its identity: `metadata.formerly`.
public protocol Renaming<Desired>: Provider {
  /// Knows by the new identity from now on what it knew by the old one; stops and makes nothing.
  ///
  /// Called once the memory has moved and before the first observation by the new identity, while
  /// nothing else is done to either. Called again after a crash or a failure: where nothing is
  /// known by the old one, or something is by the new one, there is nothing to do. A plan observes
  /// by the old identity, with the desired state of the new one. Default: nothing, for providers
  /// that find what they made by memory alone.
  func rename(
    _ old: Desired.ID, to new: Desired.ID, _ context: Context
  ) async throws(ProviderError)
}

extension Renaming {
  /// Its memory is all that it finds a resource by.
  public func rename(
    _ old: Desired.ID, to new: Desired.ID, _ context: Context
  ) async throws(ProviderError) {}
}

/// Has identities that mean the same to every engine on a host, so that only one may own each.
///
/// A file is one; a process is not, since it is known by the engine's own unit and name.
public protocol HostWide<Desired>: Provider {
  /// What every engine on this host calls it; default: its identity.
  func hostName(of id: Desired.ID) -> String
}

extension HostWide {
  /// Its identity as text.
  public func hostName(of id: Desired.ID) -> String { id.description }
}

/// Finds out who changes a resource that is fought over.
public protocol Witnessing<Desired>: Provider {
  /// Who changed it last, such as `pid 4711 (/usr/bin/puppet, puppet.service)`; nil: not seen yet.
  ///
  /// Asked after each repair and before each delayed one while the resource is contested. The first
  /// question begins the watch, and nothing is watched without a question. Where the system does
  /// not tell, the answer is always nil.
  func opponent(of id: Desired.ID) -> String?
}

/// Brings back what a backup keeps.
public protocol BackupRestoring<Desired>: Provider {
  /// Makes what was kept anew, whether the resource is declared or not; durable when it returns.
  ///
  /// What is in its place is kept first. Nothing else is done to the resource meanwhile.
  func restore(
    _ backup: Backup, to id: Desired.ID, _ context: Context
  ) async throws(ProviderError)
}

/// Says whether a resource that is as desired also works.
public protocol HealthChecking<Desired>: Provider {
  /// Asked after each observation that found nothing to change. Changes nothing.
  func health(
    of current: Desired.Subject, as desired: Desired, _ context: Context
  ) async throws(ProviderError) -> Health
}

/// Whether a resource works.
public enum Health: Sendable, Hashable {
  /// It works.
  case healthy
  /// Not yet; look again after this time.
  case progressing(String, checkAfter: Duration)
  /// It does not, for this reason.
  case degraded(String)
}

/// Has executors of its own, such as event loops, on which its calls run.
///
/// What a call waits for there then need not go from thread to thread.
public protocol Executing<Desired>: Provider {
  /// Each worker of the engine stays on one of them; none means the usual ones.
  ///
  /// Asked once, when the engine begins to run. `execution` has to be a pool: nothing may block.
  var executors: [any TaskExecutor] { get }
}

/// Takes over what exists under a name that the world has chosen.
public protocol Importing<Desired>: Provider {
  /// What is to be remembered of the resource with this name. Changes nothing.
  func memory(
    of externalID: String, for desired: Desired, _ context: Context
  ) async throws(ProviderError) -> Desired.Subject.Memory
}

/// Plans by itself, asynchronously.
public protocol Planning<Desired>: Provider {
  /// The desired state completed with planned values, from which `differences` is then read.
  func plan(
    _ desired: Desired, from current: Desired.Subject?, _ context: Context
  ) async throws(ProviderError) -> Desired
}

/// Sees all that is declared for it at once.
///
/// Pure.
public protocol Linking<Desired>: Provider {
  /// Takes fingerprints of others into its desired states; says what does not fit together.
  ///
  /// Identity, prerequisites and fingerprint of each follow from what it declares and from what was
  /// asked for it, whatever else is declared.
  func link(_ declared: inout [Declared<Desired>], _ links: Links) -> [Diagnostic]

  /// Links a few declarations that have changed, where that leaves all others as they are.
  ///
  /// `before` are what these were linked to, one for one. Nothing was added or taken away since,
  /// and `link` asked for nothing. False where all have to be linked again, or something does not
  /// fit together. Default: false.
  func relink(_ changed: inout [Declared<Desired>], from before: [Desired]) -> Bool
}

extension Linking {
  /// Everything is linked again.
  public func relink(_ changed: inout [Declared<Desired>], from before: [Desired]) -> Bool {
    false
  }
}

/// Serves kinds that the desired state itself defines.
///
/// Pure.
///
/// A definition stands for nothing in the world: it is decoded first, and never observed, owned or
/// pruned.
public protocol KindDefining<Desired>: Provider {
  /// What a definition is decoded to.
  associatedtype Definition: Sendable

  /// The kinds of definitions.
  var definitions: [Kind<Definition>] { get }

  /// All kinds of this provider, given these definitions.
  func kinds(
    definedBy definitions: [Declared<Definition>]
  ) throws(Diagnostics) -> [Kind<Desired>]
}

/// Keeps all that a unit declares below the root of the unit, where that has one.
///
/// `Declaration.root` says where that is. In a unit with a root, kinds of other providers are
/// refused: nothing of it must ever happen to the machine itself. The identity has to tell the
/// root, since it alone is left once nothing is declared any more.
public protocol Rooting<Desired>: Provider {}

/// Looks up what else is declared in the same unit.
public struct Links: Sendable {
  private let find: @Sendable (String, Reference) -> Link

  /// What a reference leads to.
  public enum Link: Sendable, Hashable {
    /// It is declared; its desired state may have a fingerprint.
    case found(Reference, Fingerprint?)
    /// Nothing of that name is declared.
    case missing
    /// Several kinds match; each by its qualified name.
    case ambiguous([String])
  }

  package init(find: @escaping @Sendable (String, Reference) -> Link) {
    self.find = find
  }

  /// Follows `Kind/name`, or `group/v1/Kind/name` where the kind is ambiguous, for one who asks.
  ///
  /// The fingerprint is that of what is declared, before linking. What was asked for becomes a
  /// dependency of the asking declaration, and a part of what it is made from.
  public subscript(reference: String, for asker: Reference) -> Link { find(reference, asker) }
}
