internal import CTendFiles

/// A negative answer of a system call.
struct SystemError: Error, Hashable {
  /// The errno.
  let code: Int32

  /// What it means, in the words of the C library, without a capital.
  var text: String {
    let text = String(cString: tend_error_text(code))
    return text.prefix(1).lowercased() + text.dropFirst()
  }
}

/// Passes on what a call of `CTendFiles` gave; a negative value is an error.
@discardableResult
func check<Value: BinaryInteger>(_ value: Value) throws(SystemError) -> Value {
  if value < 0 { throw SystemError(code: Int32(clamping: -Int64(clamping: value))) }
  return value
}

/// An open descriptor; closed when it goes.
struct Descriptor: ~Copyable, Sendable {
  let raw: Int32

  /// Takes over an open descriptor, or throws where the call that should have given one failed.
  init(_ result: Int32) throws(SystemError) {
    raw = try check(result)
  }

  deinit { tend_close(raw) }

  /// How what it stands for is now.
  func status() throws(SystemError) -> Status {
    try Status(of: "", in: raw)
  }

  /// What a link leads to, where it was opened as a place.
  func readLink() throws(SystemError) -> String {
    let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: 4096)
    defer { buffer.deallocate() }
    let length = try check(tend_read_link(raw, buffer.baseAddress, buffer.count))
    let target = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<length])
    return String(decoding: target, as: UTF8.self)
  }

  /// Writes all bytes from the current position on.
  func write(_ bytes: [UInt8]) throws(SystemError) {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        tend_write(raw, buffer.baseAddress.map { $0 + written }, buffer.count - written)
      }
      written += try check(count)
    }
  }

  /// Reads up to the end, piece by piece; stops early where `visit` says so.
  func read(_ visit: (UnsafeRawBufferPointer) -> Bool) throws(SystemError) {
    let size = 64 << 10
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      let count = try check(tend_read(raw, buffer.baseAddress, size))
      guard count > 0, visit(UnsafeRawBufferPointer(rebasing: buffer[..<count])) else { return }
    }
  }
}

/// How the flags of open(2) are named here.
enum OpenFlags {
  /// Only the place in the tree; needs no right to read.
  static let place: Int32 = 0o10000000
  /// For reading, never waiting for the other end of a pipe.
  static let reading: Int32 = 0o4000
  /// For writing into what exists, never waiting for the other end of a pipe.
  static let writing: Int32 = 0o1 | 0o4000
  /// A new file for writing; fails where the name is taken.
  static let creating: Int32 = 0o1 | 0o100 | 0o200
  /// A directory, for fsync(2).
  static let directory: Int32 = 0o200000
}
