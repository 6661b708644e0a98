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
  /// The files of values, once loaded.
  private(set) var layers: ValueLayers
  /// Who the tree is read for; nil: every host.
  private let inputs: ValueInputs?

  /// Selects by the settings of the tree; nothing where these can't be read.
  init(_ settings: Result<TreeSettings, Diagnostics>, for inputs: ValueInputs?) {
    self.inputs = inputs
    switch settings {
    case .success(let settings):
      self.settings = settings
      layers = ValueLayers(settings)
    case .failure(let wrong):
      self.settings = nil
      layers = ValueLayers(TreeSettings())
      diagnostics = wrong
    }
  }

  /// What a path of the tree is read as.
  enum Role: Sendable, Hashable {
    case manifest
    /// Values of whom the tree is read for.
    case values
    /// Values of somebody else.
    case othersValues
    /// Nothing, or what manifests refer to.
    case other
  }

  /// What a path is read as.
  func role(of path: String) -> Role {
    guard let settings else { return .other }
    if settings.selects(path) { return .manifest }
    guard settings.values.contains(where: { $0.mayName(path) }) else { return .other }
    return layers.needs(path, for: inputs) ? .values : .othersValues
  }

  /// Takes in a file of values.
  mutating func add(values bytes: [UInt8], at path: String, limits: ManifestLimits) {
    layers.add(ValuesFile(path: path, bytes: bytes, limits: limits))
  }

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
