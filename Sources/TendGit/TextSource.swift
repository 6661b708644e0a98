internal import Tend
public import TendEngine
public import TendManifest

/// One text as a source, such as standard input: a single revision that never changes.
public struct TextSource: Source {
  /// What people call it, and the file in every place; `-` is standard input.
  public let description: String
  private let bytes: [UInt8]
  private let manifests: ManifestReader

  /// A text that is at hand.
  public init(
    _ bytes: [UInt8], name: String = "-", manifests: ManifestReader = ManifestReader()
  ) {
    self.bytes = bytes
    self.manifests = manifests
    description = name
  }

  /// The text, read the first time.
  public func refresh(after known: Revision?) async throws(SourceError) -> Refresh {
    let digest = SHA256.hex(bytes)
    let revision = Revision(id: "sha256:\(digest)")
    if known?.id == revision.id { return .unchanged }
    let read = manifests.read([
      ManifestFile(path: description, digest: .sha256(digest), bytes: bytes)
    ])
    let snapshot = Snapshot(revision: revision, declarations: read.declarations)
    return read.diagnostics.isEmpty ? .changed(snapshot) : .invalid(snapshot, read.diagnostics)
  }

  /// The text, where it is the revision asked for.
  public func snapshot(of revision: Revision) async throws(SourceError) -> Snapshot {
    guard case .changed(let snapshot) = try await refresh(after: nil),
      snapshot.revision.id == revision.id
    else {
      throw SourceError(.missing, "\(description) is not the text of \(revision.short)")
    }
    return snapshot
  }
}
