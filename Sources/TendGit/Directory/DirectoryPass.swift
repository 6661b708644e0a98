internal import SystemPackage
internal import Tend
internal import TendEngine
internal import TendManifest

/// One walk through a directory, in the order of names, gathering what it reads.
struct DirectoryPass {
  /// A manifest's digest, and the stamp under which it holds.
  struct Known {
    let stamp: FileStamp
    let digest: String
  }

  private let manifests: ManifestReader
  private let limits: SourceLimits
  private let known: [String: Known]
  /// A file changed before this keeps its stamp only as long as its bytes: times move in ticks.
  private let settled: Int64
  private var digest = SHA256()
  private var selection: ManifestSelection
  private var newest: Int64?
  private var changed: Int64?
  private var entries = 0
  private var bytes = 0
  /// Digests that the next walk may trust.
  private(set) var fresh: [String: Known] = [:]

  init(
    _ settings: Result<TreeSettings, Diagnostics>, for inputs: ValueInputs?,
    _ manifests: ManifestReader, _ limits: SourceLimits, _ now: Timestamp,
    known: [String: Known]
  ) {
    selection = ManifestSelection(settings, for: inputs)
    self.manifests = manifests
    self.limits = limits
    self.known = known
    settled = now.nanoseconds &- 2_000_000_000
  }

  /// What `tend.yaml` says, or what is wrong with it.
  static func settings(
    _ root: OpenDirectory, _ limits: ManifestLimits
  ) throws(SourceError) -> Result<TreeSettings, Diagnostics> {
    do throws(FileTrouble) {
      let bytes = try root.read(TreeSettings.path, limit: limits.fileBytes).bytes
      return Result { () throws(Diagnostics) in try TreeSettings(bytes, limits: limits) }
    } catch .missing {
      return .success(TreeSettings())
    } catch .system(let error) {
      throw explain(error, TreeSettings.path)
    } catch {
      return .failure(Diagnostics([fault(error).diagnostic(TreeSettings.path)]))
    }
  }

  /// Takes in all that lies in a directory; a repository's own `.git` is passed by.
  mutating func walk(_ root: OpenDirectory) throws(SourceError) {
    // What is added, removed or renamed changes the directory that it is in.
    changed = try Self.explained("") { () throws(Errno) in try root.stamp().changed }
    try walk(root, "", depth: 1)
  }

  private mutating func walk(
    _ folder: OpenDirectory, _ path: String, depth: Int
  ) throws(SourceError) {
    guard depth <= limits.depth else {
      throw SourceError(
        .limit, "directories are nested deeper than \(limits.depth) at \(quoted(path))",
        remedy: "nest them less")
    }
    for name in try names(in: folder, path) where name != ".git" {
      let below = path.isEmpty ? name : "\(path)/\(name)"
      entries += 1
      guard entries <= limits.entries else {
        throw SourceError(
          .limit, "the directory has more than \(limits.entries) files and directories",
          remedy: "point the unit at a smaller one")
      }
      // What went away since the names were read is seen by the next reading.
      guard let stamp = try Self.explained(below, { () throws(Errno) in try folder.stamp(name) })
      else { continue }
      changed = max(changed ?? .min, stamp.changed)
      if stamp.kind == .directory {
        let inner = try Self.explained(below) { () throws(Errno) in try folder.directory(name) }
        try walk(inner, below, depth: depth + 1)
      } else {
        try note(below, stamp, in: folder, name)
      }
    }
  }

  /// Takes in one file: the one manifest of a source that is a file, a manifest, a file of values.
  mutating func take(
    _ path: String, in folder: OpenDirectory, _ name: String,
    as role: ManifestSelection.Role = .manifest
  ) throws(SourceError) {
    do throws(FileTrouble) {
      let (bytes, stamp) = try folder.read(name, limit: manifests.limits.fileBytes)
      changed = max(changed ?? .min, stamp.changed)
      if role == .values {
        keep(values: bytes, path, stamp)
      } else {
        keep(path, stamp, SHA256.hex(bytes), bytes)
      }
    } catch .system(let error) {
      throw Self.explain(error, path)
    } catch .missing {
      throw Self.explain(.noSuchFileOrDirectory, path)
    } catch {
      note("fault", path, "\(error)")
      selection.refuse(path, Self.fault(error))
    }
  }

  /// What was read.
  mutating func finish(_ root: OpenDirectory) -> DirectoryReader.Reading {
    DirectoryReader.Reading(
      digest: "sha256:" + digest.finish(), selection: selection,
      modified: newest.map { Timestamp(nanoseconds: $0) },
      changed: changed.map { Timestamp(nanoseconds: $0) }, directory: root)
  }

  private mutating func note(
    _ path: String, _ stamp: FileStamp, in folder: OpenDirectory, _ name: String
  ) throws(SourceError) {
    let role = path == TreeSettings.path ? .other : selection.role(of: path)
    switch role {
    case .manifest: break
    case .values: return try take(path, in: folder, name, as: .values)
    case .othersValues: return
    case .other:
      return note("file", path, "\(stamp.kind) \(stamp.size) \(stamp.modified) \(stamp.changed)")
    }
    if let known = known[path], known.stamp == stamp,
      let file = manifests.cache.file(at: path, digest: .sha256(known.digest))
    {
      selection.files.append(file)
      fresh[path] = known
      note("manifest", path, known.digest)
      newest = max(newest ?? .min, stamp.modified)
    } else if stamp.kind != .file {
      note("fault", path, "\(stamp.kind)")
      selection.refuse(path, stamp.kind == .link ? .link : .notRegular)
    } else if stamp.size > manifests.limits.fileBytes {
      note("large", path, "\(stamp.size) \(stamp.changed)")
      selection.files.append(ManifestFile(path: path, tooLarge: stamp.size))
    } else if bytes > manifests.limits.treeBytes {
      // The one that passed the limit is among the files, so the reader says so at its place.
      note("unread", path, "\(stamp.size) \(stamp.changed)")
    } else {
      try take(path, in: folder, name)
    }
  }

  private mutating func keep(
    _ path: String, _ stamp: FileStamp, _ hex: String, _ content: [UInt8]
  ) {
    bytes += content.count
    selection.files.append(ManifestFile(path: path, digest: .sha256(hex), bytes: content))
    if stamp.changed < settled { fresh[path] = Known(stamp: stamp, digest: hex) }
    newest = max(newest ?? .min, stamp.modified)
    note("manifest", path, hex)
  }

  private mutating func keep(values content: [UInt8], _ path: String, _ stamp: FileStamp) {
    bytes += content.count
    selection.add(values: content, at: path, limits: manifests.limits)
    newest = max(newest ?? .min, stamp.modified)
    note("values", path, SHA256.hex(content))
  }

  /// No part has a NUL in it, so no two trees give one text.
  private mutating func note(_ kind: String, _ path: String, _ state: String) {
    digest.update("\(kind)\0\(path)\0\(state)\0".utf8)
  }

  private func names(
    in folder: OpenDirectory, _ path: String
  ) throws(SourceError) -> [String] {
    let names = try Self.explained(path) { () throws(Errno) in try folder.names() }
    if let name = names.first(where: { $0.unicodeScalars.contains("\u{FFFD}") }) {
      throw SourceError(
        .corrupt, "the name \(quoted(name)) in \(quoted(path)) is not UTF-8",
        remedy: "give the file another name")
    }
    return names
  }

  private static func fault(_ trouble: FileTrouble) -> ManifestSelection.Fault {
    switch trouble {
    case .link: .link
    case .tooLarge(let size): .tooLarge(size)
    case .missing, .notRegular, .system: .notRegular
    }
  }

  /// Runs a call on what stands at a path.
  static func explained<Value>(
    _ path: String, _ call: () throws(Errno) -> Value
  ) throws(SourceError) -> Value {
    do throws(Errno) {
      return try call()
    } catch {
      throw explain(error, path)
    }
  }

  static func explain(_ error: Errno, _ path: String) -> SourceError {
    let name = path.isEmpty ? "the directory" : quoted(path)
    return switch error {
    case .noSuchFileOrDirectory:
      SourceError(.missing, "\(name) does not exist", remedy: "correct the path")
    case .notDirectory:
      SourceError(.missing, "\(name) is no directory", remedy: "correct the path")
    case .permissionDenied, .notPermitted:
      SourceError(
        .notPermitted, "\(name) can't be read: \(error)",
        remedy: "give the user that runs this the right to read it")
    default: SourceError(.host, "\(name) can't be read: \(error)")
    }
  }
}
