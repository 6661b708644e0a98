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

  /// Of the document that was asked about last: errors come document by document.
  private let recent = Mutex<(document: Int, tree: PlaceTree?)?>(nil)

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
      if let recent, recent.document == line { return recent.tree }
      let tree =
        switch format {
        case .yaml: PlaceTree.yaml(bytes[offset(ofLine: line)...], firstLine: line)
        case .json: JSONScanner.places(of: bytes)
        }
      recent = (line, tree)
      return tree
    }
  }

  private func offset(ofLine line: Int) -> Int {
    var remaining = line
    var index = 0
    while remaining > 0, index < bytes.count {
      let byte = bytes[index]
      index += 1
      if byte == 0x0A { remaining -= 1 }
      if byte == 0x0D {
        if index < bytes.count, bytes[index] == 0x0A { index += 1 }
        remaining -= 1
      }
    }
    return index
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
