private import Glibc
import Tend
import TendAgent
import TendEngine
import TendGit
import TendManifest

/// What `-f PATH` names: a file, a directory, or standard input.
struct Input: Sendable {
  /// As it was written.
  let path: String
  /// Who it is read for; the unit is added.
  var values = ValueInputs()

  /// What was read.
  struct Reading: Sendable {
    let snapshot: Snapshot
    /// What is wrong with the manifests so far.
    let diagnostics: Diagnostics
    /// The directory that all paths lie below; nil: that of the machine.
    var root: String?
  }

  /// Whether it names standard input.
  var isStandardInput: Bool { path == "-" }

  /// Whether what is not declared there is deleted: a directory says all, a file does not.
  var prunes: Bool { isDirectory }

  private var isDirectory: Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// What stands before the files of manifests so that they can be opened from here.
  var prefix: String {
    if isStandardInput || path == "." || path == "./" { return "" }
    if isDirectory { return path.hasSuffix("/") ? path : path + "/" }
    return path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
  }

  /// Where the declarations of a unit come from, to be read again later.
  var origin: UnitConfiguration.Origin? { isDirectory ? .directory(resolved) : nil }

  /// The absolute path, without links.
  var resolved: String {
    guard let text = realpath(path, nil) else { return path }
    defer { free(text) }
    return String(cString: text)
  }

  /// The unit: as given, else as `tend.yaml` at the root of the directory says, else `default`.
  func unit(named name: String?) throws -> String {
    if let name { return name }
    guard isDirectory, let bytes = try Self.read(path + "/" + TreeSettings.path, limit: 1 << 20)
    else { return "default" }
    return try TreeSettings(bytes).name ?? "default"
  }

  /// Reads the manifests for a unit.
  func read(for unit: String) async throws -> Reading {
    var values = values
    values.unit = unit
    if isStandardInput {
      let limit = ManifestLimits().fileBytes
      let bytes = try Self.read(from: STDIN_FILENO, "standard input", limit: limit)
      var reading = try await Self.reading(of: TextSource(bytes, values: values), "standard input")
      reading.root = values.root
      return reading
    }
    var configuration = DirectoryConfiguration(path: path)
    configuration.settle = .zero
    configuration.values = values
    let reading = try await Self.reading(of: DirectorySource(configuration), path)
    return Reading(
      snapshot: reading.snapshot.said(resolved), diagnostics: reading.diagnostics,
      root: values.root)
  }

  /// Reads a directory for every host that it has values for, and a file for this one.
  func readForEveryHost(unit: String) async throws -> EveryHost {
    var configuration = DirectoryConfiguration(path: path)
    configuration.values = values
    configuration.values.unit = unit
    return try await DirectorySource(configuration).readForEveryHost()
  }

  private static func reading(of source: some Source, _ name: String) async throws -> Reading {
    switch try await source.refresh(after: nil) {
    case .changed(let snapshot): return Reading(snapshot: snapshot, diagnostics: Diagnostics())
    case .invalid(let snapshot, let wrong): return Reading(snapshot: snapshot, diagnostics: wrong)
    case .unchanged: throw Failure("Source", "\(name) can't be read")
    }
  }

  /// All bytes of a file; nil where there is none.
  static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8]? {
    let number = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if number < 0, errno == ENOENT || errno == ENOTDIR { return nil }
    guard number >= 0 else {
      throw Failure("Source", "\(path) can't be read: \(String(cString: strerror(errno)))")
    }
    defer { close(number) }
    return try read(from: number, path, limit: limit)
  }

  private static func read(
    from descriptor: Int32, _ name: String, limit: Int
  ) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        throw Failure("Source", "\(name) can't be read: \(String(cString: strerror(errno)))")
      }
      bytes += chunk.prefix(count)
      guard bytes.count <= limit else {
        throw Failure(
          "Limit", "\(name) has more than \(limit) bytes", remedy: "split it into several files")
      }
    }
  }
}

extension Input.Reading {
  /// What was read; throws all that is wrong with it.
  func checked(by engine: Engine, for unit: String) throws(Diagnostics) -> Snapshot {
    let wrong = mistakes(checkedBy: engine, for: unit)
    guard wrong.isEmpty else { throw wrong }
    return snapshot
  }

  /// All that is wrong; what only follows from a document that can't be read is left out.
  func mistakes(checkedBy engine: Engine, for unit: String) -> Diagnostics {
    var all = diagnostics
    for diagnostic in engine.validate(snapshot, unit: unit, root: root).all {
      let follows = diagnostic.code == .reference || diagnostic.code == .duplicateName
      if diagnostics.isEmpty || !follows { all.append(diagnostic) }
    }
    return all.sorted
  }
}

extension Snapshot {
  /// The same with a message of its revision: where it was read from, for history and for `Scope`.
  fileprivate func said(_ message: String) -> Snapshot {
    var revision = revision
    revision.message = message
    return Snapshot(
      revision: revision, declarations: declarations, tree: tree, values: values)
  }
}
