public import Tend

/// What one revision of a source declares.
public struct Snapshot: Sendable {
  /// Which revision.
  public let revision: Revision
  /// All that it declares, in the order of files and documents.
  public let declarations: [Declaration]
  /// The files beside the manifests, such as the `source:` of a file.
  public let tree: any SourceTree
  /// What `${NAME}` in the declarations stands for.
  public let values: Values

  /// A revision, read.
  public init(
    revision: Revision, declarations: [Declaration], tree: any SourceTree = NoFiles(),
    values: Values = Values()
  ) {
    self.revision = revision
    self.declarations = declarations
    self.tree = tree
    self.values = values
  }

  /// What a unit gives to these declarations.
  func premises(of unit: Unit) -> Premises {
    Premises(tree, unit: unit.name, root: unit.policy.root, values: values)
  }
}

/// The tree of a source that has no files: declarations made by a program.
public struct NoFiles: SourceTree {
  /// There is only one.
  public init() {}

  /// Always throws.
  public func file(at path: String) throws(SourceFileError) -> SourceFile {
    throw SourceFileError(
      "there is no file \(path): these declarations have no tree",
      remedy: "declare the content inline")
  }
}
