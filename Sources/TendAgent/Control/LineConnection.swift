private import Glibc

/// A connected socket that carries lines of text, each with a bound on its length.
///
/// Calls block; they are made from threads of their own.
final class LineConnection: Sendable {
  /// Why no line came.
  enum Problem: Error, Equatable {
    case closed
    case idle
    case tooLong
    case notText
    case failed(Int32)
  }

  let descriptor: Descriptor
  private let maximumLength: Int
  private let idleSeconds: Int32

  init(_ descriptor: Descriptor, maximumLength: Int, idle: Duration) {
    self.descriptor = descriptor
    self.maximumLength = maximumLength
    idleSeconds = Int32(clamping: Swift.max(1, idle.components.seconds))
  }

  /// The next line, without its newline.
  func read(_ buffer: inout [UInt8]) throws(Problem) -> String {
    var searched = 0
    while true {
      if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(validating: buffer[..<end], as: UTF8.self)
        buffer.removeSubrange(...end)
        guard let line else { throw .notText }
        return line
      }
      searched = buffer.count
      guard searched <= maximumLength else { throw .tooLong }
      try fill(&buffer)
    }
  }

  private func fill(_ buffer: inout [UInt8]) throws(Problem) {
    try wait(for: Int16(POLLIN))
    let descriptor = descriptor.raw
    let count = withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 1) { chunk in
      let count = recv(descriptor, chunk.baseAddress, chunk.count, 0)
      if count > 0 { buffer.append(contentsOf: chunk.prefix(count)) }
      return count
    }
    if count == 0 { throw .closed }
    if count < 0, errno != EINTR, errno != EAGAIN { throw .failed(errno) }
  }

  /// Writes a line; a peer that does not read is given up after the idle time.
  func write(_ line: String) throws(Problem) {
    var bytes = Array(line.utf8)[...]
    bytes.append(UInt8(ascii: "\n"))
    while !bytes.isEmpty {
      try wait(for: Int16(POLLOUT))
      let sent = bytes.withUnsafeBytes { pointer in
        send(
          descriptor.raw, pointer.baseAddress, pointer.count,
          Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      if sent < 0 {
        if errno == EINTR || errno == EAGAIN { continue }
        throw errno == EPIPE ? .closed : .failed(errno)
      }
      bytes = bytes.dropFirst(sent)
    }
  }

  private func wait(for events: Int16) throws(Problem) {
    var entry = pollfd(fd: descriptor.raw, events: events, revents: 0)
    guard entry.fd >= 0 else { throw .closed }
    let ready = poll(&entry, 1, idleSeconds &* 1000)
    if ready == 0 { throw .idle }
    if ready < 0, errno != EINTR { throw .failed(errno) }
  }
}
