/// One document of a manifest: what is declared, and where.
///
/// Equal references of two revisions may share one value; `isSame(as:)` then costs nothing.
public struct Declaration: Sendable {
  /// Kind and name.
  public var reference: Reference { content.reference }
  /// Labels, for selecting.
  public var labels: [String: String] { content.labels }
  /// Names that this declaration had before, where the identity is the name.
  public var formerNames: [String] { content.formerNames }
  /// What it depends on, as written: `Kind/name` or `group/v1/Kind/name`.
  public var dependencies: [String] { content.dependencies }
  /// How it wants to be treated.
  public var lifecycle: Lifecycle { content.lifecycle }
  /// What the kind makes of it.
  public var spec: Value { content.spec }
  /// Where the document begins.
  public var place: Place { content.place }

  private let content: Content
  private let premises: Premises?

  /// A declaration that was read from a text, or made by a program.
  ///
  /// `places` finds the place of a field again, and is asked only when there is an error. With
  /// `hasPlaceholders` each `${NAME}` in its spec stands for a value of its unit.
  public init(
    _ reference: Reference, labels: [String: String] = [:], formerNames: [String] = [],
    dependencies: [String] = [], lifecycle: Lifecycle = Lifecycle(), spec: Value,
    at place: Place, places: (any PlaceFinder)? = nil, hasPlaceholders: Bool = false
  ) {
    content = Content(
      reference, Additions(labels, formerNames, dependencies, lifecycle), spec, place,
      GivenPlaces(file: place.file, finder: places), document: nil,
      hasPlaceholders: hasPlaceholders)
    premises = nil
  }

  /// A declaration that was read from the document of a text that begins at a line, from 0.
  package init(
    _ reference: Reference, labels: [String: String], formerNames: [String],
    dependencies: [String], lifecycle: Lifecycle, spec: Value, at place: Place,
    in text: any DeclarationText, document: Int, hasPlaceholders: Bool
  ) {
    content = Content(
      reference, Additions(labels, formerNames, dependencies, lifecycle), spec, place, text,
      document: document, hasPlaceholders: hasPlaceholders)
    premises = nil
  }

  private init(_ content: Content, _ premises: Premises?) {
    self.content = content
    self.premises = premises
  }

  /// The unit that declares it, for kinds whose identity is a name; known where it is decoded.
  public var unit: String { premises?.unit ?? "" }

  /// The directory that all paths of the unit lie below; nil for that of the machine.
  ///
  /// Known where it is decoded.
  public var root: String? { premises?.root }

  /// Whether its spec, as it was written, has `${NAME}` in it that stands for a value.
  public var hasPlaceholders: Bool { content.hasPlaceholders }

  /// What its placeholders stand for; known where it is decoded.
  var values: Values { premises?.values ?? Values() }

  /// The same declaration with what its unit gives to it.
  package func reading(_ premises: Premises) -> Declaration {
    Declaration(content, premises)
  }

  /// The same declaration with another spec and places that fit it.
  package func replacing(
    spec: Value, places: ((any PlaceFinder)?) -> any PlaceFinder
  ) -> Declaration {
    let text = GivenPlaces(file: place.file, finder: places(content.places))
    let replaced = Content(
      reference, content.additions(of: written), spec, place, text, document: nil,
      hasPlaceholders: false)
    return Declaration(replaced, premises)
  }

  /// The same declaration under another name, as it would have been decoded then.
  package func renamed(to name: String) -> Declaration {
    let additions = Additions(labels, [], dependencies, lifecycle, written: written)
    let renamed = Content(
      Reference(kind: reference.kind, name: name), additions, spec, place,
      GivenPlaces(file: place.file, finder: content.places), document: nil,
      hasPlaceholders: hasPlaceholders)
    return Declaration(renamed, premises)
  }

  /// The same declaration with values in the place of its placeholders.
  func expanded(_ spec: Value) -> Declaration {
    let expanded = Content(
      reference, content.additions(of: written), spec, place,
      GivenPlaces(file: place.file, finder: content.places), document: nil,
      hasPlaceholders: false)
    return Declaration(expanded, premises)
  }

  private var written: Content { content.written ?? content }

  /// Keeps the spec no longer where the text has it: whoever asks has it read again.
  ///
  /// For a spec that was decoded and of which there are many.
  package func letGoOfSpec() { content.letGoOfSpec() }

  /// Keeps the spec again, for somebody who asks for it field by field.
  package func recallSpec() { content.recallSpec() }

  /// The files that decoding has asked for, to tell later whether they changed.
  package var filesRead: [(path: String, file: SourceFile?)] {
    premises?.read(by: written) ?? []
  }

  /// Whether decoding has asked for files, or for values.
  package var hasAsked: Bool { hasPlaceholders || !filesRead.isEmpty }

  /// What tells this document from all others, as long as it is kept.
  package var identity: ObjectIdentifier { ObjectIdentifier(content) }

  /// Whether both are one document that was read once, not only equal.
  public func isSame(as other: Declaration) -> Bool { content === other.content }

  /// The place of a field of the spec, such as `path` or `rules[2].name`.
  ///
  /// Falls back to the nearest field above it that has a place, at last to the document's own.
  public func place(of path: String) -> Place {
    FieldPath(path).map { place(of: $0) } ?? place
  }

  /// The place of a field of the spec, as above.
  public func place(of path: FieldPath) -> Place {
    content.places?.nearest(to: FieldPath([.key("spec")] + path.steps)) ?? place
  }

  /// The place of the key of a field of the spec, for errors about the key itself.
  public func place(ofKey path: FieldPath) -> Place {
    content.places?.place(ofKey: FieldPath([.key("spec")] + path.steps)) ?? place(of: path)
  }

  /// The place of a field outside the spec, such as `dependsOn[1]` or `metadata.name`.
  public func place(outsideSpec path: String) -> Place {
    FieldPath(path).flatMap { content.places?.place(of: $0) } ?? place
  }

  /// A file that lies beside the manifest; `path` is relative to it and stays inside the unit.
  ///
  /// Throws a diagnostic at the place of `field` where there is no such file, or it is not one that
  /// may be used.
  public func file(_ path: String, field: String) throws(Diagnostics) -> SourceFile {
    guard let premises else {
      throw Diagnostics([
        Diagnostic(
          .source, at: place(of: field), "files beside the manifest can't be read here",
          remedy: "declare the content inline")
      ])
    }
    do {
      return try premises.find(path, for: written)
    } catch {
      throw Diagnostics([
        Diagnostic(.source, at: place(of: field), error.message, remedy: error.remedy)
      ])
    }
  }
}

/// Finds the places of fields again, by reading the text once more.
///
/// So positions cost nothing until there is an error.
public protocol PlaceFinder: Sendable {
  /// The place of the value at this path from the document's top, or of its key where it has none.
  func place(of path: FieldPath) -> Place?

  /// The place of the key at this path. Default: that of its value.
  func place(ofKey path: FieldPath) -> Place?
}

extension PlaceFinder {
  /// Does not tell keys from values.
  public func place(ofKey path: FieldPath) -> Place? { place(of: path) }

  /// The place at a path, or that of the nearest field above it that has one.
  package func nearest(to path: FieldPath) -> Place? {
    var path = path
    while !path.steps.isEmpty {
      if let found = place(of: path) { return found }
      path.steps.removeLast()
    }
    return nil
  }
}

/// Content together with where and under which name it was declared.
public struct Declared<Content: Sendable>: Sendable {
  /// The declaration.
  public let declaration: Declaration
  /// What it was decoded to.
  public var content: Content

  /// Kind and name.
  public var reference: Reference { declaration.reference }
  /// Where the document begins.
  public var place: Place { declaration.place }

  /// Pairs a declaration with what it stands for.
  public init(_ declaration: Declaration, _ content: Content) {
    self.declaration = declaration
    self.content = content
  }
}
