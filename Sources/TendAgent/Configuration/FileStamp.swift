private import Glibc

/// What tells one state of a file from another, without reading it; see inode(7).
struct FileStamp: Sendable, Hashable {
  private let device: UInt64
  private let inode: UInt64
  private let size: Int64
  private let modified: [Int64]
  private let changed: [Int64]

  /// Of what stands at a path, links followed; nil where there is nothing.
  init?(at path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  /// Of an open file.
  init?(of descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  private init(_ status: stat) {
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    size = Int64(status.st_size)
    modified = [Int64(status.st_mtim.tv_sec), Int64(status.st_mtim.tv_nsec)]
    changed = [Int64(status.st_ctim.tv_sec), Int64(status.st_ctim.tv_nsec)]
  }
}

/// Decides when a file that somebody changes is to be read again.
///
/// Pure. A file counts as changed once two looks at it give the same, so that one which is still
/// being written is not taken for what somebody wants.
struct FileChanges {
  private var known: FileStamp?
  private var last: FileStamp?

  /// Begins with the file as it was read.
  init(known: FileStamp?) {
    self.known = known
    last = known
  }

  /// Whether the file, as it is now, is to be read.
  mutating func see(_ stamp: FileStamp?) -> Bool {
    defer { last = stamp }
    guard stamp != known, stamp == last else { return false }
    known = stamp
    return true
  }
}
