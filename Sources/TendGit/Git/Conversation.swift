internal import Subprocess

/// Questions and answers with a running `git`.
struct Conversation {
  let line: SocketPair
  var output: SubprocessOutputSequence.Iterator
  let watch: ProgressWatch
  let clock: any Clock<Duration>
  private var buffer: [UInt8] = []
  private var start = 0

  init(
    line: SocketPair, output: SubprocessOutputSequence.Iterator, watch: ProgressWatch,
    clock: any Clock<Duration>
  ) {
    self.line = line
    self.output = output
    self.watch = watch
    self.clock = clock
  }

  /// Sends all of it.
  func ask(_ text: [UInt8]) async throws {
    var rest = text[...]
    while !rest.isEmpty {
      let sent = try line.send(rest)
      rest = rest.dropFirst(sent)
      // Git takes its input in at once; room comes within a millisecond.
      if sent == 0 { try await clock.sleep(for: .milliseconds(1)) } else { watch.note() }
    }
  }

  /// The next line, without its end.
  mutating func readLine() async throws -> String {
    var searched = start
    while true {
      if let end = buffer[searched...].firstIndex(of: 0x0a) {
        defer { start = end + 1 }
        return String(decoding: buffer[start..<end], as: UTF8.self)
      }
      guard buffer.count - start < 1 << 16 else { throw GitFailure.broken("a line has no end") }
      searched = try await more()
    }
  }

  /// The next bytes, exactly so many.
  mutating func read(_ count: Int) async throws -> [UInt8] {
    while buffer.count - start < count { _ = try await more() }
    defer { start += count }
    return Array(buffer[start..<(start + count)])
  }

  /// Passes over bytes without keeping them.
  mutating func skip(_ count: Int) async throws {
    var left = count
    while buffer.count - start < left {
      left -= buffer.count - start
      start = buffer.count
      _ = try await more()
    }
    start += left
  }

  /// Reads on; where the new bytes begin.
  private mutating func more() async throws -> Int {
    if start > 0 {
      buffer.removeFirst(start)
      start = 0
    }
    let end = buffer.count
    guard let piece = try await output.next() else {
      throw GitFailure.broken("it ended in the middle of an answer")
    }
    watch.note()
    piece.withUnsafeBytes { buffer.append(contentsOf: $0) }
    return end
  }
}
