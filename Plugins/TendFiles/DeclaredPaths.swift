private import Synchronization

/// All paths that a unit declares: what tells a parent that will come from one that is missing.
final class DeclaredPaths: Sendable {
  /// In the order of the bytes of their paths: few ask, and a hash table would take more.
  private let entries: [EntrySpec.Fields]
  /// Entries that are reached through links, by the path at which they really lie.
  private let reached = Mutex<[EntryPath: EntryPath]>([:])

  init(_ entries: [EntrySpec.Fields]) {
    self.entries = entries.sorted { $0.location.path < $1.location.path }
  }

  /// Whether an entry is declared.
  func declares(_ path: EntryPath) -> Bool { entry(at: path) != nil }

  /// Whether an entry below this one is declared.
  func declaresBelow(_ path: EntryPath) -> Bool {
    // What begins like this follows it directly.
    let start = "\(path)/"
    let next = position { $0.description.precedes(start) }
    return entries.indices.contains(next)
      && entries[next].location.path.description.utf8.starts(with: start.utf8)
  }

  /// Whether there will be a directory.
  func declaresDirectory(at path: EntryPath) -> Bool {
    entry(at: path)?.form.type == .directory
  }

  /// Another declared path that leads to the same entry, if one is known.
  ///
  /// `path` is as it was declared, `real` where it lies once all links are followed.
  func rival(of path: EntryPath, at real: EntryPath) -> EntryPath? {
    if declares(real) { return real }
    let first = reached.withLock { reached in
      if reached[real] == nil { reached[real] = path }
      return reached[real]
    }
    return first == path ? nil : first
  }

  /// A path no longer leads there.
  func retract(_ path: EntryPath, from real: EntryPath) {
    reached.withLock { if $0[real] == path { $0[real] = nil } }
  }

  private func entry(at path: EntryPath) -> EntrySpec.Fields? {
    let position = position { $0 < path }
    guard entries.indices.contains(position), entries[position].location.path == path else {
      return nil
    }
    return entries[position]
  }

  /// Where the first one stands that does not come before.
  private func position(_ comesBefore: (EntryPath) -> Bool) -> Int {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if comesBefore(entries[middle].location.path) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
