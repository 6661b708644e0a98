private import CTendFiles
private import Synchronization

/// A directory that is held open: what is done in it can't be led astray.
final class HeldDirectory: Sendable {
  let descriptor: Descriptor
  let device: UInt64
  let inode: UInt64
  /// Where it really lies; nil where no link leads there.
  let realPath: String?
  /// Whether its file system is local and keeps times that tell of every change.
  let keepsTimes: Bool

  /// When it was last found at its path; nanoseconds of the engine's wall clock.
  private let checkedAt: Atomic<Int64>
  /// What `checkedAt` was when `isIdle` was asked last.
  private let lastIdle = Atomic<Int64>(.min)
  /// Whether left-overs of a killed agent were looked for.
  private let isSwept = Mutex(false)
  /// The token of the watch that tells of its entries; 0 while none does.
  private let watchToken = Atomic<UInt64>(0)
  /// Makes its entries durable.
  private let durability = GroupCommit()
  private let owed: OwedSyncs

  /// Holds what a walk has found; `status` is how that is.
  init(
    _ arrival: consuming PathWalk.Arrival, _ status: Status, at now: Int64, _ owed: OwedSyncs
  ) throws(SystemError) {
    self.owed = owed
    device = status.device
    inode = status.inode
    realPath = arrival.realPath
    keepsTimes = FileSystems.keepTimes.contains(try check(tend_file_system(arrival.directory.raw)))
    descriptor = arrival.directory
    checkedAt = Atomic(now)
  }

  /// Whether it was found at its path not long ago.
  func isFresh(at now: Int64) -> Bool {
    let age = now &- checkedAt.load(ordering: .relaxed)
    return age >= 0 && age < DirectoryCache.longestTrust
  }

  /// When it was last found at its path.
  var lastChecked: Int64 { checkedAt.load(ordering: .relaxed) }

  /// The token of a directory that the kernel refuses to watch.
  static let unwatchable = UInt64.max

  /// The token of the watch that tells of its entries; 0 while none does.
  var watch: UInt64 {
    get { watchToken.load(ordering: .acquiring) }
    set { watchToken.store(newValue, ordering: .releasing) }
  }

  /// Whether nobody has looked for it since this was asked last.
  func isIdle() -> Bool {
    let checked = lastChecked
    return lastIdle.exchange(checked, ordering: .relaxed) == checked
  }

  /// It was found at its path again.
  func confirm(at now: Int64) {
    checkedAt.store(now, ordering: .relaxed)
  }

  /// Runs `sweep` unless it has run for this directory.
  func sweepOnce(_ sweep: () -> Void) {
    isSwept.withLock { isSwept in
      if !isSwept { sweep() }
      isSwept = true
    }
  }

  /// Makes durable what was made, renamed and removed in it, together with other threads.
  func sync() throws(SystemError) {
    try owed.run(identity) { () throws(SystemError) in try syncTogether() }
  }

  /// Makes that durable which could not be when it was done.
  func makeUp() throws(SystemError) {
    try owed.makeUp(for: identity) { () throws(SystemError) in try syncTogether() }
  }

  private var identity: WatchTable.Identity { WatchTable.Identity(device: device, inode: inode) }

  private func syncTogether() throws(SystemError) {
    try durability.commit { () throws(SystemError) in try syncNow() }
  }

  private func syncNow() throws(SystemError) {
    let opened = try Descriptor(
      ".".withCString { tend_open(descriptor.raw, $0, OpenFlags.directory, 0) })
    do {
      try check(tend_sync(opened.raw))
    } catch {
      // Some file systems keep no directory that could be synced; there is nothing more to do.
      guard error.code == ErrorCode.invalid || error.code == ErrorCode.notSupported else {
        throw error
      }
    }
  }
}

/// What is known of file systems.
private enum FileSystems {
  /// Magic numbers of those that are local and move the time of change with every change.
  ///
  /// Files on all others are always read: over a network others write unseen, and those of /proc
  /// and /sys change without a trace. See statfs(2) and linux/magic.h.
  static let keepTimes: Set<Int64> = [
    0xEF53,  // ext2, ext3, ext4
    0x5846_5342,  // XFS
    0x9123_683E,  // Btrfs
    0xF2F5_2010,  // F2FS
    0x2FC1_2FC1,  // ZFS
    0xCA45_1A4E,  // bcachefs
    0x0102_1994,  // tmpfs
    0x8584_58F6,  // ramfs
    0x794C_7630,  // overlayfs
  ]
}
