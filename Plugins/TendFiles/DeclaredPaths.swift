private import Synchronization

/// All paths that a unit declares: what tells a parent that will come from one that is missing.
final class DeclaredPaths: Sendable {
  private let types: [EntryPath: EntryType]
  /// Entries that are reached through links, by the path at which they really lie.
  private let reached = Mutex<[EntryPath: EntryPath]>([:])

  init(_ types: [EntryPath: EntryType]) {
    self.types = types
  }

  /// Whether an entry is declared.
  func declares(_ path: EntryPath) -> Bool { types[path] != nil }

  /// Whether an entry below this one is declared.
  func declaresBelow(_ path: EntryPath) -> Bool {
    let start = "\(path)/"
    return types.keys.contains { $0.description.utf8.starts(with: start.utf8) }
  }

  /// Whether there will be a directory.
  func declaresDirectory(at path: EntryPath) -> Bool { types[path] == .directory }

  /// Another declared path that leads to the same entry, if one is known.
  ///
  /// `path` is as it was declared, `real` where it lies once all links are followed.
  func rival(of path: EntryPath, at real: EntryPath) -> EntryPath? {
    if types[real] != nil { return real }
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
}
