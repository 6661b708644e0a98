/// One thing that is wrong with what was declared, where, and what to do about it.
public struct Diagnostic: Sendable, Hashable, CustomStringConvertible {
  /// What sort of mistake, as a fixed label for JSON and for tests.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    /// The label.
    public let description: String

    /// A code of a provider's own.
    public init(_ description: String) {
      self.description = description
    }

    /// The text does not parse.
    public static let syntax = Code("syntax")
    /// A bound on size, depth, documents or expansion was passed.
    public static let limit = Code("limit")
    /// One key stands twice in a map.
    public static let duplicateKey = Code("duplicateKey")
    /// A field that the kind does not have.
    public static let unknownField = Code("unknownField")
    /// A required field is missing.
    public static let missingField = Code("missingField")
    /// A value of the wrong type.
    public static let wrongType = Code("wrongType")
    /// A value of the right type that can't be.
    public static let invalidValue = Code("invalidValue")
    /// A placeholder asks for a value that nobody gives.
    public static let missingValue = Code("missingValue")
    /// No provider serves this kind.
    public static let unknownKind = Code("unknownKind")
    /// One name was declared twice for a kind.
    public static let duplicateName = Code("duplicateName")
    /// Two declarations claim one identity.
    public static let duplicateIdentity = Code("duplicateIdentity")
    /// A reference to what is not declared, or to more than one.
    public static let reference = Code("reference")
    /// Dependencies go round in a circle.
    public static let cycle = Code("cycle")
    /// A file that a declaration needs can't be read.
    public static let source = Code("source")
  }

  /// What sort of mistake.
  public var code: Code
  /// Where, if it has a place.
  public var place: Place?
  /// What is wrong.
  public var message: String
  /// What to do about it.
  public var remedy: String?
  /// Other places that have to do with it, such as the first of two declarations.
  public var related: [Place]

  /// Describes one mistake.
  public init(
    _ code: Code, at place: Place?, _ message: String, remedy: String? = nil,
    related: [Place] = []
  ) {
    self.code = code
    self.place = place
    self.message = message
    self.remedy = remedy
    self.related = related
  }

  /// `file:line:column: error: what; what to do`.
  public var description: String {
    var text = place.map { "\($0): " } ?? ""
    text += "error: \(message)"
    if let remedy { text += "; \(remedy)" }
    return text
  }
}

/// All that is wrong, in the order of places.
public struct Diagnostics: Error, Sendable, Hashable, CustomStringConvertible {
  /// Each mistake.
  public private(set) var all: [Diagnostic]

  /// Collects mistakes.
  public init(_ all: [Diagnostic] = []) {
    self.all = all
  }

  /// Whether nothing is wrong.
  public var isEmpty: Bool { all.isEmpty }

  /// Adds one.
  public mutating func append(_ diagnostic: Diagnostic) {
    all.append(diagnostic)
  }

  /// Adds those of another collection.
  public mutating func append(contentsOf other: Diagnostics) {
    all += other.all
  }

  /// In the order of files and lines, those without a place first.
  public var sorted: Diagnostics {
    Diagnostics(
      all.enumerated().sorted { left, right in
        switch (left.element.place, right.element.place) {
        case (let first?, let second?) where first != second: first < second
        case (nil, _?): true
        case (_?, nil): false
        default: left.offset < right.offset
        }
      }.map(\.element))
  }

  /// One line each.
  public var description: String {
    sorted.all.map(\.description).joined(separator: "\n")
  }
}
