/// Keeps what a change replaces or deletes, so that `tend restore` can bring it back.
///
/// The agent provides one below its state directory; the engine hands it to providers by way of
/// `Context.backups`. Calls block and are made from a provider's own threads.
public protocol BackupStore: Sendable {
  /// Keeps the file or symbolic link at this path, which is about to be replaced or deleted.
  ///
  /// It is moved where `move` allows it and the file system is the same, else copied. Durable when
  /// it returns if `durable`. The first backup of a path that was adopted is never rotated out.
  func keep(_ request: BackupRequest) throws(ProviderError)

  /// Lets go of what newer backups push out, where `keep` has left that for later.
  ///
  /// Called once a change is done, so that no repair waits for it. Default: nothing.
  func rotate()
}

extension BackupStore {
  /// Nothing is left for later.
  public func rotate() {}
}

/// What is to be kept, and how.
public struct BackupRequest: Sendable, Hashable {
  /// An open descriptor of the directory that holds it.
  public let directory: Int32
  /// Its name in that directory.
  public let name: String
  /// Its path, as people know it.
  public let path: String
  /// Whether it may be moved away: it is about to be deleted, not replaced.
  public let mayMove: Bool
  /// Whether it must survive a power loss before the change goes on.
  public let durable: Bool
  /// Whether it was there before us; such a backup is kept as long as the path is owned.
  public let adopted: Bool

  /// Asks for a backup.
  public init(
    directory: Int32, name: String, path: String, mayMove: Bool, durable: Bool, adopted: Bool
  ) {
    self.directory = directory
    self.name = name
    self.path = path
    self.mayMove = mayMove
    self.durable = durable
    self.adopted = adopted
  }
}

/// What was kept of a file or a symbolic link, to be brought back.
public struct Backup: Sendable, Hashable {
  /// What it holds.
  public enum Content: Sendable, Hashable {
    /// The bytes of a file, from an open descriptor, which its opener closes.
    case file(descriptor: Int32)
    /// Where a link led.
    case link(target: String)
  }

  /// What it holds.
  public let content: Content
  /// Permission bits, with set-user-id and the like, as chmod(2) takes them.
  public let mode: UInt32
  /// Its owner's number.
  public let owner: UInt32
  /// Its group's number.
  public let group: UInt32
  /// When its content was last modified.
  public let modified: Timestamp
  /// Extended attributes, access lists among them, by name.
  public let attributes: [String: [UInt8]]

  /// Describes what was kept.
  public init(
    _ content: Content, mode: UInt32, owner: UInt32, group: UInt32, modified: Timestamp,
    attributes: [String: [UInt8]] = [:]
  ) {
    self.content = content
    self.mode = mode
    self.owner = owner
    self.group = group
    self.modified = modified
    self.attributes = attributes
  }
}
