private import Glibc
import Tend
public import TendEngine
import TendGit
import TendManifest

/// Where the declarations of each unit came from last.
///
/// Kept beside the store so that a command can read them again when no agent runs. Passwords are
/// left out.
public struct Origins: Sendable {
  private static let name = "origins.json"

  private struct Entry: Codable {
    var git: Git?
    var directory: String?
    var host: String?
    var values: Value?
    var root: String?

    init(_ unit: UnitConfiguration) {
      switch unit.origin {
      case .directory(let path): directory = StateDirectory(path).path
      case .git(let configuration): git = Git(configuration)
      }
      if unit.values.isHostGiven { host = unit.values.host }
      if !unit.values.values.entries.isEmpty { values = .map(unit.values.values) }
      root = unit.policy.root
    }

    /// Who the source was read for.
    var inputs: ValueInputs {
      var inputs = ValueInputs(host: host)
      if case .map(let fields)? = values { inputs.values = fields }
      return inputs
    }
  }

  private struct Git: Codable {
    var repository: String
    var fallbacks: [String]?
    var branch: String?
    var tag: String?
    var semver: String?
    var commit: String?
    var path: String

    init(_ git: GitConfiguration) {
      repository = Origins.withoutPassword(git.repository)
      fallbacks = git.fallbacks.isEmpty ? nil : git.fallbacks.map(Origins.withoutPassword)
      path = git.path
      switch git.reference {
      case .branch(let name): branch = name
      case .tag(let name): tag = name
      case .semver(let range): semver = range
      case .commit(let id): commit = id
      }
    }

    var reference: GitReference? {
      branch.map { .branch($0) } ?? tag.map { .tag($0) } ?? semver.map { .semver($0) }
        ?? commit.map { .commit($0) }
    }
  }

  private var entries: [String: Entry]

  /// The origins of an agent's units.
  public init(_ units: [UnitConfiguration]) {
    entries = [:]
    for unit in units { entries[unit.name] = Entry(unit) }
  }

  private init(entries: [String: Entry]) { self.entries = entries }

  /// What is kept in a state directory; nothing where it can't be read.
  public init(in state: StateDirectory) {
    let number = open("\(state.path)/\(Self.name)", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    entries = [:]
    guard number >= 0 else { return }
    let file = Descriptor(number)
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = read(file.raw, &bytes, bytes.count)
    guard count > 0, let text = String(validating: bytes.prefix(count), as: UTF8.self),
      let value = try? Value(json: text),
      let kept = try? ValueDecoder().decode([String: Entry].self, from: value)
    else { return }
    entries = kept
  }

  /// A unit as its declarations were read last, if that is known.
  public func unit(named name: String, in state: StateDirectory) -> UnitConfiguration? {
    guard let entry = entries[name], let origin = origin(entry, state) else { return nil }
    var unit = UnitConfiguration(name, origin: origin)
    unit.values = entry.inputs
    unit.policy.root = entry.root
    return unit
  }

  private func origin(_ entry: Entry, _ state: StateDirectory) -> UnitConfiguration.Origin? {
    if let directory = entry.directory { return .directory(directory) }
    guard let git = entry.git, let reference = git.reference else { return nil }
    var configuration = GitConfiguration(
      repository: git.repository, reference: reference, path: git.path, mirrors: state.mirrors)
    configuration.fallbacks = git.fallbacks ?? []
    return .git(configuration)
  }

  /// Keeps these beside what is kept of other units.
  ///
  /// The state directory exists.
  public func save(in state: StateDirectory) throws(Failure) {
    var all = Origins(in: state).entries
    for (unit, entry) in entries { all[unit] = entry }
    let path = "\(state.path)/\(Self.name)"
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW
    let file = Descriptor(open(path + ".new", flags, 0o600))
    do {
      let text = try ValueEncoder().encode(all).prettyJSON + "\n"
      try file.write(Array(text.utf8))
    } catch {
      throw Failure("Store", "\(path) can't be written: \(error)")
    }
    guard rename(path + ".new", path) == 0 else {
      throw Failure("Store", "\(path) can't be written: \(errnoText(errno))")
    }
  }

  /// `https://ada:secret@host/x` becomes `https://ada@host/x`.
  static func withoutPassword(_ url: String) -> String {
    guard let scheme = url.firstRange(of: "://") else { return url }
    let rest = url[scheme.upperBound...]
    let authority = rest.prefix { $0 != "/" }
    guard let at = authority.lastIndex(of: "@"),
      let colon = authority[..<at].firstIndex(of: ":")
    else { return url }
    return String(url[..<colon] + url[at...])
  }
}

extension UnitConfiguration {
  /// Reads a revision again where it came from, without a look at a remote.
  public func snapshot(of revision: Revision) async throws -> Snapshot {
    try await source(settle: .zero).snapshot(of: revision)
  }
}
