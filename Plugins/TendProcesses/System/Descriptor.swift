private import CTendProcesses

/// An open descriptor; closed when its last owner goes.
final class Descriptor: Sendable {
  let raw: Int32

  /// Takes over an open descriptor, or throws where the call that should have given one failed.
  init(_ result: Int32) throws(SystemError) {
    raw = try check(result)
  }

  deinit { tend_close_file(raw) }

  /// What can be read at once, at most as much as fits; empty at the end.
  func read(upTo size: Int) throws(SystemError) -> [UInt8] {
    var failure: SystemError?
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      do throws(SystemError) {
        count = try check(tend_read_bytes(raw, buffer.baseAddress, size))
      } catch {
        failure = error
        count = 0
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Writes what can be written at once: how many bytes.
  func writeSome(_ bytes: some ContiguousBytes) throws(SystemError) -> Int {
    let count = bytes.withBytes { tend_write_bytes(raw, $0.baseAddress, $0.count) }
    return try check(count)
  }

  /// Sends everything over a socket that waits; one whose other end has gone is no signal.
  func send(_ bytes: [UInt8]) throws(SystemError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withBytes { tend_send_bytes(raw, $0.baseAddress, $0.count) }
      rest = rest.dropFirst(try check(count))
    }
  }

  /// Writes everything; for descriptors that wait.
  func write(_ bytes: [UInt8]) throws(SystemError) {
    var rest = bytes[...]
    while !rest.isEmpty { rest = rest.dropFirst(try writeSome(rest)) }
  }
}

/// Bytes that lie side by side.
protocol ContiguousBytes {
  func withBytes<Answer>(_ body: (UnsafeRawBufferPointer) -> Answer) -> Answer
}

extension Array: ContiguousBytes where Element == UInt8 {
  func withBytes<Answer>(_ body: (UnsafeRawBufferPointer) -> Answer) -> Answer {
    withUnsafeBytes(body)
  }
}

extension ArraySlice: ContiguousBytes where Element == UInt8 {
  func withBytes<Answer>(_ body: (UnsafeRawBufferPointer) -> Answer) -> Answer {
    withUnsafeBytes(body)
  }
}
