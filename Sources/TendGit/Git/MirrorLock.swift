internal import Glibc
internal import SystemPackage

/// A lock that the kernel lets go when its last holder ends, however it ends.
///
/// The lock belongs to the open file: a process that got the descriptor as its standard input holds
/// it on. So a `git` that outlives a killed agent keeps the mirror to itself until it has ended.
struct MirrorLock: ~Copyable {
  let descriptor: FileDescriptor

  enum Mode: Sendable { case shared, exclusive }

  /// Takes it at once, or gives nil where somebody else has it.
  static func attempt(_ path: FilePath, _ mode: Mode) throws(Errno) -> FileDescriptor? {
    let descriptor = try open(path)
    let operation = (mode == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB
    if flock(descriptor.rawValue, operation) == 0 { return descriptor }
    let error = Errno(rawValue: errno)
    try? descriptor.close()
    guard error == .wouldBlock else { throw error }
    return nil
  }

  /// Waits for it, trying again and again until the deadline; nil where it did not come free.
  static func take(
    _ path: FilePath, _ mode: Mode, within deadline: Duration, _ clock: any Clock<Duration>
  ) async throws -> MirrorLock? {
    var waited = Duration.zero
    var pause = Duration.milliseconds(1)
    while true {
      let taken = try await BlockingThread.run { () throws(Errno) -> FileDescriptor? in
        try attempt(path, mode)
      }
      if let descriptor = taken { return MirrorLock(descriptor: descriptor) }
      guard waited < deadline else { return nil }
      try await clock.sleep(for: pause)
      waited += pause
      pause = min(pause * 2, .milliseconds(50))
    }
  }

  // Unlocked first: a stray child may have the descriptor too.
  deinit {
    flock(descriptor.rawValue, LOCK_UN)
    try? descriptor.close()
  }

  private static func open(_ path: FilePath) throws(Errno) -> FileDescriptor {
    do {
      return try FileDescriptor.open(
        path, .readWrite, options: [.create, .closeOnExec, .noFollow],
        permissions: .ownerReadWrite)
    } catch let error as Errno {
      throw error
    } catch {
      throw .ioError
    }
  }
}
