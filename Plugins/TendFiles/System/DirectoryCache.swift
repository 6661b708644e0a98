private import Synchronization

/// Holds the directories that were looked into last, so that looking again is one system call.
///
/// A directory that is replaced at its path is noticed by the next change below it, which always
/// walks anew, and by an observation at the latest after `longestTrust`. One that nobody looks into
/// is closed, so that its file system can be unmounted.
final class DirectoryCache: Sendable {
  /// How long a directory is taken to be still at its path: a tenth of a second, in nanoseconds.
  static let longestTrust: Int64 = 100_000_000
  private static let shardCount = 16

  private struct Key: Hashable {
    let hash: UInt64
    let path: String

    static func == (left: Key, right: Key) -> Bool {
      left.hash == right.hash && left.path.hasSameBytes(as: right.path)
    }

    func hash(into hasher: inout Hasher) { hasher.combine(hash) }
  }

  private final class Shard: Sendable {
    let held = Mutex<[Key: HeldDirectory]>([:])
  }

  private let shards: [Shard]
  private let capacity: Int
  private let walk: PathWalk
  private let owed = OwedSyncs()

  /// Holds at most `capacity` directories, each with one descriptor.
  init(walk: PathWalk, capacity: Int) {
    self.walk = walk
    self.capacity = max(1, capacity / Self.shardCount)
    shards = (0..<Self.shardCount).map { _ in Shard() }
  }

  /// The directory that holds an entry; nil where it does not exist.
  ///
  /// `anew` walks there in any case.
  func directory(
    of location: Location, at now: Int64, anew: Bool = false
  ) throws(WalkError) -> HeldDirectory? {
    let shard = shard(location.parentHash)
    let key = Key(hash: location.parentHash, path: location.parent)
    let known = shard.held.withLock { $0[key] }
    if let known, !anew, known.isFresh(at: now) { return known }
    guard let found = try look(for: location.parent, known, at: now) else {
      shard.held.withLock { $0[key] = nil }
      return nil
    }
    if found !== known { keep(found, key, shard) }
    return found
  }

  /// The directory that is held for a path, whether it is still there or not.
  func held(at path: String) -> HeldDirectory? {
    let hash = fnv(path.utf8)
    return shard(hash).held.withLock { $0[Key(hash: hash, path: path)] }
  }

  /// The directory at a path is looked for anew.
  func forget(_ path: String) {
    let hash = fnv(path.utf8)
    let dropped = shard(hash).held.withLock { $0.removeValue(forKey: Key(hash: hash, path: path)) }
    _ = consume dropped
  }

  /// All are looked for anew.
  func forgetAll() {
    for shard in shards {
      let dropped = shard.held.withLock { held in
        defer { held = [:] }
        return held
      }
      _ = consume dropped
    }
  }

  /// Closes those that nobody has looked into since the last call: what is open can't be unmounted.
  func forgetIdle() {
    for shard in shards {
      let dropped = shard.held.withLock { held in
        let idle = held.filter { $0.value.isIdle() }
        for key in idle.keys { held[key] = nil }
        return idle
      }
      _ = consume dropped
    }
  }

  /// Whether none is held.
  var isEmpty: Bool { shards.allSatisfy { $0.held.withLock { $0.isEmpty } } }

  private func shard(_ hash: UInt64) -> Shard {
    shards[Int(hash % UInt64(Self.shardCount))]
  }

  private func look(
    for path: String, _ known: HeldDirectory?, at now: Int64
  ) throws(WalkError) -> HeldDirectory? {
    let arrival: PathWalk.Arrival
    do {
      arrival = try walk.directory(at: path)
    } catch {
      if case .missing = error { return nil }
      throw error
    }
    do {
      let status = try arrival.directory.status()
      if let known, known.device == status.device, known.inode == status.inode,
        known.realPath == arrival.realPath
      {
        known.confirm(at: now)
        return known
      }
      return try HeldDirectory(arrival, status, at: now, owed)
    } catch {
      throw .failed(error, at: path)
    }
  }

  private func keep(_ directory: HeldDirectory, _ key: Key, _ shard: Shard) {
    // What falls out is closed outside the lock, once nobody uses it any more.
    let dropped: HeldDirectory? = shard.held.withLock { held in
      var dropped: HeldDirectory?
      if held.count >= capacity, held[key] == nil,
        let oldest = held.min(by: { $0.value.lastChecked < $1.value.lastChecked })
      {
        dropped = held.removeValue(forKey: oldest.key)
      }
      held[key] = directory
      return dropped
    }
    _ = consume dropped
  }
}
