private import Synchronization
internal import SystemPackage
internal import Tend
internal import TendEngine
internal import TendManifest

/// Reads a directory once: its manifests whole, of all else what a stat says.
///
/// Blocks; call it on a thread of its own.
final class DirectoryReader: Sendable {
  private let path: FilePath
  private let manifests: ManifestReader
  private let inputs: ValueInputs?
  private let limits: SourceLimits
  private let now: @Sendable () -> Timestamp
  private let known = Mutex<[String: DirectoryPass.Known]>([:])

  /// One reading.
  struct Reading: Sendable {
    /// Over all that was read: equal where nothing differs.
    let digest: String
    let selection: ManifestSelection
    /// Of the newest file.
    let modified: Timestamp?
    /// When anything in it, or its names, changed last.
    let changed: Timestamp?
    let directory: OpenDirectory
  }

  init(
    _ path: FilePath, _ manifests: ManifestReader, for inputs: ValueInputs?,
    _ limits: SourceLimits, now: @escaping @Sendable () -> Timestamp
  ) {
    self.path = path
    self.manifests = manifests
    self.inputs = inputs
    self.limits = limits
    self.now = now
  }

  /// Reads a directory, or a single file as the one manifest of the directory that it lies in.
  func read() throws(SourceError) -> Reading {
    let root: OpenDirectory
    do throws(Errno) {
      root = try OpenDirectory(path)
    } catch {
      guard error == .notDirectory, let file = path.lastComponent else {
        throw DirectoryPass.explain(error, path.string)
      }
      return try read(only: file.string)
    }
    return try read(below: root)
  }

  private func read(only name: String) throws(SourceError) -> Reading {
    let folder = path.removingLastComponent()
    let root = try DirectoryPass.explained(folder.string) { () throws(Errno) in
      try OpenDirectory(folder.isEmpty ? "." : folder)
    }
    var pass = DirectoryPass(
      .success(TreeSettings()), for: inputs, manifests, limits, now(), known: [:])
    try pass.take(name, in: root, name)
    return pass.finish(root)
  }

  private func read(below root: OpenDirectory) throws(SourceError) -> Reading {
    var pass = DirectoryPass(
      try DirectoryPass.settings(root, manifests.limits), for: inputs, manifests, limits, now(),
      known: known.withLock { $0 })
    try pass.walk(root)
    let fresh = pass.fresh
    known.withLock { $0 = fresh }
    return pass.finish(root)
  }
}
