public import Tend

/// Reads the manifests of a tree into declarations.
public struct ManifestReader: Sendable {
  /// The bounds that are checked while texts are read.
  public let limits: ManifestLimits
  /// What was read before.
  public let cache: ManifestCache

  /// A reader that keeps what it reads in a cache; give it the same one for each revision.
  public init(limits: ManifestLimits = ManifestLimits(), cache: ManifestCache = ManifestCache()) {
    self.limits = limits
    self.cache = cache
  }

  /// What was read of a tree.
  public struct Reading: Sendable {
    /// What is declared, in the order of paths and of documents.
    ///
    /// Also documents with mistakes whose kind and name are known, so that their specs can be
    /// checked in the same run. Apply nothing unless `diagnostics` is empty.
    public let declarations: [Declaration]
    /// All that is wrong, in the order of files and lines.
    public let diagnostics: Diagnostics
  }

  /// Reads all files of a tree, in the order of their paths.
  ///
  /// Files that the cache gave are not parsed. All mistakes of all files are reported; two
  /// declarations of one kind and name are reported at the second, with the place of the first.
  public func read(_ files: [ManifestFile]) -> Reading {
    var reading = TreeReading(limits: limits)
    for file in files.sorted(by: { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }) {
      guard reading.accepts(file) else { break }
      if let parsed = parsed(file) { reading.add(parsed, path: file.path) }
    }
    return Reading(
      declarations: reading.declarations, diagnostics: Diagnostics(reading.diagnostics).sorted)
  }

  private func parsed(_ file: ManifestFile) -> ParsedManifest? {
    switch file.content {
    case .tooLarge: return nil
    case .parsed(let parsed): return parsed
    case .bytes(let bytes):
      if let digest = file.digest,
        case .parsed(let parsed)? = cache.file(at: file.path, digest: digest)?.content
      {
        return parsed
      }
      let parsed = ParsedManifest(path: file.path, bytes: bytes, limits: limits)
      if let digest = file.digest { cache.keep(parsed, at: file.path, digest: digest) }
      return parsed
    }
  }
}

/// Gathers the files of one tree within the limits of a tree.
private struct TreeReading {
  let limits: ManifestLimits
  var declarations: [Declaration] = []
  var diagnostics: [Diagnostic] = []
  private var bytes = 0
  private var documents = 0
  /// The positions of the first declarations of their kind and name, by the hash of these: a
  /// position says the rest.
  private var first: [Int: Int32] = [:]
  /// Those whose hash another one had before.
  private var collided: [Reference: Int32] = [:]

  init(limits: ManifestLimits) {
    self.limits = limits
  }

  /// Whether one more file fits; reported where not.
  mutating func accepts(_ file: ManifestFile) -> Bool {
    switch file.content {
    case .bytes(let content): bytes += content.count
    case .parsed(let parsed): bytes += parsed.size
    case .tooLarge(let size):
      diagnostics.append(TextCheck.tooLarge(file.path, size: size, limits))
    }
    if bytes > limits.treeBytes {
      refuse("has more bytes than the limit treeBytes, \(limits.treeBytes)", at: file.path)
      return false
    }
    return true
  }

  mutating func add(_ parsed: ParsedManifest, path: String) {
    let before = documents
    documents += parsed.documents
    if documents > limits.treeDocuments {
      if before <= limits.treeDocuments {
        refuse(
          "has more documents than the limit treeDocuments, \(limits.treeDocuments)", at: path)
      }
      return
    }
    // At once, while they are in the processor's cache.
    for declaration in parsed.declarations { add(declaration) }
    diagnostics += parsed.diagnostics
  }

  private mutating func refuse(_ what: String, at path: String) {
    diagnostics.append(
      Diagnostic(
        .limit, at: Place(file: path, line: 1, column: 1),
        "from this file on the tree \(what)",
        remedy: "divide it among units, or exclude files in tend.yaml"))
  }

  private mutating func add(_ declaration: Declaration) {
    let position = Int32(declarations.count)
    declarations.append(declaration)
    guard let other = enter(declaration.reference, position) else { return }
    let place = declarations[Int(other)].place(outsideSpec: "metadata.name")
    diagnostics.append(
      Diagnostic(
        .duplicateName, at: declaration.place(outsideSpec: "metadata.name"),
        "\(declaration.reference) is declared already at \(place)",
        remedy: "rename or remove one of them", related: [place]))
  }

  /// Enters a declaration, or answers with the first one of its kind and name.
  private mutating func enter(_ reference: Reference, _ position: Int32) -> Int32? {
    let hash = reference.hashValue
    guard let other = first[hash] else {
      first[hash] = position
      return nil
    }
    if declarations[Int(other)].reference == reference { return other }
    if let other = collided[reference] { return other }
    collided[reference] = position
    return nil
  }
}
