private import Glibc
public import Tend
public import TendEngine

/// The file that suspends everything, whether an agent runs or not.
///
/// An agent looks at it before every change. It is JSON; as long as it is there and can't be read,
/// whatever the reason, everything is suspended too.
public struct Brake: Sendable {
  private let directory: String
  private let path: String
  private let now: @Sendable () -> Timestamp

  /// The longest file that is read.
  private static let limit = 65_536

  /// The brake of a state directory.
  public init(
    of state: StateDirectory, now: @escaping @Sendable () -> Timestamp = { .wallClock }
  ) {
    directory = state.path
    path = state.brake
    self.now = now
  }

  /// Why everything is suspended; nil where it is not, or no longer.
  @Sendable public func read() -> Suspension? {
    // Never waits, whatever somebody put there.
    let number = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard number >= 0 else {
      return errno == ENOENT || errno == ENOTDIR ? nil : unreadable(errnoText(errno))
    }
    let file = Descriptor(number)
    var bytes = [UInt8](repeating: 0, count: Self.limit)
    let count = Glibc.read(file.raw, &bytes, bytes.count)
    guard count >= 0 else { return unreadable(errnoText(errno)) }
    guard count < Self.limit, let text = String(validating: bytes.prefix(count), as: UTF8.self),
      let value = try? Value(json: text),
      let suspension = try? ValueDecoder().decode(Suspension.self, from: value)
    else { return unreadable("it is not what tend suspend --all writes") }
    return suspension.isOver(at: now()) ? nil : suspension
  }

  private func unreadable(_ why: String) -> Suspension {
    var status = stat()
    let isThere = lstat(path, &status) == 0
    var suspension = Suspension(
      note: "\(path) can't be read: \(why)", by: "a file",
      since: Timestamp(seconds: isThere ? Int64(status.st_mtim.tv_sec) : 0))
    suspension.isOfEverything = true
    return suspension
  }

  /// Suspends everything from now on, durably.
  ///
  /// The file belongs to whom the directory belongs to, so that the agent can read it.
  public func pull(_ suspension: Suspension) throws(Failure) {
    var suspension = suspension
    suspension.isOfEverything = true
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW
    let file = Descriptor(open(path + ".new", flags, 0o600))
    guard file.raw >= 0 else {
      let remedy = errno == ENOENT ? "name the agent's directory with --state-dir" : nil
      throw failure("written", remedy)
    }
    var status = stat()
    if geteuid() == 0, stat(directory, &status) == 0 {
      _ = fchown(file.raw, status.st_uid, status.st_gid)
    }
    do {
      try file.write(Array((ValueEncoder().encode(suspension).prettyJSON + "\n").utf8))
    } catch {
      throw Failure("Store", "\(path) can't be written: \(error)")
    }
    guard fsync(file.raw) == 0, rename(path + ".new", path) == 0 else { throw failure("written") }
    try flush()
  }

  /// Lets everything go on; false where nothing was suspended.
  @discardableResult
  public func release() throws(Failure) -> Bool {
    guard unlink(path) == 0 else {
      if errno == ENOENT { return false }
      throw failure("removed")
    }
    try flush()
    return true
  }

  private func flush() throws(Failure) {
    let folder = Descriptor(open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
    guard folder.raw >= 0, fsync(folder.raw) == 0 else { throw failure("flushed") }
  }

  private func failure(_ what: String, _ remedy: String? = nil) -> Failure {
    let error = errno
    return Failure(
      error == EACCES || error == EPERM ? "NotPermitted" : "Store",
      "\(path) can't be \(what): \(errnoText(error))",
      remedy: remedy ?? (error == EACCES ? "run tend as the user of the agent, or as root" : nil))
  }
}
