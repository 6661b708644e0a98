private import Glibc
private import Synchronization
public import Tend

/// Keeps what changes replace or delete, in a directory below the agent's state.
///
/// ```
/// backups/
///   61c8f3a9e0b7d254/     one path, by a digest of it
///     17.json             a `BackupRecord`
///     17.data             the bytes of a regular file, mode 0600
/// ```
///
/// A record without its data is no backup: it is being made, or it is the trace of a crash.
/// Whatever has its name is whole. Directories have mode 0700.
public final class BackupDirectory: BackupStore {
  private struct State {
    var index: BackupIndex?
    var next: Int64 = 1
    /// The first number that this process has given.
    var first: Int64 = 1
    /// Those since then whose data is the file that was there, which others may still hold open.
    var moved: Set<Int64> = []
    /// Those that may push others out; one that need not be durable leaves that to `rotate`, or to
    /// the next one.
    var latest: [BackupRecord] = []
  }

  let path: String
  private let rotation: BackupRotation
  private let now: @Sendable () -> Timestamp
  private let state = Mutex(State())

  /// Names the directory; it is made by the first backup.
  public init(
    at path: String, rotation: BackupRotation = BackupRotation(),
    now: @escaping @Sendable () -> Timestamp = { .wallClock }
  ) {
    self.path = path
    self.rotation = rotation
    self.now = now
  }

  /// Keeps a regular file or a link; what is neither has no content to keep.
  ///
  /// It is moved where that is allowed, the file system is the same and no other name leads to it;
  /// else copied. Throws `.permanent` for what is larger than all backups may be together.
  public func keep(_ request: BackupRequest) throws(ProviderError) {
    let found = try BackupSource(request)
    guard let found else { return }
    guard found.size <= rotation.totalBytes else {
      throw .permanent(
        "\(request.path) has \(found.size) bytes, more than backups may have together",
        remedy: "move it away by hand, or declare backup: none")
    }
    let number = claimNumber()
    let folder = try BackupFolder(below: path, for: request.path)
    let record = found.record(number: number, time: now(), isAdopted: request.adopted)
    try folder.write(record, durable: request.durable)
    do throws(ProviderError) {
      if try found.store(in: folder, number: number) {
        state.withLock { _ = $0.moved.insert(number) }
      }
    } catch {
      folder.removeRecord(number)
      throw error
    }
    if request.durable { try folder.flush(number: number, kind: record.kind) }
    state.withLock { state in
      if !request.durable { rotate(&state, spares: true) }
      state.index?.add(record)
      state.latest.append(record)
      if request.durable { rotate(&state) }
    }
  }

  /// Removes what was pushed out by backups of repairs.
  public func rotate() { state.withLock { rotate(&$0, spares: true) } }

  /// Removes the traces of a crash; only while nobody else may write here.
  public func removeTraces() { BackupIndex.removeTraces(below: path) }

  /// The backups of a path, oldest first.
  public func backups(of path: String) -> [BackupRecord] {
    BackupIndex(at: self.path).records(of: path)
  }

  /// The backups of what is at a path, as somebody writes it, oldest first.
  func backups(at path: String) -> [BackupRecord] {
    BackupIndex(at: self.path).all.filter { $0.isKept(from: path) }.sorted { $0.number < $1.number }
  }

  /// Removes what has expired; a path for which `isOwned` says no loses its first backup too.
  public func sweep(isOwned: (String) -> Bool) {
    state.withLock { state in
      var index = state.index ?? BackupIndex(at: path)
      let gone = rotation.expired(among: index.entries, at: now(), isOwned: isOwned)
      index.remove(gone, below: path)
      state.moved.subtract(gone.map(\.number))
      state.index = index
    }
  }

  private func claimNumber() -> Int64 {
    state.withLock { state in
      if state.index == nil {
        let index = BackupIndex(at: path)
        state.next = index.lastNumber &+ 1
        state.first = state.next
        state.index = index
      }
      defer { state.next += 1 }
      return state.next
    }
  }

  /// The largest file that is spared.
  private static let largestSpare: Int64 = 64 << 10

  /// A backup that was just made may push older ones out.
  ///
  /// Only files that this process has made are written over: nobody else holds them.
  private func rotate(_ state: inout State, spares: Bool = false) {
    for record in state.latest {
      guard let index = state.index else { continue }
      // Only where all together are too many need the others be looked at.
      let isFull = index.totalBytes > rotation.totalBytes
      let entries = isFull ? index.entries : index.entries(of: record.path)
      let gone = rotation.expired(among: entries, at: now(), latest: record.number)
      let (first, moved) = (state.first, state.moved)
      state.index?.remove(gone, below: path) { entry in
        spares && entry.size <= Self.largestSpare && entry.number >= first
          && !moved.contains(entry.number)
      }
      for entry in gone { state.moved.remove(entry.number) }
    }
    state.latest = []
  }
}
