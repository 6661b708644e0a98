private import Glibc

/// Tells that files were removed, moved or had their attributes changed, by inotify.
final class FileEvents: Sendable {
  private let events: Descriptor
  /// What ends a wait from outside.
  private let wake: (read: Descriptor, write: Descriptor)

  /// A name that is taken away is a change of the file's attributes, for as long as it is open.
  private static let mask = UInt32(IN_ATTRIB) | UInt32(IN_DELETE_SELF) | UInt32(IN_MOVE_SELF)

  /// Nil where one of them can't be watched.
  init?(of paths: [String]) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    wake = (Descriptor(ends[0]), Descriptor(ends[1]))
    events = Descriptor(inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK)))
    for path in paths where inotify_add_watch(events.raw, path, Self.mask) < 0 { return nil }
  }

  /// Returns once something happened: true; or once the task is cancelled: false.
  ///
  /// Waits on a thread of its own. For one caller; a wait after a cancelled one returns at once.
  func wait() async -> Bool {
    await withTaskCancellationHandler {
      await onThreadOfItsOwn { hear() }
    } onCancel: {
      _ = write(wake.write.raw, [1] as [UInt8], 1)
    }
  }

  private func hear() -> Bool {
    var both = [
      pollfd(fd: events.raw, events: Int16(POLLIN), revents: 0),
      pollfd(fd: wake.read.raw, events: Int16(POLLIN), revents: 0),
    ]
    while poll(&both, nfds_t(both.count), -1) < 0, errno == EINTR {}
    var buffer = [UInt8](repeating: 0, count: 4096)
    while read(events.raw, &buffer, buffer.count) > 0 {}
    return both[1].revents == 0
  }
}
