internal import Glibc
private import Synchronization
internal import SystemPackage

/// Our end of a process's standard input.
///
/// A socket and not a pipe: writing to a process that has died gives an error, where a pipe would
/// end this process by SIGPIPE.
final class SocketPair: Sendable {
  private let ends: Mutex<(ours: FileDescriptor?, theirs: FileDescriptor?)>

  /// Makes a pair that no other process inherits by accident.
  init() throws(GitFailure) {
    var pair: [CInt] = [-1, -1]
    let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &pair) == 0 else {
      throw .notStarted("a socket could not be made: \(Errno(rawValue: errno))")
    }
    ends = Mutex((FileDescriptor(rawValue: pair[0]), FileDescriptor(rawValue: pair[1])))
  }

  /// What the process gets; closed is the same as none.
  var theirs: FileDescriptor { ends.withLock { $0.theirs } ?? FileDescriptor(rawValue: -1) }

  /// Writes what there is room for, without waiting; the number of bytes, 0 where there is none.
  func send(_ bytes: ArraySlice<UInt8>) throws(GitFailure) -> Int {
    guard let ours = ends.withLock({ $0.ours }) else { throw .broken("its input is closed") }
    let flags = CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT)
    let sent = bytes.withUnsafeBytes { Glibc.send(ours.rawValue, $0.baseAddress, $0.count, flags) }
    if sent >= 0 { return sent }
    guard errno == EAGAIN || errno == EINTR else {
      throw .broken("it takes no more input: \(Errno(rawValue: errno))")
    }
    return 0
  }

  func closeTheirs() {
    let end = ends.withLock { ends -> FileDescriptor? in
      defer { ends.theirs = nil }
      return ends.theirs
    }
    try? end?.close()
  }

  /// Ends the process's input.
  func close() {
    closeTheirs()
    let end = ends.withLock { ends -> FileDescriptor? in
      defer { ends.ours = nil }
      return ends.ours
    }
    try? end?.close()
  }
}
