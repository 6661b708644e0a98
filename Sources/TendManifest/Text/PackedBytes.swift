private import CZlib

/// Bytes that are kept for long and seldom asked for: deflated (RFC 1951), where that makes them
/// smaller by a quarter.
struct PackedBytes: Sendable {
  private let kept: [UInt8]
  /// Of the bytes themselves; nil where they are kept as they are.
  private let inflatedCount: Int?

  init(_ bytes: [UInt8]) {
    let deflated = Self.deflated(bytes)
    kept = deflated ?? bytes
    inflatedCount = deflated == nil ? nil : bytes.count
  }

  /// How many bytes it keeps.
  var size: Int { kept.count }
  /// How many it gives.
  var count: Int { inflatedCount ?? kept.count }

  /// The bytes.
  var bytes: [UInt8] {
    guard let inflatedCount else { return kept }
    return Array(unsafeUninitializedCapacity: inflatedCount) { buffer, count in
      var size = uLongf(buffer.count)
      let status = uncompress(buffer.baseAddress, &size, kept, uLong(kept.count))
      // It is what `compress2` gave, into a buffer of the size that it was.
      precondition(status == Z_OK && size == buffer.count, "zlib: \(status)")
      count = buffer.count
    }
  }

  /// Fast rather than small: what is repeated in manifests is found at any level.
  private static func deflated(_ bytes: [UInt8]) -> [UInt8]? {
    let bound = bytes.count - bytes.count / 4
    guard bytes.count >= 256 else { return nil }
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: bound) { buffer in
      var size = uLongf(buffer.count)
      // Z_BUF_ERROR where it takes more than that.
      let status = compress2(buffer.baseAddress, &size, bytes, uLong(bytes.count), Z_BEST_SPEED)
      return status == Z_OK ? Array(buffer.prefix(Int(size))) : nil
    }
  }
}
