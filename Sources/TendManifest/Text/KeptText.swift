import Synchronization
import Tend

/// The text of one file, kept once for all its documents, so that places can be found again.
final class KeptText: Sendable {
  private let file: String
  private let format: SourceText.Format
  private let packed: PackedBytes

  /// What was asked about last: errors come document by document, from the top down.
  private let recent = Mutex(Recent())

  private struct Recent {
    var bytes: [UInt8]?
    var line = 0
    var offset = 0
    /// Nil before the first question.
    var tree: PlaceTree??
  }

  init(_ text: SourceText) {
    file = text.file
    format = text.format
    packed = PackedBytes(text.bytes)
  }

  /// From a position that counts from 0.
  func place(_ position: PlaceTree.Position) -> Place {
    SourceText.place(file, position.line, position.column)
  }

  /// The places of the document that begins at this line, counted from 0.
  func places(ofDocumentAt line: Int) -> PlaceTree? {
    recent.withLock { recent in
      if recent.line == line, let tree = recent.tree { return tree }
      let bytes = recent.bytes ?? packed.bytes
      if line < recent.line { recent = Recent() }
      recent.bytes = bytes
      recent.offset = Self.offset(line - recent.line, linesAfter: recent.offset, of: bytes)
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
}

/// Where one document of a text stands.
struct DocumentPlaces: PlaceFinder {
  let text: KeptText
  /// From 0.
  let line: Int

  func place(of path: FieldPath) -> Place? {
    text.places(ofDocumentAt: line)?.position(of: path.steps).map(text.place)
  }

  func place(ofKey path: FieldPath) -> Place? {
    text.places(ofDocumentAt: line)?.position(of: path.steps, ofKey: true).map(text.place)
  }
}
