private import Glibc
private import Synchronization

/// An open file descriptor, closed once.
final class Descriptor: Sendable {
  private let number: Mutex<Int32>

  init(_ number: Int32) { self.number = Mutex(number) }

  deinit { close() }

  /// The number, or -1 once it is closed: every call then fails with EBADF.
  var raw: Int32 { number.withLock { $0 } }

  func close() {
    number.withLock { number in
      if number >= 0 { _ = Glibc.close(number) }
      number = -1
    }
  }

  /// Ends reading and writing, which wakes who waits in a call on it; the number stays taken.
  func shutDown() {
    number.withLock { if $0 >= 0 { _ = shutdown($0, Int32(SHUT_RDWR)) } }
  }
}

/// The text of an error number.
func errnoText(_ number: Int32) -> String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
    guard let base = buffer.baseAddress, strerror_r(number, base, buffer.count) == 0 else {
      return "error \(number)"
    }
    return String(cString: base)
  }
}
