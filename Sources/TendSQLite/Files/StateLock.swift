public import Tend
public import TendEngine

#if canImport(Glibc)
private import Glibc
#elseif canImport(Musl)
private import Musl
#else
private import Darwin
#endif

/// The right to write to a state directory, held by one process at a time.
///
/// It is an open-file-description lock on the file `lock` (fcntl(2), F_OFD_SETLK): the kernel ends
/// it with the process, however that dies, and children don't inherit it across exec. What stands
/// in the file is only for messages; a file that was left behind, or that names a process which
/// lives, means nothing.
public final class StateLock: Sendable {
  /// Who holds the lock, by what it wrote about itself.
  public struct Holder: Sendable, Hashable, CustomStringConvertible {
    /// Its process id, where it can be read.
    public let pid: Int32?
    /// Since when it holds the lock, where that can be read.
    public let since: Timestamp?

    /// `process 123 (since 2026-11-23T07:12:53.042Z)`.
    public var description: String {
      (pid.map { "process \($0)" } ?? "another process") + (since.map { " (since \($0))" } ?? "")
    }
  }

  private static let name = "lock"
  private let file: Int32

  /// Takes the lock, or throws `.locked` at once, naming the holder.
  ///
  /// The directory must exist. `now` is what the lock says about its beginning.
  public convenience init(at directory: String, now: Timestamp) throws(StoreError) {
    try self.init(in: StateDirectory(directory), now: now)
  }

  // What is thrown here runs `deinit`, which closes the file.
  init(in directory: StateDirectory, now: Timestamp) throws(StoreError) {
    let path = directory.path(of: Self.name)
    file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw StoreError(errno: errno, "open", path) }
    let code = Self.take(file)
    if code == EAGAIN || code == EACCES {
      throw StoreError(
        .locked, "\(directory.path) is in use by \(Self.holder(in: file))",
        remedy: "ask the running agent, or stop it first")
    }
    guard code == 0 else { throw StoreError(errno: code, "lock", path) }
    var text = Array("\(getpid()) \(now)\n".utf8)
    // A message that can't be written costs nothing but the message.
    _ = ftruncate(file, 0)
    _ = pwrite(file, &text, text.count, 0)
  }

  /// Zero or the error.
  ///
  /// A child that was forked but not yet exec'd when its parent was killed still holds the parent's
  /// lock for a moment, so it is tried for 50 ms.
  private static func take(_ file: Int32) -> Int32 {
    var code: Int32 = 0
    for attempt in 0..<6 {
      if attempt > 0 { usleep(10_000) }
      var range = whole(F_WRLCK)
      if fcntl(file, setLock, &range) == 0 { return 0 }
      code = errno
      guard code == EAGAIN || code == EACCES else { break }
    }
    return code
  }

  // Unlocked by name: a child between fork and exec shares the open file.
  deinit {
    guard file >= 0 else { return }
    var range = Self.whole(F_UNLCK)
    _ = fcntl(file, Self.setLock, &range)
    close(file)
  }

  /// Who holds the lock of a state directory now; nil where nobody does or there is none.
  ///
  /// Takes no lock, so that it never gets in the way of one who wants it.
  public static func holder(at directory: String) throws(StoreError) -> Holder? {
    let path = StateDirectory(directory).path(of: name)
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    if file < 0 {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw StoreError(errno: errno, "open", path)
    }
    defer { close(file) }
    var range = whole(F_WRLCK)
    guard fcntl(file, getLock, &range) == 0 else { throw StoreError(errno: errno, "test", path) }
    return range.l_type == Int16(F_UNLCK) ? nil : holder(in: file)
  }

  private static func whole(_ type: Int32) -> flock {
    var range = flock()
    range.l_type = Int16(type)
    range.l_whence = Int16(SEEK_SET)
    return range
  }

  private static func holder(in file: Int32) -> Holder {
    var buffer = [UInt8](repeating: 0, count: 128)
    let count = pread(file, &buffer, buffer.count, 0)
    let text = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    let words = text.split(whereSeparator: { $0 == " " || $0 == "\n" })
    return Holder(
      pid: words.first.flatMap { Int32($0) },
      since: words.dropFirst().first.flatMap { Timestamp(String($0)) })
  }

  // F_OFD_GETLK and F_OFD_SETLK, which not every libc header shows.
  #if os(Linux)
  private static let getLock: Int32 = 36
  private static let setLock: Int32 = 37
  #else
  private static let getLock: Int32 = 92
  private static let setLock: Int32 = 90
  #endif
}
