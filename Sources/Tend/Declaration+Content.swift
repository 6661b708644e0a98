private import Synchronization

/// The text that declarations were read from, as far as it is needed again.
package protocol DeclarationText: AnyObject, Sendable {
  /// The name of the file, as errors print it.
  var file: String { get }

  /// Finds places in the document that begins at this line, counted from 0.
  func places(ofDocumentAt line: Int) -> (any PlaceFinder)?

  /// The spec of that document, read again; nil where there is none.
  func spec(ofDocumentAt line: Int) -> Value?
}

/// Places of a declaration whose text nobody has.
final class GivenPlaces: DeclarationText {
  let file: String
  private let finder: (any PlaceFinder)?

  init(file: String, finder: (any PlaceFinder)?) {
    self.file = file
    self.finder = finder
  }

  func places(ofDocumentAt line: Int) -> (any PlaceFinder)? { finder }
  func spec(ofDocumentAt line: Int) -> Value? { nil }
}

extension Declaration {
  /// What most documents leave out.
  final class Additions: Sendable {
    let labels: [String: String]
    let formerNames: [String]
    let dependencies: [String]
    let lifecycle: Lifecycle
    /// As it was written, where another spec stands in for its own.
    let written: Content?

    /// Nil where there is nothing of it.
    init?(
      _ labels: [String: String], _ formerNames: [String], _ dependencies: [String],
      _ lifecycle: Lifecycle, written: Content? = nil
    ) {
      if labels.isEmpty, formerNames.isEmpty, dependencies.isEmpty, written == nil,
        lifecycle == Lifecycle()
      {
        return nil
      }
      self.labels = labels
      self.formerNames = formerNames
      self.dependencies = dependencies
      self.lifecycle = lifecycle
      self.written = written
    }
  }

  /// What a document says; small, since a revision may have a hundred thousand.
  package final class Content: Sendable {
    let reference: Reference
    private let additions: Additions?
    private let text: any DeclarationText
    /// Where the document begins, from 0; where its first key stands, from 1.
    private let start, line, column: Int32
    /// Whether the text has the spec as it is here.
    private let isRead: Bool
    let hasPlaceholders: Bool
    /// Nil once it was let go.
    private let kept: Mutex<Value?>

    /// `document` is the line of the text at which it begins; nil where it can't be read again.
    init(
      _ reference: Reference, _ additions: Additions?, _ spec: Value, _ place: Place,
      _ text: any DeclarationText, document: Int?, hasPlaceholders: Bool
    ) {
      self.reference = reference
      self.additions = additions
      self.text = text
      start = Int32(clamping: document ?? 0)
      line = Int32(clamping: place.line)
      column = Int32(clamping: place.column)
      isRead = document != nil
      self.hasPlaceholders = hasPlaceholders
      kept = Mutex(spec)
    }

    var labels: [String: String] { additions?.labels ?? [:] }
    var formerNames: [String] { additions?.formerNames ?? [] }
    var dependencies: [String] { additions?.dependencies ?? [] }
    var lifecycle: Lifecycle { additions?.lifecycle ?? Lifecycle() }
    var written: Content? { additions?.written }

    var place: Place { Place(file: text.file, line: Int(line), column: Int(column)) }
    var places: (any PlaceFinder)? { text.places(ofDocumentAt: Int(start)) }

    var spec: Value {
      kept.withLock { $0 } ?? text.spec(ofDocumentAt: Int(start)) ?? .null
    }

    func letGoOfSpec() {
      if isRead { kept.withLock { $0 = nil } }
    }

    func recallSpec() {
      guard isRead, kept.withLock({ $0 == nil }) else { return }
      let spec = text.spec(ofDocumentAt: Int(start))
      kept.withLock { $0 = spec }
    }

    /// The same for a content that stands in for one that was written.
    func additions(of written: Content) -> Additions? {
      Additions(labels, formerNames, dependencies, lifecycle, written: written)
    }
  }
}
