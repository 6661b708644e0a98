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
  private let mirror: Mirror
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
    let address = try RepositoryAddress(configuration.repository)
    try configuration.check()
    self.configuration = configuration
    let command = GitCommand(
      progressDeadline: configuration.progressDeadline, clock: configuration.clock)
    mirror = Mirror(
      of: address, below: FilePath(configuration.mirrors), command, configuration.logger)
    let trees = TreeReader(limits: configuration.limits, path: configuration.normalPath)
    reader = RevisionReader(trees: trees, manifests: manifests)
    blobs = BlobReader(mirror, limit: configuration.limits.fileBytes)
    let path = configuration.normalPath
    description = "\(address), \(configuration.reference)" + (path.isEmpty ? "" : ", \(path)")
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

  /// Fetches, and reads what is new.
  public func refresh(after known: Revision?) async throws(SourceError) -> Refresh {
    if state.withLock({ $0.isBroken }) {
      try await mirror.discard()
      state.withLock { $0.isBroken = false }
    }
    let tip = try await fetch()
    let before = known.flatMap { ObjectID(hex: $0.id.utf8) }
    if before == tip { return .unchanged }
    do throws(SourceError) {
      return try await read(tip, after: before)
    } catch  where error.code == .corrupt && state.withLock({ $0.isBroken }) {
      try await mirror.discard()
      state.withLock { $0 = State() }
      return try await read(try await fetch(), after: before)
    }
  }

  /// Reads a revision that the mirror has.
  public func snapshot(of revision: Revision) async throws(SourceError) -> Snapshot {
    guard let id = ObjectID(hex: revision.id.utf8) else {
      throw SourceError(.missing, "\(quoted(revision.id)) is no commit of \(mirror.address)")
    }
    guard mirror.files.exists else {
      throw SourceError(
        .missing, "the mirror of \(mirror.address) is gone", remedy: "it is fetched anew")
    }
    switch try await read(id, after: nil) {
    case .changed(let snapshot): return snapshot
    case .invalid(_, let diagnostics):
      throw SourceError(
        .corrupt, "the revision \(revision.short) can't be used: \(diagnostics)")
    case .unchanged: throw SourceError(.missing, "the revision \(revision.short) is not there")
    }
  }

  private func fetch() async throws(SourceError) -> ObjectID {
    try await mirror.fetch(
      configuration.reference, force: configuration.allowRewrittenHistory)
  }

  private func read(_ id: ObjectID, after known: ObjectID?) async throws(SourceError) -> Refresh {
    let before = state.withLock { $0.listing }
    let result: RevisionReader.Result
    do {
      @Sendable func talk(_ conversation: inout Conversation) async throws -> RevisionReader.Result
      {
        try await reader.read(id, before: before, &conversation)
      }
      result = try await mirror.read(talk)
    } catch {
      throw explain(error)
    }
    try await checkHistory(result.commit, known)
    state.withLock { $0.listing = result.listing }
    return assemble(result)
  }

  private func checkHistory(
    _ commit: CommitObject, _ known: ObjectID?
  ) async throws(SourceError) {
    guard let known, !configuration.allowRewrittenHistory,
      configuration.reference.commit == nil
    else { return }
    do throws(GitFailure) {
      if try await mirror.contains(known, in: commit) { return }
    } catch {
      throw explain(error)
    }
    throw Refusal.rewritten(mirror.address, configuration.reference)
  }

  private func assemble(_ result: RevisionReader.Result) -> Refresh {
    let reading = reader.manifests.read(result.selection.files)
    var wrong = result.selection.diagnostics
    wrong.append(contentsOf: reading.diagnostics)
    let tree = GitTree(
      listing: result.listing, blobs: blobs, limit: configuration.limits.fileBytes)
    let snapshot = Snapshot(
      revision: result.commit.revision, declarations: reading.declarations, tree: tree)
    return wrong.isEmpty ? .changed(snapshot) : .invalid(snapshot, wrong.sorted)
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
