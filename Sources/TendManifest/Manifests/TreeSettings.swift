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
    ],
    example: """
      name: web
      include: [apps, hosts/web-*]
      exclude: ["**/*.test.yaml"]
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
  }

  private func patterns(
    _ key: String, _ document: Document, _ wrong: inout Diagnostics
  ) -> [PathPattern] {
    guard case .list(let values)? = document.value.value(at: key) else { return [] }
    var patterns: [PathPattern] = []
    for (index, value) in values.enumerated() {
      guard case .string(let text) = value else { continue }
      if let pattern = PathPattern(text) {
        patterns.append(pattern)
      } else {
        wrong.append(
          Diagnostic(
            .invalidValue, at: document.place(of: FieldPath([.key(key), .index(index)])),
            "\(key)[\(index)] is no pattern of paths",
            remedy: "write it relative to the tree, without .., like apps/**/*.yaml"))
      }
    }
    return patterns
  }
}
