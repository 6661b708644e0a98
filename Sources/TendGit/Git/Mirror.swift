internal import Logging
internal import SystemPackage
internal import Tend
internal import TendEngine

/// A bare repository below the agent's state directory that follows one source.
///
/// It is a cache of what the source's remotes gave: only the refs that are wanted, all objects that
/// they reach. Its parts are used by one process at a time, by a kernel lock, except for reading.
struct Mirror: Sendable {
  let files: MirrorFiles
  /// The first remote, by which people know the source.
  let address: RepositoryAddress
  let command: GitCommand
  let limits: MirrorLimits
  let logger: Logger

  /// The mirror of a source whose first remote is given.
  init(_ address: RepositoryAddress, _ configuration: GitConfiguration) {
    let folder = FilePath(configuration.mirrors)
    let name = address.description.split(whereSeparator: { "/:".contains($0) }).last ?? ""
    let safe = name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
    let digest = SHA256.hex(address.description.utf8).prefix(16)
    files = MirrorFiles(home: folder.appending("\(safe.prefix(40))-\(digest)"))
    self.address = address
    command = GitCommand(
      environment: configuration.environment, ssh: configuration.ssh,
      progressDeadline: configuration.progressDeadline, clock: configuration.clock)
    limits = MirrorLimits(
      fetchDeadline: configuration.fetchDeadline, bytes: configuration.mirrorBytes)
    logger = configuration.logger
  }

  /// What a ref of a remote names, with all that it reaches.
  ///
  /// The mirror's own ref follows wherever the remote's goes; what must not be lost is kept by
  /// `keep(_:)`.
  func fetch(_ wanted: WantedRef, from address: RepositoryAddress) async throws(SourceError)
    -> ObjectID
  {
    let lock = try await locked()
    if let commit = wanted.commit, await has(commit, wanted.local) { return commit }
    do throws(GitFailure) {
      try await fetch(wanted, from: address, holding: lock.descriptor)
    } catch {
      guard await isBroken(after: error) else {
        throw Refusal.error(error, address, wanted.reference)
      }
      try await startOver(holding: lock.descriptor)
      do throws(GitFailure) {
        try await fetch(wanted, from: address, holding: lock.descriptor)
      } catch {
        throw Refusal.error(error, address, wanted.reference)
      }
    }
    let tip = try await tip(of: wanted.local)
    if await BlockingThread.run({ files.bytes() }) > limits.bytes {
      throw Refusal.error(.bulky(limits.bytes), address, wanted.reference)
    }
    return tip
  }

  /// The tag of the highest version that a remote has in a range.
  func highest(
    in range: VersionRange, of reference: GitReference, at address: RepositoryAddress
  ) async throws(SourceError) -> TagListing.Found {
    do throws(GitFailure) {
      let listing = try await command.run(
        ["ls-remote", "--quiet", "--tags", "--end-of-options", address.remote],
        in: .init(remote: address, deadline: limits.fetchDeadline), limit: TagListing.limit)
      if let found = TagListing.highest(listing, in: range) { return found }
    } catch {
      throw Refusal.error(error, address, reference)
    }
    throw SourceError(
      .missing, "\(address) has no tag that is a version in \(reference)",
      remedy: "push one, such as v1.2.0, or widen the range")
  }

  /// Keeps a commit and all that it reaches, though no remote has it any more; the last 16.
  ///
  /// Nothing happens where the mirror does not have it either.
  func keep(_ commit: ObjectID) async throws(SourceError) {
    let ref = "refs/tend/kept/\(commit)"
    let lock = try await locked()
    if await has(commit, ref) { return }
    do throws(GitFailure) {
      _ = try await command.run(
        ["update-ref", "--end-of-options", ref, "\(commit)"],
        in: .init(repository: files.repository, holding: lock.descriptor))
    } catch .exited {
      return
    } catch {
      throw Refusal.local(error, "\(files.home)")
    }
    await BlockingThread.run { files.trimKept(to: 16) }
  }

  /// Gives the mirror up, since what it should hold can't be read; the next fetch starts over.
  func discard() async throws(SourceError) {
    let lock = try await locked()
    try await startOver(holding: lock.descriptor)
  }

  /// How a commit stands to one that was taken in before.
  func kinship(of commit: CommitObject, to known: ObjectID) async throws(GitFailure) -> Kinship {
    if known == commit.id { return .same }
    if try await contains(known, in: commit) { return .ahead }
    return try await contains(commit.id, in: known) ? .behind : .apart
  }

  /// Whether one commit is the other or an ancestor of it; both where they are known.
  func contains(_ ancestor: ObjectID, in descendant: CommitObject) async throws(GitFailure) -> Bool
  {
    if ancestor == descendant.id || descendant.parents.contains(ancestor) { return true }
    return try await contains(ancestor, in: descendant.id)
  }

  private func contains(
    _ ancestor: ObjectID, in descendant: ObjectID
  ) async throws(GitFailure) -> Bool {
    do throws(GitFailure) {
      _ = try await command.run(
        ["merge-base", "--is-ancestor", ancestor.description, descendant.description],
        in: .init(repository: files.repository))
      return true
    } catch .exited(let status, _) where status == 1 || status == 128 {
      // 128: not in the mirror at all, and so not reached by what was just fetched.
      return false
    }
  }

  /// Whether the mirror has a commit.
  func holds(_ commit: ObjectID) async throws(GitFailure) -> Bool {
    do throws(GitFailure) {
      _ = try await command.run(
        ["cat-file", "-e", "\(commit)^{commit}"], in: .init(repository: files.repository))
      return true
    } catch .exited(let status, _) where status == 1 || status == 128 {
      return false
    }
  }

  /// The commits that one reaches and none of the others, newest first; nil where they are more
  /// than `limit`.
  ///
  /// Commits to leave out that the mirror does not have leave out nothing.
  func commits(
    in tip: ObjectID, without known: [ObjectID], limit: Int
  ) async throws(GitFailure) -> [ObjectID]? {
    let text = try await command.run(
      ["rev-list", "--ignore-missing", "--max-count=\(limit + 1)", "\(tip)"]
        + known.map { "^\($0)" },
      in: .init(repository: files.repository), limit: (limit + 2) * 41)
    let ids = text.split(separator: 0x0a).compactMap { ObjectID(hex: $0) }
    return ids.count > limit ? nil : ids
  }

  /// Reads objects; no repack takes place meanwhile, while others may read and fetch.
  func read<Answer: Sendable>(
    _ body: @escaping @Sendable (inout Conversation) async throws -> Answer
  ) async throws(GitFailure) -> Answer {
    let readers: MirrorLock?
    do {
      readers = try await MirrorLock.take(
        files.readers, .shared, within: command.progressDeadline, command.clock)
    } catch {
      throw error is CancellationError ? .cancelled : .notStarted("\(files.readers): \(error)")
    }
    guard readers != nil else { throw .notStarted("\(files.readers) stays locked") }
    return try await command.converse(
      ["cat-file", "--batch-command", "--buffer"], in: .init(repository: files.repository), body)
  }

  private func locked() async throws(SourceError) -> MirrorLock {
    do {
      try await BlockingThread.run { () throws(Errno) in try files.makeHome() }
      let lock = try await MirrorLock.take(
        files.lock, .exclusive, within: command.progressDeadline, command.clock)
      guard let lock else {
        throw SourceError(
          .host, "another process has the mirror \(files.home) locked",
          remedy: "let it end, or end it: `fuser \(files.lock)` names it")
      }
      let exists = await BlockingThread.run {
        files.sweep()
        return files.exists
      }
      if !exists { try await startOver(holding: lock.descriptor) }
      return lock
    } catch let error as SourceError {
      throw error
    } catch let error as Errno {
      throw hostError(error)
    } catch {
      throw SourceError(.cancelled, "cancelled")
    }
  }

  private func hostError(_ error: Errno) -> SourceError {
    SourceError(
      .host, "the mirror \(files.home) can't be used: \(error)",
      remedy: "make the agent's state directory writable for its user, with room in it")
  }

  private func fetch(
    _ wanted: WantedRef, from address: RepositoryAddress, holding lock: FileDescriptor
  ) async throws(GitFailure) {
    var surroundings = GitCommand.Surroundings(
      repository: files.repository, remote: address, holding: lock)
    surroundings.deadline = limits.fetchDeadline
    surroundings.bytes = limits.bytes
    _ = try await command.run(
      [
        "fetch", "--progress", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance",
        "--no-recurse-submodules", "--no-show-forced-updates", "--end-of-options",
        address.remote, "+\(wanted.remote):\(wanted.local)",
      ], in: surroundings)
  }

  private func startOver(holding lock: FileDescriptor) async throws(SourceError) {
    do {
      try await BlockingThread.run { () throws(Errno) in try files.setAside() }
      _ = try await command.run(
        [
          "init", "--quiet", "--bare", "--template=", "--object-format=sha1",
          "--initial-branch=none",
        ], in: .init(repository: files.repository, holding: lock))
    } catch let error as Errno {
      throw hostError(error)
    } catch {
      throw Refusal.local(error as? GitFailure ?? .cancelled, files.home.string)
    }
  }

  /// Whether the mirror, and not the remote, is why a fetch failed.
  private func isBroken(after failure: GitFailure) async -> Bool {
    guard case .exited(_, let said) = failure, Refusal.mayConcernMirror(said) else { return false }
    do throws(GitFailure) {
      _ = try await command.run(
        ["rev-list", "--objects", "--all", "--quiet"], in: .init(repository: files.repository))
      return false
    } catch .exited {
      logger.warning("mirror is corrupt and fetched anew", metadata: ["mirror": "\(files.home)"])
      return true
    } catch {
      return false
    }
  }

  private func has(_ commit: ObjectID, _ ref: String) async -> Bool {
    await BlockingThread.run { files.read(ref) } == commit
  }

  private func tip(of ref: String) async throws(SourceError) -> ObjectID {
    if let tip = await BlockingThread.run({ files.read(ref) }) { return tip }
    do throws(GitFailure) {
      let text = try await command.run(
        ["rev-parse", "--verify", "--end-of-options", ref], in: .init(repository: files.repository))
      if let tip = ObjectID(hex: text.prefix(40)) { return tip }
      throw .broken("rev-parse printed no id")
    } catch {
      throw Refusal.local(error, files.home.string)
    }
  }

  /// Packs what has gathered, unless somebody reads.
  ///
  /// Apart from fetching: what a fetch leaves behind may have to be kept.
  func tidy() async throws(SourceError) {
    let clutter = await BlockingThread.run { files.clutter() }
    guard clutter.packs > 50 || clutter.loose > 8000 else { return }
    let lock = try await locked()
    do {
      let readers = try await BlockingThread.run { () throws(Errno) in
        try MirrorLock.attempt(files.readers, .exclusive)
      }
      guard let readers else { return }
      defer { try? readers.close() }
      var patient = command
      patient.progressDeadline = .seconds(600)
      _ = try await patient.run(
        ["-c", "gc.packRefs=false", "gc", "--quiet", "--cruft", "--prune=2.weeks.ago"],
        in: .init(repository: files.repository, holding: lock.descriptor))
    } catch GitFailure.cancelled {
      throw SourceError(.cancelled, "cancelled")
    } catch {
      // The mirror stays as it is, whole but larger; the next fetch tries again.
      logger.warning("mirror could not be packed", metadata: ["error": "\(error)"])
    }
  }
}
