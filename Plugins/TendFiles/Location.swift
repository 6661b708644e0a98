/// Where an entry lies, split once so that looking at it costs no text.
struct Location: Sendable {
  let path: EntryPath
  let name: String
  /// Of the path's bytes; spreads what has to be done once a day over that day.
  let pathHash: UInt64
  private let directory: Directory

  /// The directory that holds entries; one for all that are declared in it one after the other.
  final class Directory: Sendable {
    let path: String
    /// Of the path's bytes; spreads directories over the shards of the cache.
    let hash: UInt64

    init(_ path: String) {
      self.path = path
      hash = fnv(path.utf8)
    }
  }

  var parent: String { directory.path }
  var parentHash: UInt64 { directory.hash }

  init(_ path: EntryPath) {
    self.init(path, in: Directory(path.parent))
  }

  /// `directory` is the one that holds the entry.
  init(_ path: EntryPath, in directory: Directory) {
    self.path = path
    self.directory = directory
    name = path.name
    pathHash = fnv(path.description.utf8)
  }

  /// For looking into a directory itself.
  init(inside directory: EntryPath) {
    path = directory
    self.directory = Directory(directory.description)
    name = "."
    pathHash = self.directory.hash
  }
}

/// The 64 bit hash of Fowler, Noll and Vo (FNV-1a): the same in every process.
func fnv(_ bytes: some Sequence<UInt8>) -> UInt64 {
  bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}
