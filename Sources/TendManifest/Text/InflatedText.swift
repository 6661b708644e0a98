import Synchronization

/// The bytes of a text, to look into.
final class InflatedText: Sendable {
  private let bytes: [UInt8]
  private let lines: LineOffsets
  /// The places of the document that was asked for last.
  private let last = Mutex<(line: Int, tree: PlaceTree?)?>(nil)

  init(_ packed: PackedBytes) {
    bytes = packed.bytes
    lines = LineOffsets(bytes)
  }

  /// The document that begins at this line, counted from 0.
  func document(at line: Int) -> ArraySlice<UInt8> {
    let offset = lines.offset(ofLine: line, in: bytes)
    return bytes[offset..<Self.end(ofDocumentAt: offset, in: bytes)]
  }

  func tree(
    ofDocumentAt line: Int, _ make: (ArraySlice<UInt8>) -> PlaceTree?
  ) -> PlaceTree? {
    if let last = last.withLock({ $0 }), last.line == line { return last.tree }
    let tree = make(document(at: line))
    last.withLock { $0 = (line, tree) }
    return tree
  }

  /// Where the next document of a YAML text begins, so that no more than one is parsed.
  ///
  /// Where that is not certain, the end of the text: then more is read than is asked for.
  private static func end(ofDocumentAt start: Int, in bytes: [UInt8]) -> Int {
    bytes.withUnsafeBufferPointer { bytes in
      // Behind a directive the first marker begins the document, and does not end it.
      if start < bytes.count, bytes[start] == UInt8(ascii: "%") { return bytes.count }
      var index = start
      while index < bytes.count {
        if bytes[index] == 0x0A, isMarker(bytes, at: index + 1) { return index + 1 }
        index += 1
      }
      return bytes.count
    }
  }

  /// Whether `---` stands here, and nothing that makes it part of a word.
  private static func isMarker(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Bool {
    let dash = UInt8(ascii: "-")
    guard index + 2 < bytes.count, bytes[index] == dash, bytes[index + 1] == dash,
      bytes[index + 2] == dash
    else { return false }
    return index + 3 == bytes.count || [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index + 3])
  }
}
