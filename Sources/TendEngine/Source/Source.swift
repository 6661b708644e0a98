public import Tend

/// Where declarations come from: a Git repository, a directory, a value in memory.
///
/// A source fetches and reads; it never applies. The engine calls it from one task of its unit at a
/// time, on its interval and when a refresh is asked for.
public protocol Source: Sendable {
  /// What people call it: a URL without credentials, a directory.
  var description: String { get }

  /// The newest revision there is, fetched now.
  ///
  /// `known` is the last revision that the unit took in, also before a restart: where nothing is
  /// newer the answer is `.unchanged`, and history that was rewritten since is an error. A failure
  /// deletes nothing: the unit goes on with what it has. Cancellation stops the fetch.
  func refresh(after known: Revision?) async throws(SourceError) -> Refresh

  /// A revision that was fetched before, read again without a look at the remote.
  func snapshot(of revision: Revision) async throws(SourceError) -> Snapshot
}

/// A source that notices by itself that there may be something new.
///
/// Its interval stays: what is noticed late, or not at all, costs time and nothing else.
public protocol WatchedSource: Source {
  /// Returns once there may be something newer than at the last refresh, and early when its task is
  /// cancelled.
  ///
  /// Called by one task at a time, between refreshes.
  func waitForChange() async

  /// Why it can't notice anything now, and is read on its interval alone; nil: it can.
  var whyPolled: String? { get }
}

extension WatchedSource {
  /// It always notices.
  public var whyPolled: String? { nil }
}

/// What a refresh found.
public enum Refresh: Sendable {
  /// The revision that is known is still the newest.
  case unchanged
  /// A newer one, read whole and without error.
  case changed(Snapshot)
  /// A newer one that can't be used, and what is wrong with it so far.
  ///
  /// What could be read of it is there so that specs are checked in the same run; it is never
  /// applied.
  case invalid(Snapshot, Diagnostics)
}

/// Why a source gave no revision.
public struct SourceError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What sort of failure.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    /// A fixed short label, for conditions, metrics and JSON.
    public let description: String

    /// A code of a source's own.
    public init(_ description: String) { self.description = description }

    /// The remote does not answer, or too slowly.
    public static let unreachable = Code("SourceUnreachable")
    /// The remote refused us.
    public static let notPermitted = Code("SourceNotPermitted")
    /// The branch, commit or path does not exist.
    public static let missing = Code("SourceMissing")
    /// History does not contain the revision that was taken in before.
    public static let rewritten = Code("SourceRewritten")
    /// A signature is missing, or is nobody's who may sign.
    public static let unsigned = Code("SourceUnsigned")
    /// A bound on size, time or number was passed.
    public static let limit = Code("SourceLimit")
    /// What was fetched can't be read.
    public static let corrupt = Code("SourceCorrupt")
    /// What this machine lacks: a program, space, a right.
    public static let host = Code("SourceHost")
    /// The call was cancelled; nothing is concluded from it.
    public static let cancelled = Code("Cancelled")
  }

  /// What sort of failure.
  public var code: Code
  /// What was tried and what came of it; never a credential.
  public var message: String
  /// What a person can do about it.
  public var remedy: String?

  /// Says what failed and what to do.
  public init(_ code: Code, _ message: String, remedy: String? = nil) {
    self.code = code
    self.message = message
    self.remedy = remedy
  }

  /// One line: what failed, and what to do.
  public var description: String { message + (remedy.map { "; \($0)" } ?? "") }
}
