private import Synchronization
import Tend
import TendAgent
import TendEngine

/// Packs what `-f PATH` declares, with the files that it refers to, for a running agent.
struct Shipment {
  /// The most that is packed, in bytes, so that the request stays below the agent's bound.
  static let limit = 11 << 20

  private let input: Input

  init(_ input: Input) { self.input = input }

  /// Reads, checks and packs; throws all that is wrong.
  func pack(
    for unit: Unit, toApply: Bool, checkedBy engine: Engine
  ) async throws -> DesiredFiles {
    let reading = try await input.read(for: unit.name)
    let tree = RecordingTree(reading.snapshot.tree)
    let recorded = Snapshot(
      revision: reading.snapshot.revision, declarations: reading.snapshot.declarations, tree: tree,
      values: reading.snapshot.values)
    let snapshot = try Input.Reading(
      snapshot: recorded, diagnostics: reading.diagnostics, root: reading.root
    )
    .checked(by: engine, for: unit.name)
    return DesiredFiles(
      unit: unit.name, prunes: unit.policy.prunes,
      allowedDeletions: unit.policy.allowedDeletions, isClaiming: toApply,
      root: unit.policy.root, values: .map(snapshot.values.fields), revision: snapshot.revision,
      manifests: try manifests(of: snapshot), contents: try await contents(of: tree.files))
  }

  private func manifests(of snapshot: Snapshot) throws -> [DesiredFiles.Manifest] {
    let paths = Set(snapshot.declarations.map(\.place.file)).sorted()
    var size = 0
    return try paths.map { path in
      guard let bytes = try Input.read(input.prefix + path, limit: Self.limit) else {
        throw Failure("Source", "\(input.prefix)\(path) is gone", remedy: "run it again")
      }
      size += bytes.count
      guard size <= Self.limit else { throw tooLarge }
      return DesiredFiles.Manifest(path: path, text: String(decoding: bytes, as: UTF8.self))
    }
  }

  private func contents(of files: [SourceFile]) async throws -> [DesiredFiles.Content] {
    guard files.reduce(0, { $0 &+ $1.size }) <= Self.limit else { throw tooLarge }
    var contents: [DesiredFiles.Content] = []
    for file in files {
      contents.append(
        DesiredFiles.Content(path: file.path, base64: Base64.encode(try await file.read())))
    }
    return contents
  }

  private var tooLarge: Failure {
    Failure(
      "Limit", "what \(input.path) declares has more than \(Self.limit) bytes, too much to be sent",
      remedy: "stop the agent while it is applied, or have the agent follow it")
  }
}

/// A tree that remembers which of its files were asked for.
private final class RecordingTree: SourceTree {
  private let tree: any SourceTree
  private let asked = Mutex<[String: SourceFile]>([:])

  init(_ tree: any SourceTree) { self.tree = tree }

  var files: [SourceFile] { asked.withLock { $0.sorted { $0.key < $1.key }.map(\.value) } }

  func file(at path: String) throws(SourceFileError) -> SourceFile {
    let file = try tree.file(at: path)
    asked.withLock { $0[path] = file }
    return file
  }
}
