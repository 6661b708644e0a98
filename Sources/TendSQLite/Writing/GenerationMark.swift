internal import TendEngine

#if canImport(Glibc)
private import Glibc
#elseif canImport(Musl)
private import Musl
#else
private import Darwin
#endif

/// How far the database had come when a write was last acknowledged, kept beside it.
///
/// It is written after each group and never synced: after SIGKILL it is exact, after a power cut it
/// may lag, it never leads. A database that has come less far has lost what was acknowledged.
struct GenerationMark: Sendable, Hashable {
  static let name = "generation"

  var generation: Int64 = 0
  var lastEvent: Int64 = 0

  init(generation: Int64 = 0, lastEvent: Int64 = 0) {
    self.generation = generation
    self.lastEvent = lastEvent
  }

  /// Zero where it is missing or torn.
  init(in directory: StateDirectory) throws(StoreError) {
    let bytes = try directory.read(Self.name, limit: 4096) ?? []
    let text = String(decoding: bytes, as: UTF8.self)
    let words = text.split { $0 == " " || $0 == "\n" }.map { Int64($0) }
    if words.count == 3, let generation = words[0], let lastEvent = words[1] {
      let mark = GenerationMark(generation: generation, lastEvent: lastEvent)
      if words[2] == mark.checksum { self = mark }
    }
  }

  private var checksum: Int64 {
    var sum = Checksum()
    sum.add(generation)
    sum.add(lastEvent)
    return Int64(sum.value >> 1)
  }

  /// Always as long, so that it is written in place.
  var bytes: [UInt8] {
    let text = [generation, lastEvent, checksum].map { number in
      let digits = String(max(0, number))
      return String(repeating: "0", count: 20 - digits.count) + digits
    }
    return Array((text.joined(separator: " ") + "\n").utf8)
  }
}

/// The open file of the mark.
final class GenerationMarkFile: Sendable {
  private let file: Int32

  init(in directory: StateDirectory) throws(StoreError) {
    let path = directory.path(of: GenerationMark.name)
    file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw StoreError(errno: errno, "make", path) }
  }

  deinit { if file >= 0 { close(file) } }

  /// One system call.
  ///
  /// Where it fails the mark lags, which is safe.
  func write(_ mark: GenerationMark) {
    let bytes = mark.bytes
    _ = pwrite(file, bytes, bytes.count, 0)
  }
}
