/// Keeps something of its own beside the resources: files, or a program that outlives the agent.
public protocol Residing<Desired>: Provider {
  /// Where it may keep it.
  ///
  /// Called once, when the engine is made, before any other call; not at all for an engine that
  /// only checks manifests. Changes nothing.
  func reside(in residence: Residence)

  /// Whether its resources need an agent that stays to look after them.
  ///
  /// `tend apply` without one is then refused, naming the remedy. Default: no.
  var needsAgent: Bool { get }

  /// Ends what it keeps running for a resource: the agent ends, and is to leave nothing behind.
  ///
  /// Called in the reverse order of dependencies, after the engine has drained. The answer is
  /// whether there was something to end. Default: there is nothing.
  func vacate(_ id: Desired.ID, _ context: Context) async throws(ProviderError) -> Bool
}

extension Residing {
  /// It does not.
  public var needsAgent: Bool { false }
  /// There is nothing to end.
  public func vacate(
    _ id: Desired.ID, _ context: Context
  ) async throws(ProviderError) -> Bool { false }
}

/// Where a provider is at home.
public struct Residence: Sendable, Hashable {
  /// A directory of its own below the state directory; it need not exist yet.
  public let directory: String
  /// Whether this is the agent, which stays; else a command that looks and goes.
  public let isAgent: Bool

  /// Names a directory.
  public init(directory: String, isAgent: Bool) {
    self.directory = directory
    self.isAgent = isAgent
  }
}

/// Tells people more of a resource than what is compared.
public protocol Describing<Desired>: Provider {
  /// What is known right now, in the order in which it is to be shown; never a secret.
  ///
  /// Asked by `tend describe`, from any thread; may read what is at hand, and waits for nothing.
  func details(of id: Desired.ID) -> [Detail]
}

/// Can start a resource anew: `tend restart`.
public protocol Restarting<Desired>: Provider {
  /// Begins it; what is under way is seen by the observations that follow.
  func restart(_ id: Desired.ID, _ context: Context) async throws(ProviderError)
}

/// Keeps what its resources print: `tend logs`.
public protocol LogKeeping<Desired>: Provider {
  /// Where it lies, in the order in which it is to be shown; empty where nothing was printed.
  func logs(of id: Desired.ID) -> [LogFolder]
}

/// The log of one part of a resource: `current`, and full files `1`, `2` and so on, newest first.
///
/// Each line begins with its time (RFC 3339, UTC) and a space.
public struct LogFolder: Sendable, Hashable, Codable {
  /// Which part, such as the number of a replica.
  public let part: String
  /// The directory with the files.
  public let path: String

  /// Names a directory.
  public init(part: String, path: String) {
    self.part = part
    self.path = path
  }
}
