internal import Tend
internal import TendEngine

/// Where the records of a copy lie in its file, so that the next copy writes only what changed.
///
/// The records lie in segments, each the records between two keys in the order of the database. A
/// segment that changes is written again behind all others, and its old place is not used.
struct CopyLayout: Sendable, Hashable {
  /// Records that lie together.
  struct Segment: Sendable, Hashable {
    /// The key of its first record.
    var first: InventoryKey
    var offset: Int
    var length: Int
    /// The keyed digest of its bytes.
    var digest: String
  }

  /// In the order of keys.
  private(set) var segments: [Segment] = []
  /// Where the segments end and the manifest begins.
  private(set) var end = 0

  /// Records in a segment: a page or two of a file system's.
  static let segmentSize = 128

  /// The bytes that are still used.
  var used: Int { segments.reduce(0) { $0 + $1.length } }

  /// Whether so much is unused that the file is better written whole.
  var isWasteful: Bool { end > 2 * used + (64 << 10) }

  /// The positions of the segments that keys belong to, in order.
  func positions(of keys: Set<InventoryKey>) -> [Int] {
    if segments.isEmpty { return [] }
    return Set(keys.map(position)).sorted()
  }

  private func position(of key: InventoryKey) -> Int {
    var (low, high) = (0, segments.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if Self.precedes(key, segments[middle].first) { high = middle } else { low = middle }
    }
    return low
  }

  /// In the order of the database: by bytes.
  private static func precedes(_ left: InventoryKey, _ right: InventoryKey) -> Bool {
    if left.provider != right.provider {
      return left.provider.utf8.lexicographicallyPrecedes(right.provider.utf8)
    }
    return left.identity.utf8.lexicographicallyPrecedes(right.identity.utf8)
  }

  /// The keys between which all records of a segment lie; nil where nothing lies outside.
  func bounds(_ position: Int) -> (from: InventoryKey?, to: InventoryKey?) {
    (
      position == 0 ? nil : segments[position].first,
      position + 1 < segments.count ? segments[position + 1].first : nil
    )
  }

  /// Adds records behind all others; the answer is what to write at the end that was.
  mutating func append(_ rows: [InventoryRow], key: StateKey) -> [UInt8] {
    let (bytes, added) = write(rows, key)
    segments += added
    return bytes
  }

  /// Writes segments again; the answer is what to write at the end that was.
  mutating func replace(_ changed: [(position: Int, rows: [InventoryRow])], key: StateKey)
    -> [UInt8]
  {
    var bytes: [UInt8] = []
    var pieces: [Int: [Segment]] = [:]
    for (position, rows) in changed {
      let (more, added) = write(rows, key)
      bytes += more
      pieces[position] = added
    }
    segments = segments.indices.flatMap { pieces[$0] ?? [segments[$0]] }
    return bytes
  }

  private mutating func write(
    _ rows: [InventoryRow], _ key: StateKey
  ) -> (bytes: [UInt8], added: [Segment]) {
    var bytes: [UInt8] = []
    var added: [Segment] = []
    var rest = rows[...]
    while let first = rest.first {
      // What grew beyond twice the size is divided.
      let count = rest.count > 2 * Self.segmentSize ? Self.segmentSize : rest.count
      var text = ""
      for row in rest.prefix(count) { text += row.value.json + "\n" }
      let segment = Array(text.utf8)
      added.append(
        Segment(
          first: first.key, offset: end, length: segment.count, digest: key.digest(of: segment)))
      end += segment.count
      bytes += segment
      rest = rest.dropFirst(count)
    }
    return (bytes, added)
  }
}
