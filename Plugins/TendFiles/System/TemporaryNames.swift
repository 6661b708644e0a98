private import CTendFiles
private import Synchronization

/// The names under which entries are made ready: `.NAME.tend-` and 20 hexadecimal digits.
///
/// The last eight digits are computed from the rest, so that no stranger's file has such a name by
/// accident; the first eight tell one run of an agent from another.
final class TemporaryNames: Sendable {
  private static let mark = ".tend-"
  private static let digitCount = 20
  private static let room = EntryPath.longestName - 1 - mark.utf8.count - digitCount

  private let run: String
  private let ownMark: String
  private let count = Atomic<UInt16>(0)

  /// `seed` differs from one run of an agent to the next.
  init(seed: UInt64) {
    run = Self.hexadecimal(seed, digits: 8)
    ownMark = Self.mark + run
  }

  /// A name that this run has not used lately, in the directory of an entry.
  func next(for name: String) -> String {
    let number = count.wrappingAdd(1, ordering: .relaxed).newValue
    let start =
      ".\(Self.beginning(of: name))\(Self.mark)\(run)"
      + Self.hexadecimal(UInt64(number), digits: 4)
    return start + Self.checksum(of: start)
  }

  /// Whether this run makes something ready under a name, told without making text of it.
  func isOwn(_ name: UnsafePointer<CChar>) -> Bool {
    tend_stands_before_end(name, ownMark, Self.mark.utf8.count + Self.digitCount) != 0
  }

  /// Whether another run has made this name and left it behind.
  func isLeftOver(_ name: String) -> Bool {
    let bytes = Array(name.utf8)
    let markEnd = bytes.count - Self.digitCount
    return isTemporary(name) && !bytes[max(0, markEnd)...].prefix(8).elementsEqual(run.utf8)
  }

  /// Whether a run, this one or another, makes something ready under this name.
  func isTemporary(_ name: String) -> Bool {
    let bytes = Array(name.utf8)
    let markEnd = bytes.count - Self.digitCount
    guard bytes.first == UInt8(ascii: "."), markEnd > Self.mark.utf8.count,
      bytes[..<markEnd].suffix(Self.mark.utf8.count).elementsEqual(Self.mark.utf8)
    else { return false }
    let start = String(decoding: bytes.dropLast(8), as: UTF8.self)
    return bytes.suffix(8).elementsEqual(Self.checksum(of: start).utf8)
  }

  /// As much of a name as fits, cut between characters.
  private static func beginning(of name: String) -> String {
    var beginning = name
    while beginning.utf8.count > room { beginning.removeLast() }
    return beginning
  }

  private static func checksum(of start: String) -> String {
    let hash = fnv(start.utf8)
    return hexadecimal(hash ^ hash >> 32, digits: 8)
  }

  private static func hexadecimal(_ number: UInt64, digits: Int) -> String {
    String(unsafeUninitializedCapacity: digits) { buffer in
      for index in 0..<digits {
        let nibble = UInt8(truncatingIfNeeded: number >> (4 * UInt64(digits - 1 - index)) & 15)
        buffer[index] = nibble + (nibble < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
      }
      return digits
    }
  }
}
