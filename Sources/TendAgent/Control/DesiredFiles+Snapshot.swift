import Tend
import TendEngine
import TendManifest

extension DesiredFiles {
  /// What the files declare, read anew; throws all that is wrong with them.
  func snapshot() throws -> Snapshot {
    let reading = ManifestReader().read(
      manifests.map { ManifestFile(path: $0.path, bytes: Array($0.text.utf8)) })
    guard reading.diagnostics.isEmpty else { throw reading.diagnostics }
    return Snapshot(
      revision: revision, declarations: reading.declarations, tree: SentTree(contents),
      values: resolved)
  }

  private var resolved: Values {
    if case .map(let fields) = values { Values(resolved: fields) } else { Values() }
  }
}

/// The files beside the manifests, as they were sent.
private struct SentTree: SourceTree {
  private let files: [String: DesiredFiles.Content]

  init(_ contents: [DesiredFiles.Content]) {
    files = Dictionary(contents.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
  }

  func file(at path: String) throws(SourceFileError) -> SourceFile {
    guard let file = files[path], let bytes = Base64.decode(file.base64) else {
      throw SourceFileError("\(path) was not sent with the manifests")
    }
    let digest = SHA256.hex(bytes)
    return SourceFile(path: path, digest: .sha256(digest), size: bytes.count) {
      () throws(ProviderError) in bytes
    }
  }
}
