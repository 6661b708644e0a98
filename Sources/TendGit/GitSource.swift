internal import Logging
private import Synchronization
internal import SystemPackage
internal import Tend
public import TendEngine
public import TendManifest

/// A Git repository as a source: fetched into a mirror, and read out of its object store.
///
/// Nothing of a repository is ever run or written out: no checkout, no hooks, no filters; links and
/// submodules lead nowhere. Connections use the configuration of the user that the agent runs as:
/// its credential helpers, its ssh keys. Nobody is ever asked anything.
public final class GitSource: Source {
  /// What people call it.
  public let description: String

  private let configuration: GitConfiguration
  private let remotes: RemoteList
  private let mirror: Mirror
  private let signatures: SignatureCheck?
  private let reader: RevisionReader
  private let blobs: BlobReader
  private let state = Mutex(State())

  private struct State {
    var listing: TreeListing?
    /// The mirror lacks what it should hold.
    var isBroken = false
  }

  /// Checks the configuration; nothing is fetched yet.
  ///
  /// Sources with one manifest cache share what they read.
  public init(
    _ configuration: GitConfiguration, manifests: ManifestReader = ManifestReader()
  ) throws(SourceError) {
    let addresses = try configuration.addresses()
    try configuration.check()
    self.configuration = configuration
    let mirror = Mirror(addresses[0], configuration)
    self.mirror = mirror
    remotes = RemoteList(addresses, configuration, mirror)
    signatures = configuration.signatures.map { SignatureCheck($0, mirror, configuration) }
    let trees = TreeReader(limits: configuration.limits, path: configuration.normalPath)
    reader = RevisionReader(trees: trees, manifests: manifests, inputs: configuration.values)
    blobs = BlobReader(mirror, limit: configuration.limits.fileBytes)
    let path = configuration.normalPath
    let places = addresses.map(\.description).joined(separator: " or ")
    description = "\(places), \(configuration.reference)" + (path.isEmpty ? "" : ", \(path)")
  }

  /// Follows a branch of a repository, with mirrors below a directory of the agent's own.
  ///
  /// `path` is the directory in the repository that is read; its root unless given.
  public convenience init(
    _ repository: String, branch: String = "main", path: String = "", mirrors: String
  ) throws(SourceError) {
    try self.init(
      GitConfiguration(
        repository: repository, reference: .branch(branch), path: path, mirrors: mirrors))
  }

  /// Fetches from the first remote that answers, and reads what is new.
  ///
  /// Signatures are checked before anything else of a revision is read.
  public func refresh(after known: Revision?) async throws(SourceError) -> Refresh {
    if state.withLock({ $0.isBroken }) { try await startOver() }
    do throws(SourceError) {
      return try await differing(from: known)
    } catch  where error.code == .corrupt && state.withLock({ $0.isBroken }) {
      try await startOver()
      return try await differing(from: known)
    }
  }

  /// The newest, or what is known where it was read for somebody else.
  private func differing(from known: Revision?) async throws(SourceError) -> Refresh {
    let answer = try await newest(after: known?.unmarked)
    guard case .unchanged = answer, let known, known != marked(known.unmarked) else {
      return answer
    }
    return .changed(try await snapshot(of: marked(known.unmarked)))
  }

  /// A commit as it is read for this host and unit.
  private func marked(_ revision: Revision) -> Revision {
    var marked = revision
    marked.id += configuration.values.mark
    return marked
  }

  /// Reads a revision that the mirror has.
  public func snapshot(of revision: Revision) async throws(SourceError) -> Snapshot {
    guard let id = ObjectID(hex: revision.unmarked.id.utf8) else {
      throw SourceError(.missing, "\(quoted(revision.id)) is no commit of \(mirror.address)")
    }
    guard revision.id == id.description + configuration.values.mark else {
      throw SourceError(
        .missing, "the revision \(revision.short) was read for another host, or with other values",
        remedy: "it is read anew")
    }
    guard mirror.files.exists else {
      throw SourceError(
        .missing, "the mirror of \(mirror.address) is gone", remedy: "it is fetched anew")
    }
    var commit = try await explained { try await $0.commit(id) }
    commit.revision.name = revision.name
    commit.revision.origin = revision.origin
    switch try await read(commit) {
    case .changed(let snapshot): return snapshot
    case .invalid(_, let diagnostics):
      throw SourceError(
        .corrupt, "the revision \(revision.short) can't be used: \(diagnostics)")
    case .unchanged: throw SourceError(.missing, "the revision \(revision.short) is not there")
    }
  }

  private func newest(after known: Revision?) async throws(SourceError) -> Refresh {
    let found: Candidate?
    do throws(GitFailure) {
      found = try await remotes.newest(after: known)
    } catch {
      throw explain(error)
    }
    try await mirror.tidy()
    guard let found else { return .unchanged }
    try await signatures?.check(found, after: known)
    var commit = found.commit
    commit.revision.name = found.name
    commit.revision.origin = remotes.origin(of: found)
    return try await read(commit)
  }

  private func startOver() async throws(SourceError) {
    try await mirror.discard()
    state.withLock { $0 = State() }
  }

  private func read(_ commit: CommitObject) async throws(SourceError) -> Refresh {
    let before = state.withLock { $0.listing }
    @Sendable func talk(_ conversation: inout Conversation) async throws -> RevisionReader.Result {
      try await reader.read(commit, before: before, &conversation)
    }
    let result = try await explained(talk)
    state.withLock { $0.listing = result.listing }
    return assemble(result)
  }

  private func assemble(_ result: RevisionReader.Result) -> Refresh {
    let reading = reader.manifests.read(result.selection.files)
    var wrong = result.selection.diagnostics
    wrong.append(contentsOf: reading.diagnostics)
    let (values, problems) = result.selection.layers.values(for: configuration.values)
    wrong.append(contentsOf: problems)
    let tree = GitTree(
      listing: result.listing, blobs: blobs, limit: configuration.limits.fileBytes)
    let snapshot = Snapshot(
      revision: marked(result.commit.revision), declarations: reading.declarations, tree: tree,
      values: values)
    return wrong.isEmpty ? .changed(snapshot) : .invalid(snapshot, wrong.sorted)
  }

  private func explained<Answer: Sendable>(
    _ body: @escaping @Sendable (inout Conversation) async throws -> Answer
  ) async throws(SourceError) -> Answer {
    do throws(GitFailure) {
      return try await mirror.read(body)
    } catch {
      throw explain(error)
    }
  }

  private func explain(_ failure: GitFailure) -> SourceError {
    switch failure {
    case .cause(let error): return error
    case .broken, .exited: state.withLock { $0.isBroken = true }
    default: break
    }
    return Refusal.local(failure, "\(mirror.files.home)")
  }
}

extension Revision {
  /// The commit alone, without what tells for whom it was read.
  fileprivate var unmarked: Revision {
    var revision = self
    revision.id = String(id.prefix { $0 != "+" })
    return revision
  }
}
