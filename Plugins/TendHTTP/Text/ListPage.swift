internal import Tend

/// The items of one response, each read when it is asked for.
struct ListPage: Sendable {
  private let text: [UInt8]
  /// Where each item is in the text; none where the values are here.
  private let ranges: [Range<Int>]
  private let values: [Value]
  /// One for each item: the same for the same text, by a key that this process alone knows.
  let digests: [Int]

  var count: Int { digests.count }

  /// Items that are read already.
  init(_ values: [Value]) {
    self.values = values
    (text, ranges) = ([], [])
    digests = values.map { value in
      var hasher = Hasher()
      hasher.combine(value)
      return Self.digest(hasher)
    }
  }

  /// Nil for what is no list as far as its brackets, commas and quotes tell.
  init?(text: [UInt8]) {
    guard let ranges = Self.ranges(in: text) else { return nil }
    self.text = text
    self.ranges = ranges
    values = []
    digests = text.withUnsafeBytes { bytes in
      ranges.map { range in
        var hasher = Hasher()
        hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: bytes[range]))
        return Self.digest(hasher)
      }
    }
  }

  /// Never 0, which stands for none.
  private static func digest(_ hasher: Hasher) -> Int {
    let digest = hasher.finalize()
    return digest == 0 ? 1 : digest
  }

  /// The item as a value; throws where its text is not JSON.
  func value(at position: Int) throws(JSONText.Mistake) -> Value {
    if ranges.isEmpty { return values[position] }
    return try JSONText.value(of: text[ranges[position]])
  }

  // MARK: Splitting

  /// Where the items of a list are, without what stands between them.
  private static func ranges(in text: [UInt8]) -> [Range<Int>]? {
    text.withUnsafeBufferPointer { text in
      var position = skip(text, from: 0)
      guard position < text.count, text[position] == UInt8(ascii: "[") else { return nil }
      position = skip(text, from: position + 1)
      var ranges: [Range<Int>] = []
      while position < text.count, text[position] != UInt8(ascii: "]") {
        guard let end = end(of: text, from: position) else { return nil }
        ranges.append(position..<end)
        position = skip(text, from: end)
        guard position < text.count else { return nil }
        if text[position] == UInt8(ascii: "]") { break }
        guard text[position] == UInt8(ascii: ",") else { return nil }
        position = skip(text, from: position + 1)
        // A comma announces one more.
        guard position < text.count, text[position] != UInt8(ascii: "]") else { return nil }
      }
      guard position < text.count, skip(text, from: position + 1) == text.count else { return nil }
      return ranges
    }
  }

  private static func skip(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    var position = start
    while position < text.count, isSpace(text[position]) { position += 1 }
    return position
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }

  /// Up to the comma or bracket after an item; nil where the text ends before, or nothing is there.
  private static func end(of text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    var depth = 0
    var position = start
    while position < text.count {
      switch text[position] {
      case UInt8(ascii: "\""):
        guard let end = endOfString(text, from: position + 1) else { return nil }
        position = end
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return position > start ? position : nil }
        depth -= 1
      case UInt8(ascii: ",") where depth == 0: return position > start ? position : nil
      default: break
      }
      position += 1
    }
    return nil
  }

  /// Where the quote is that ends a string.
  private static func endOfString(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    var position = start
    while position < text.count {
      switch text[position] {
      case UInt8(ascii: "\""): return position
      case UInt8(ascii: "\\"): position += 2
      default: position += 1
      }
    }
    return nil
  }
}
