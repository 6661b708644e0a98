internal import Glibc
internal import SystemPackage
internal import TendEngine

/// All directories of a tree under one inotify instance; what happened is of no interest, only that
/// something did.
final class WatchedTree: Sendable {
  private let events: FileDescriptor
  /// What ends a wait from outside.
  private let wake: SocketPair

  private static let mask =
    UInt32(IN_CREATE) | UInt32(IN_DELETE) | UInt32(IN_MOVED_FROM) | UInt32(IN_MOVED_TO)
    | UInt32(IN_MODIFY) | UInt32(IN_CLOSE_WRITE) | UInt32(IN_ATTRIB) | UInt32(IN_DELETE_SELF)
    | UInt32(IN_MOVE_SELF)

  /// Watches a directory and all below it, or the directory of a file.
  ///
  /// Blocks while it walks. Links are not followed, and a repository's own `.git` is passed by.
  init(_ path: FilePath, _ limits: SourceLimits) throws(Errno) {
    let raw = inotify_init1(CInt(IN_CLOEXEC) | CInt(IN_NONBLOCK))
    guard raw >= 0 else { throw Errno(rawValue: errno) }
    events = FileDescriptor(rawValue: raw)
    do {
      wake = try SocketPair()
    } catch {
      try? events.close()
      throw .tooManyOpenFiles
    }
    var left = limits.entries
    do throws(Errno) {
      try add(try OpenDirectory(path), depth: limits.depth, &left)
    } catch .notDirectory {
      let folder = path.removingLastComponent()
      try watch(try OpenDirectory(folder.isEmpty ? "." : folder))
    }
  }

  deinit {
    try? events.close()
    wake.close()
  }

  /// Returns once something happened, or the task is cancelled.
  func wait() async {
    await withTaskCancellationHandler {
      if Task.isCancelled { return }
      await BlockingThread.run { [self] in
        var both = [
          pollfd(fd: events.rawValue, events: Int16(POLLIN), revents: 0),
          pollfd(fd: wake.theirs.rawValue, events: Int16(POLLIN), revents: 0),
        ]
        while poll(&both, nfds_t(both.count), -1) < 0, errno == EINTR {}
      }
    } onCancel: {
      _ = try? wake.send([1])
    }
  }

  /// Whether something happened since the last `drain()`.
  var hasEvents: Bool {
    var one = pollfd(fd: events.rawValue, events: Int16(POLLIN), revents: 0)
    return poll(&one, 1, 0) > 0
  }

  /// Forgets what happened so far.
  func drain() {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while read(events.rawValue, &buffer, buffer.count) > 0 {}
  }

  private func add(
    _ folder: OpenDirectory, depth: Int, _ left: inout Int
  ) throws(Errno) {
    // Watched before it is listed: what is added meanwhile is an event.
    try watch(folder)
    left -= 1
    guard left > 0 else { throw .tooManyLinks }
    guard depth > 0 else { return }
    for name in try folder.folders() where name != ".git" {
      // What went away since it was listed is an event too.
      guard let inner = try? folder.directory(name) else { continue }
      try add(inner, depth: depth - 1, &left)
    }
  }

  private func watch(_ folder: OpenDirectory) throws(Errno) {
    let path = "/proc/self/fd/\(folder.descriptor.rawValue)"
    guard inotify_add_watch(events.rawValue, path, Self.mask | UInt32(IN_ONLYDIR)) >= 0 else {
      throw Errno(rawValue: errno)
    }
  }
}

extension OpenDirectory {
  /// The names of directories in it, in no order.
  func folders() throws(Errno) -> [String] {
    let raw = openat(descriptor.rawValue, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard raw >= 0 else { throw Errno(rawValue: errno) }
    let names = DirectoryNames.read(FileDescriptor(rawValue: raw)) { type in
      type == UInt8(DT_DIR) || type == UInt8(DT_UNKNOWN)
    }
    guard let names else { throw .ioError }
    return names
  }
}
