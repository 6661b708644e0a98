internal import Tend
public import TendEngine
public import TendManifest

/// One text as a source, such as standard input: a single revision that never changes.
public struct TextSource: Source {
  /// What people call it, and the file in every place; `-` is standard input.
  public let description: String
  private let bytes: [UInt8]
  private let manifests: ManifestReader
  private let inputs: ValueInputs

  /// A text that is at hand, read for a host and a unit.
  public init(
    _ bytes: [UInt8], name: String = "-", manifests: ManifestReader = ManifestReader(),
    values: ValueInputs = ValueInputs()
  ) {
    inputs = values
    self.bytes = bytes
    self.manifests = manifests
    description = name
  }

  /// The text, read the first time.
  public func refresh(after known: Revision?) async throws(SourceError) -> Refresh {
    let digest = SHA256.hex(bytes)
    let revision = Revision(id: "sha256:\(digest)\(inputs.mark)")
    if known?.id == revision.id { return .unchanged }
    let read = manifests.read([
      ManifestFile(path: description, digest: .sha256(digest), bytes: bytes)
    ])
    let values = ValueLayers(TreeSettings()).values(for: inputs).values
    let snapshot = Snapshot(
      revision: revision, declarations: read.declarations, values: values)
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
