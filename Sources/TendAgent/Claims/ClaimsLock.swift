private import Glibc
import Synchronization
import TendEngine

/// The right to claim, held by one agent of a host at a time, for the time of one commit.
///
/// An open-file-description lock (fcntl(2), F_OFD_SETLK): the kernel ends it with the process.
final class ClaimsLock: Sendable {
  private let file: Mutex<Int32>

  /// Waits for 10 s at most; a commit takes milliseconds.
  init(in directory: String) throws(StoreError) {
    Self.make(directory)
    let path = "\(directory)/\(ClaimsDirectory.lockName)"
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw ClaimsDirectory.error("open", path) }
    self.file = Mutex(file)
    for _ in 0..<1000 {
      if Self.set(F_WRLCK, file) { return }
      guard errno == EAGAIN || errno == EACCES else { throw ClaimsDirectory.error("lock", path) }
      usleep(10_000)
    }
    throw StoreError(
      .busy, "another agent on this host has held \(path) for 10 s",
      remedy: "look whether one was stopped in the middle; kill -CONT lets it go on")
  }

  /// Others may claim.
  func end() {
    file.withLock { file in
      guard file >= 0 else { return }
      _ = Self.set(F_UNLCK, file)
      close(file)
      file = -1
    }
  }

  deinit { end() }

  private static func set(_ type: Int32, _ file: Int32) -> Bool {
    var range = flock()
    range.l_type = Int16(type)
    range.l_whence = Int16(SEEK_SET)
    return fcntl(file, setLock, &range) == 0
  }

  /// F_OFD_SETLK, which not every libc header shows.
  private static let setLock: Int32 = 37

  private static func make(_ directory: String) {
    if let slash = directory.lastIndex(of: "/"), slash != directory.startIndex {
      mkdir(String(directory[..<slash]), 0o700)
    }
    mkdir(directory, 0o700)
  }
}
