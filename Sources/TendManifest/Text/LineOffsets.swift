/// Where lines of a text begin: of some it is kept, from which the others are near.
struct LineOffsets: Sendable {
  private static let step = 16

  /// Of each sixteenth line.
  private let kept: [Int]

  init(_ bytes: [UInt8]) {
    var kept = [0]
    while let next = Self.skip(Self.step, from: kept[kept.count - 1], of: bytes) {
      kept.append(next)
    }
    self.kept = kept
  }

  /// Where a line begins, counted from 0; the end where there are not so many.
  func offset(ofLine line: Int, in bytes: [UInt8]) -> Int {
    let start = line / Self.step
    guard kept.indices.contains(start) else { return bytes.count }
    return Self.skip(line % Self.step, from: kept[start], of: bytes) ?? bytes.count
  }

  /// Nil where there are not so many lines.
  private static func skip(_ lines: Int, from start: Int, of bytes: [UInt8]) -> Int? {
    bytes.withUnsafeBufferPointer { bytes in
      var remaining = lines
      var index = start
      while remaining > 0, index < bytes.count {
        let isReturn = bytes[index] == 0x0D
        if isReturn || bytes[index] == 0x0A { remaining -= 1 }
        index += 1
        if isReturn, index < bytes.count, bytes[index] == 0x0A { index += 1 }
      }
      return remaining == 0 ? index : nil
    }
  }
}
