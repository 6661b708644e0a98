import Synchronization

/// The texts that were asked last, inflated: who asks for one document mostly asks for the next.
///
/// One for the process, since each text by itself would keep its bytes for good.
final class RecentTexts: Sendable {
  static let shared = RecentTexts()

  /// In bytes, at least one text: many threads may ask, each for another.
  private static let most = 2 << 20

  private let texts = Mutex<[InflatedText]>([])

  /// Asks a text; one at a time.
  func ask<Answer: Sendable>(
    _ text: KeptText, _ question: (inout InflatedText) -> Answer
  ) -> Answer {
    texts.withLock { texts in
      let known = texts.firstIndex { $0.text === text }
      var asked = known.map { texts.remove(at: $0) } ?? InflatedText(text)
      let answer = question(&asked)
      texts.append(asked)
      var size = texts.reduce(0) { $0 + $1.size }
      while size > Self.most, texts.count > 1 { size -= texts.removeFirst().size }
      return answer
    }
  }
}

/// A text, and how far it was looked into: documents are mostly asked for from the top down.
struct InflatedText: Sendable {
  let text: KeptText
  private let bytes: [UInt8]
  private var line = 0
  private var offset = 0
  /// The places of the document that was asked for last.
  private var last: (line: Int, tree: PlaceTree?)?

  init(_ text: KeptText) {
    self.text = text
    bytes = text.bytes
  }

  var size: Int { bytes.count }

  /// The document that begins at this line, counted from 0.
  mutating func document(at line: Int) -> ArraySlice<UInt8> {
    if line < self.line { (self.line, offset) = (0, 0) }
    offset = Self.offset(line - self.line, linesAfter: offset, of: bytes)
    self.line = line
    return bytes[offset..<Self.end(ofDocumentAt: offset, in: bytes)]
  }

  mutating func tree(
    ofDocumentAt line: Int, _ make: (ArraySlice<UInt8>) -> PlaceTree?
  ) -> PlaceTree? {
    if let last, last.line == line { return last.tree }
    let tree = make(document(at: line))
    last = (line, tree)
    return tree
  }

  private static func offset(_ lines: Int, linesAfter start: Int, of bytes: [UInt8]) -> Int {
    bytes.withUnsafeBufferPointer { bytes in
      var remaining = lines
      var index = start
      while remaining > 0, index < bytes.count {
        let isReturn = bytes[index] == 0x0D
        if isReturn || bytes[index] == 0x0A { remaining -= 1 }
        index += 1
        if isReturn, index < bytes.count, bytes[index] == 0x0A { index += 1 }
      }
      return index
    }
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
