import Synchronization
import Tend

/// The text of one file, kept once for all its documents, so that places and specs can be found
/// again.
final class KeptText: DeclarationText {
  let file: String
  private let format: SourceText.Format
  private let packed: PackedBytes
  /// Nil where it was let go; its own, so that who asks another text does not wait.
  private let inflated = Mutex<InflatedText?>(nil)

  init(_ text: SourceText) {
    file = text.file
    format = text.format
    packed = PackedBytes(text.bytes)
  }

  /// All of it.
  var bytes: [UInt8] { packed.bytes }
  /// How many bytes these are.
  var size: Int { packed.count }

  /// Keeps no more of it than the packed bytes.
  func letGo() { inflated.withLock { $0 = nil } }

  private var contents: InflatedText {
    let (contents, isNew) = inflated.withLock { inflated in
      if let inflated { return (inflated, false) }
      let made = InflatedText(packed)
      inflated = made
      return (made, true)
    }
    if isNew { RecentTexts.shared.enter(self) }
    return contents
  }

  /// From a position that counts from 0.
  func place(_ position: PlaceTree.Position) -> Place {
    SourceText.place(file, position.line, position.column)
  }

  func places(ofDocumentAt line: Int) -> (any PlaceFinder)? {
    DocumentPlaces(text: self, line: line)
  }

  func spec(ofDocumentAt line: Int) -> Value? {
    guard case .map(let fields)? = value(ofDocumentAt: line) else { return nil }
    return fields["spec"] ?? .null
  }

  /// What a document says that was read before, within limits that need not be known any more.
  func value(ofDocumentAt line: Int) -> Value? {
    let bytes = contents.document(at: line)
    let text = SourceText(file: file, bytes: Array(bytes), format: format)
    switch format {
    case .yaml:
      var builder = TreeBuilder(text, limits: .none)
      builder.read()
      return builder.documents.first?.value
    case .json:
      var builder = JSONBuilder(text, limits: .none)
      builder.read()
      return builder.document?.value
    }
  }

  /// The places of a document.
  fileprivate func tree(ofDocumentAt line: Int) -> PlaceTree? {
    contents.tree(ofDocumentAt: line) { document in
      switch format {
      case .yaml: PlaceTree.yaml(document, firstLine: line)
      case .json: JSONScanner.places(of: Array(document))
      }
    }
  }
}

/// Where one document of a text stands.
struct DocumentPlaces: PlaceFinder {
  let text: KeptText
  /// From 0.
  let line: Int

  func place(of path: FieldPath) -> Place? {
    text.tree(ofDocumentAt: line)?.position(of: path.steps).map(text.place)
  }

  func place(ofKey path: FieldPath) -> Place? {
    text.tree(ofDocumentAt: line)?.position(of: path.steps, ofKey: true).map(text.place)
  }
}
