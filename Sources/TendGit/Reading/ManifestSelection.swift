internal import Tend
internal import TendManifest

/// Which files of a tree are its manifests, and what is wrong with some of them before they are
/// read.
struct ManifestSelection: Sendable {
  private let settings: TreeSettings?
  /// What is wrong with the tree itself.
  private(set) var diagnostics = Diagnostics()
  /// The manifests, once loaded.
  var files: [ManifestFile] = []

  /// Selects by the settings of the tree; nothing where these can't be read.
  init(_ settings: Result<TreeSettings, Diagnostics>) {
    switch settings {
    case .success(let settings): self.settings = settings
    case .failure(let wrong):
      self.settings = nil
      diagnostics = wrong
    }
  }

  /// Whether a path is one of a manifest.
  func selects(_ path: String) -> Bool { settings?.selects(path) ?? false }

  /// Says that what a manifest's path names is none that can be read.
  mutating func refuse(_ path: String, _ why: Fault) {
    diagnostics.append(why.diagnostic(path))
  }

  /// What is in the way of reading a manifest.
  enum Fault: Error, Sendable, Hashable {
    case link, submodule, notRegular
    case tooLarge(Int)

    func diagnostic(_ path: String) -> Diagnostic {
      let message =
        switch self {
        case .link: "is a symbolic link, and links are not followed"
        case .submodule: "is a submodule, and submodules are not fetched"
        case .notRegular: "is no regular file"
        case .tooLarge(let size): "has \(size) bytes, more than a manifest may have"
        }
      return Diagnostic(
        .source, at: Place(file: path, line: 1, column: 1), message,
        remedy: "put the document in its place, or exclude the path in \(TreeSettings.path)")
    }
  }
}
