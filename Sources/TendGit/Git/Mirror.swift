internal import Logging
internal import SystemPackage
internal import Tend
internal import TendEngine

/// A bare repository below the agent's state directory that follows one remote.
///
/// It is a cache of what the remote gave: only the refs that are wanted, all objects that they
/// reach. Its parts are used by one process at a time, by a kernel lock, except for reading.
struct Mirror: Sendable {
  let files: MirrorFiles
  let address: RepositoryAddress
  let command: GitCommand
  let logger: Logger

  /// The mirror of a repository below a folder.
  init(
    of address: RepositoryAddress, below folder: FilePath, _ command: GitCommand, _ logger: Logger
  ) {
    let name = address.description.split(whereSeparator: { "/:".contains($0) }).last ?? ""
    let safe = name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
    let digest = SHA256.hex(address.remote.utf8).prefix(16)
    files = MirrorFiles(home: folder.appending("\(safe.prefix(40))-\(digest)"))
    self.address = address
    self.command = command
    self.logger = logger
  }

  /// The commit that a reference names at the remote, with all that it reaches.
  ///
  /// The ref in the mirror moves only forward unless `force`; so the last revision that was taken
  /// in stays reachable when the remote's history was rewritten.
  func fetch(_ reference: GitReference, force: Bool) async throws(SourceError) -> ObjectID {
    let lock = try await locked()
    let ref = Self.ref(reference, force: force)
    if let commit = reference.commit, await has(commit, ref) { return commit }
    do throws(GitFailure) {
      try await fetch(reference, into: ref, force, holding: lock.descriptor)
    } catch {
      guard await isBroken(after: error) else {
        throw Refusal.error(error, address, reference)
      }
      try await startOver(holding: lock.descriptor)
      do throws(GitFailure) {
        try await fetch(reference, into: ref, force, holding: lock.descriptor)
      } catch {
        throw Refusal.error(error, address, reference)
      }
    }
    let tip = try await tip(of: ref)
    try await tidy(holding: lock.descriptor)
    return tip
  }

  /// Gives the mirror up, since what it should hold can't be read; the next fetch starts over.
  func discard() async throws(SourceError) {
    let lock = try await locked()
    try await startOver(holding: lock.descriptor)
  }

  /// Whether one commit is the other or an ancestor of it; both where they are known.
  func contains(_ ancestor: ObjectID, in descendant: CommitObject) async throws(GitFailure) -> Bool
  {
    if ancestor == descendant.id || descendant.parents.contains(ancestor) { return true }
    do throws(GitFailure) {
      _ = try await command.run(
        ["merge-base", "--is-ancestor", ancestor.description, descendant.id.description],
        in: .init(repository: files.repository))
      return true
    } catch .exited(let status, _) where status == 1 || status == 128 {
      // 128: not in the mirror at all, and so not reached by what was just fetched.
      return false
    }
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
    _ reference: GitReference, into ref: String, _ force: Bool, holding lock: FileDescriptor
  ) async throws(GitFailure) {
    let refspec = "\(force ? "+" : "")\(reference.remoteName):\(ref)"
    do throws(GitFailure) {
      _ = try await command.run(
        [
          "fetch", "--progress", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance",
          "--no-recurse-submodules", "--no-show-forced-updates", "--end-of-options",
          address.remote, refspec,
        ], in: .init(repository: files.repository, remote: address, holding: lock))
    } catch .exited(1, let said) where said.contains("[rejected]") {
      throw .rewritten
    }
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

  /// Where the mirror keeps what was fetched; a source that may go back has a ref of its own.
  private static func ref(_ reference: GitReference, force: Bool) -> String {
    "refs/tend/\(force ? "any" : "forward")/\(SHA256.hex(reference.remoteName.utf8).prefix(20))"
  }

  /// Packs what has gathered, unless somebody reads.
  private func tidy(holding lock: FileDescriptor) async throws(SourceError) {
    let clutter = await BlockingThread.run { files.clutter() }
    guard clutter.packs > 50 || clutter.loose > 8000 else { return }
    do {
      let readers = try await BlockingThread.run { () throws(Errno) in
        try MirrorLock.attempt(files.readers, .exclusive)
      }
      guard let readers else { return }
      defer { try? readers.close() }
      var patient = command
      patient.progressDeadline = .seconds(600)
      _ = try await patient.run(
        ["gc", "--quiet", "--cruft", "--prune=2.weeks.ago"],
        in: .init(repository: files.repository, holding: lock))
    } catch GitFailure.cancelled {
      throw SourceError(.cancelled, "cancelled")
    } catch {
      // The mirror stays as it is, whole but larger; the next fetch tries again.
      logger.warning("mirror could not be packed", metadata: ["error": "\(error)"])
    }
  }
}
