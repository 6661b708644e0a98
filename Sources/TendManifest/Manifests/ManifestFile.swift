public import Tend

/// One manifest of a tree: its path, and its text or what was read of it before.
public struct ManifestFile: Sendable {
  /// Relative to the tree; `-` for standard input.
  public let path: String
  /// What identifies its bytes; nil for a text that is not worth keeping.
  public let digest: ContentDigest?

  enum Content: Sendable {
    case bytes([UInt8])
    case parsed(ParsedManifest)
    case tooLarge(Int)
  }

  let content: Content

  /// A manifest whose text is at hand.
  ///
  /// With a digest it goes into the cache of the reader.
  public init(path: String, digest: ContentDigest? = nil, bytes: [UInt8]) {
    self.init(path, digest, .bytes(bytes))
  }

  /// A manifest that was not loaded because it is larger than the limit; it is refused by name.
  public init(path: String, tooLarge size: Int) {
    self.init(path, nil, .tooLarge(size))
  }

  init(_ path: String, _ digest: ContentDigest?, _ content: Content) {
    self.path = path
    self.digest = digest
    self.content = content
  }

  /// Whether a path of a tree names a manifest: `.yaml`, `.yml` or `.json`.
  ///
  /// Names that begin with a dot are passed by at every level, and so is `tend.yaml` at the root,
  /// which holds the tree's own settings.
  public static func isManifest(_ path: String) -> Bool {
    guard path.hasSuffix(".yaml") || path.hasSuffix(".yml") || path.hasSuffix(".json"),
      path != TreeSettings.path
    else { return false }
    return !path.utf8.split(separator: UInt8(ascii: "/")).contains { $0.first == UInt8(ascii: ".") }
  }
}

/// What was read of one file.
final class ParsedManifest: Sendable {
  let declarations: [Declaration]
  let diagnostics: [Diagnostic]
  let documents: Int
  let size: Int

  init(path: String, bytes: [UInt8], limits: ManifestLimits) {
    let parsed = DocumentParser(limits: limits).parse(bytes, file: path)
    var reader = DeclarationReader(mayHavePlaceholders: bytes.contains { $0 == 0x24 || $0 == 0x5C })
    var list = DiagnosticList(limit: limits.fileDiagnostics, file: path)
    for diagnostic in parsed.diagnostics.all { list.append(diagnostic) }
    var declarations: [Declaration] = []
    declarations.reserveCapacity(parsed.documents.count)
    for document in parsed.documents where !list.isFull {
      let before = reader.diagnostics.count
      if let declaration = reader.declaration(of: document) { declarations.append(declaration) }
      for diagnostic in reader.diagnostics[before...] { list.append(diagnostic) }
    }
    self.declarations = declarations
    diagnostics = list.all
    documents = parsed.documents.count
    size = bytes.count
  }
}
