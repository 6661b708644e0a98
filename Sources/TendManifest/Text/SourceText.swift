import Synchronization
import Tend

/// The text of one file, kept once for all its documents, so that places can be found again.
final class SourceText: Sendable {
  enum Format: Sendable {
    case yaml
    case json
  }

  let file: String
  /// Without a byte order mark.
  let bytes: [UInt8]
  let format: Format

  /// What was asked about last: errors come document by document, from the top down.
  private let recent = Mutex(Recent())

  private struct Recent {
    var line = 0
    var offset = 0
    /// Nil before the first question.
    var tree: PlaceTree??
  }

  init(file: String, bytes: [UInt8], format: Format? = nil) {
    self.file = file
    self.bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    self.format = format ?? (file.hasSuffix(".json") ? .json : .yaml)
  }

  /// From a line and a column that count from 0.
  func place(_ line: Int, _ column: Int) -> Place {
    Place(file: file, line: line &+ 1, column: column &+ 1)
  }

  /// The places of the document that begins at this line, counted from 0.
  func places(ofDocumentAt line: Int) -> PlaceTree? {
    recent.withLock { recent in
      if recent.line == line, let tree = recent.tree { return tree }
      if line < recent.line { recent = Recent() }
      recent.offset = offset(line - recent.line, linesAfter: recent.offset)
      recent.line = line
      let tree =
        switch format {
        case .yaml: PlaceTree.yaml(bytes[recent.offset...], firstLine: line)
        case .json: JSONScanner.places(of: bytes)
        }
      recent.tree = tree
      return tree
    }
  }

  private func offset(_ lines: Int, linesAfter start: Int) -> Int {
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
}

/// Where one document of a text stands.
struct DocumentPlaces: PlaceFinder {
  let text: SourceText
  /// From 0.
  let line: Int

  func place(of path: FieldPath) -> Place? {
    place(text.places(ofDocumentAt: line)?.position(of: path.steps))
  }

  func place(ofKey path: FieldPath) -> Place? {
    place(text.places(ofDocumentAt: line)?.position(of: path.steps, ofKey: true))
  }

  private func place(_ position: PlaceTree.Position?) -> Place? {
    position.map { text.place($0.line, $0.column) }
  }
}
