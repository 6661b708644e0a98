private import Glibc
import Tend

/// Reads the files of one log, and goes on where it left off when they are rotated.
struct LogReader: Sendable {
  /// One line, with its end.
  struct Line: Sendable {
    /// As it is written, for sorting.
    let time: String
    let text: String
  }

  /// No log keeps more files.
  private static let mostFiles = 1000

  private let folder: LogFolder
  private let isNamed: Bool
  /// Which file is being followed, and how far it was read.
  private var inode: UInt64 = 0
  private var offset: Int64 = 0

  /// Whether lines are to say which part they are of.
  init(_ folder: LogFolder, isNamed: Bool) {
    self.folder = folder
    self.isNamed = isNamed
  }

  /// Everything that is kept, oldest first.
  mutating func history(since oldest: String?) -> [Line] {
    var parts: [[Line]] = []
    for number in 1...Self.mostFiles {
      guard let found = read("\(number)", from: 0) else { break }
      parts.append(lines(of: found.bytes))
    }
    let all = parts.reversed().flatMap { $0 } + more()
    guard let oldest else { return all }
    return all.filter { $0.time >= oldest }
  }

  /// What was written since the last call.
  mutating func more() -> [Line] {
    guard let found = read("current", from: offset, of: inode) else { return [] }
    var all: [Line] = []
    // The one that was followed is full now; its end comes first.
    if inode != 0, found.inode != inode, let rest = read("1", from: offset, of: inode),
      rest.inode == inode
    {
      all = lines(of: rest.bytes)
    }
    (inode, offset) = (found.inode, found.end)
    return all + lines(of: found.bytes)
  }

  private struct Reading {
    var bytes: [UInt8]
    var inode: UInt64
    /// Where the next reading begins.
    var end: Int64
  }

  /// A file from a position on, or from its beginning where it is another one than the one known.
  private func read(
    _ name: String, from start: Int64, of known: UInt64? = nil
  ) -> Reading? {
    let file = open("\(folder.path)/\(name)", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { return nil }
    let found = UInt64(status.st_ino)
    let isOther = known.map { $0 != found } ?? false || Int64(status.st_size) < start
    var reading = Reading(bytes: [], inode: found, end: isOther ? 0 : start)
    var part = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = pread(file, &part, part.count, off_t(reading.end))
      if count <= 0 { break }
      reading.bytes += part.prefix(count)
      reading.end += Int64(count)
    }
    // A line whose end has not been written yet is read with its end.
    let whole = (reading.bytes.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
    reading.end -= Int64(reading.bytes.count - whole)
    reading.bytes.removeLast(reading.bytes.count - whole)
    return reading
  }

  private func lines(of bytes: [UInt8]) -> [Line] {
    bytes.split(separator: UInt8(ascii: "\n")).map { line in
      let time = line.prefix { $0 != UInt8(ascii: " ") }
      let part = isNamed ? "[\(folder.part)] " : ""
      return Line(
        time: String(decoding: time, as: UTF8.self),
        text: part + String(decoding: line, as: UTF8.self).printable + "\n")
    }
  }
}

/// Waits for changes in the folders of logs; begun before they are read, so that none is missed.
final class LogWatch {
  private let descriptor: Int32

  init?(of folders: [String]) {
    descriptor = inotify_init1(Int32(IN_CLOEXEC))
    guard descriptor >= 0 else { return nil }
    for folder in folders {
      _ = inotify_add_watch(
        descriptor, folder, UInt32(IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM))
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Blocks; false where no change can come any more.
  func wait() -> Bool {
    var events = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &events, events.count)
    return count > 0 || errno == EINTR
  }
}
