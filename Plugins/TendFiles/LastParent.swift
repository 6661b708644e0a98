private import Synchronization

/// The directory of the path that was read last: what is declared together mostly lies together,
/// and then need not keep a text each.
final class LastParent: Sendable {
  private let last = Mutex(Location.Directory(""))

  /// The directory of a path; the same one for all that follow each other.
  func parent(of path: EntryPath) -> Location.Directory {
    let parent = path.parent
    return last.withLock { last in
      if !last.path.hasSameBytes(as: parent) { last = Location.Directory(parent) }
      return last
    }
  }
}
