public import Tend

/// What `tend.yaml` at the root of a tree says about the tree itself.
public struct TreeSettings: Sendable, Hashable {
  /// The name of the file, which is no manifest.
  public static let path = "tend.yaml"

  /// The name of the unit, where the command line names none.
  public var name: String?
  /// What is read; everything where it is empty.
  public var include: [PathPattern] = []
  /// What is not read, also where `include` names it.
  public var exclude: [PathPattern] = []
  /// Files of values, those first over which the later ones are laid; none of them is a manifest.
  public var values: [ValuesPath] = []

  /// The defaults, for a tree without the file.
  public init() {}

  /// The fields of the file; documents are checked against them.
  public static let schema = Schema(
    "The settings of a tree of manifests: tend.yaml at its root.",
    [
      .string(
        "name",
        "The unit's name, where none is given: letters, digits, dots, dashes, underscores."
      ),
      .list(
        "include", of: .string,
        "Patterns of the paths that are read, such as apps/**/*.yaml. Default: everything."),
      .list(
        "exclude", of: .string, "Patterns of the paths that are not read. Default: nothing."),
      .list(
        "values", of: .string,
        "Files of values for ${NAME} in manifests; what a later one says comes before what an "
          + "earlier one says. A file with ${NAME} in its path need not be there, and it may be "
          + "named by what the files before it say. Default: none."),
    ],
    example: """
      name: web
      include: [apps, hosts/web-*]
      exclude: ["**/*.test.yaml"]
      values: [values.yaml, "values/${host.name}.yaml"]
      """)

  /// Reads the file; throws all that is wrong with it.
  public init(
    _ bytes: [UInt8], file: String = TreeSettings.path, limits: ManifestLimits = ManifestLimits()
  ) throws(Diagnostics) {
    let parsed = DocumentParser(limits: limits).parse(bytes, file: file)
    var wrong = parsed.diagnostics
    if let second = parsed.documents.dropFirst().first {
      wrong.append(
        Diagnostic(
          .syntax, at: second.place, "\(file) must be one document",
          remedy: "put declarations into files of their own"))
    }
    if let document = parsed.documents.first {
      for diagnostic in document.diagnostics(checkedBy: Self.schema) { wrong.append(diagnostic) }
      read(document, &wrong)
    }
    guard wrong.isEmpty else { throw wrong.sorted }
  }

  /// Whether a path of the tree is a manifest that these settings select.
  public func selects(_ path: String) -> Bool {
    ManifestFile.isManifest(path)
      && (include.isEmpty || include.contains { $0.matches(path) })
      && !exclude.contains { $0.matches(path) }
      && !values.contains { $0.mayName(path) }
  }

  private mutating func read(_ document: Document, _ wrong: inout Diagnostics) {
    if case .string(let name)? = document.value.value(at: "name") {
      self.name = name
      if !Syntax.isName(name) {
        wrong.append(
          Diagnostic(
            .invalidValue, at: document.place(of: FieldPath([.key("name")])),
            "name can't be the name of a unit",
            remedy: "use 1 to 253 letters, digits, dots, dashes and underscores"))
      }
    }
    include = patterns("include", document, &wrong)
    exclude = patterns("exclude", document, &wrong)
    values = list("values", document, &wrong) { text, place in
      ValuesPath(text, at: place)
    } remedy: {
      "name a .yaml, .yml or .json file relative to the tree, like values/${host.name}.yaml"
    }
  }

  private func patterns(
    _ key: String, _ document: Document, _ wrong: inout Diagnostics
  ) -> [PathPattern] {
    list(key, document, &wrong) { text, _ in
      PathPattern(text)
    } remedy: {
      "write it relative to the tree, without .., like apps/**/*.yaml"
    }
  }

  private func list<Element>(
    _ key: String, _ document: Document, _ wrong: inout Diagnostics,
    _ make: (String, Place) -> Element?, remedy: () -> String
  ) -> [Element] {
    guard case .list(let texts)? = document.value.value(at: key) else { return [] }
    var elements: [Element] = []
    for (index, value) in texts.enumerated() {
      guard case .string(let text) = value else { continue }
      let place = document.place(of: FieldPath([.key(key), .index(index)]))
      if let element = make(text, place) {
        elements.append(element)
      } else {
        wrong.append(
          Diagnostic(
            .invalidValue, at: place, "\(key)[\(index)] is not the path of what is meant",
            remedy: remedy()))
      }
    }
    return elements
  }
}
