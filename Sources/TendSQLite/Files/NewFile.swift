private import Glibc
internal import TendEngine

/// A file that is written from its beginning, piece by piece; gone again unless it is finished.
struct NewFile: ~Copyable {
  private let file: Int32
  private let path: String
  private var isFinished = false

  init(at path: String) throws(StoreError) {
    self.path = path
    file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else {
      // There is nothing to take away.
      isFinished = true
      throw StoreError(errno: errno, "make", path)
    }
  }

  deinit {
    if file >= 0 { close(file) }
    if !isFinished { unlink(path) }
  }

  func append(_ bytes: [UInt8]) throws(StoreError) { try Self.write(bytes, to: file, path) }

  /// Nothing follows; what was appended is durable.
  mutating func finish() throws(StoreError) {
    guard fsync(file) == 0 else { throw StoreError(errno: errno, "sync", path) }
    isFinished = true
  }

  static func write(_ bytes: [UInt8], to file: Int32, _ path: String) throws(StoreError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw StoreError(errno: errno, "write", path)
      }
      rest = rest.dropFirst(count)
    }
  }
}
