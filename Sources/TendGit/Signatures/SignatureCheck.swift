internal import Tend
internal import TendEngine

/// Whether a revision may be taken in by its signatures.
struct SignatureCheck: Sendable {
  private let policy: GitSignatures
  private let mirror: Mirror
  private let verifier: SignatureVerifier

  /// Commits that may lie between two revisions: a few minutes of checking.
  private static let limit = 10_000

  init(_ policy: GitSignatures, _ mirror: Mirror, _ configuration: GitConfiguration) {
    self.policy = policy
    self.mirror = mirror
    verifier = SignatureVerifier(
      policy, Program(configuration), in: mirror.files.home)
  }

  /// Throws the first commit or tag whose signature is missing or refused.
  func check(_ candidate: Candidate, after known: Revision?) async throws(SourceError) {
    if let name = candidate.name { try await check(candidate.tag, name, candidate) }
    let before = known.flatMap { ObjectID(hex: $0.id.utf8) }
    for id in try await commits(of: candidate, after: before) {
      try await check(commit(id))
    }
  }

  /// The commits to ask, oldest first, so that the first refusal is where it began.
  private func commits(
    of candidate: Candidate, after known: ObjectID?
  ) async throws(SourceError) -> [ObjectID] {
    let tip = candidate.commit
    do throws(GitFailure) {
      // What is gone with a mirror bounds nothing: it is the first revision again.
      var known = known
      if let id = known, try await !mirror.holds(id) { known = nil }
      if let since = policy.sinceCommit, known == nil,
        try await !mirror.contains(since, in: tip)
      {
        throw .cause(Self.refused(tip, "does not contain \(since), after which all are signed"))
      }
      let before = [known, policy.sinceCommit].compactMap { $0 }
      // Without a place to begin at, nobody can say which commits were meant to be signed.
      guard !before.isEmpty else { return [tip.id] }
      let found = try await mirror.commits(in: tip.id, without: before, limit: Self.limit)
      guard let found else {
        throw .cause(
          SourceError(
            .limit,
            "more than \(Self.limit) commits lead to \(tip.revision.short), too many to check",
            remedy: "follow one of those between first, by its id"))
      }
      return found.contains(tip.id) ? found.reversed() : [tip.id]
    } catch {
      throw Refusal.local(error, "\(mirror.files.home)")
    }
  }

  private func commit(_ id: ObjectID) async throws(SourceError) -> CommitObject {
    do throws(GitFailure) {
      return try await mirror.read { try await $0.commit(id) }
    } catch {
      throw Refusal.local(error, "\(mirror.files.home)")
    }
  }

  private func check(_ commit: CommitObject) async throws(SourceError) {
    guard let signed = SignedText(commit: commit.bytes) else {
      throw Self.refused(commit, "has no signature")
    }
    if let fault = try await verifier.fault(in: signed) { throw Self.refused(commit, fault) }
  }

  private func check(
    _ tag: TagObject?, _ name: String, _ candidate: Candidate
  ) async throws(SourceError) {
    guard let tag, let signed = SignedText(tag: tag.bytes) else {
      throw Self.refused(candidate, "has no signature")
    }
    // Somebody else's word about another name is no word about this one.
    guard tag.name == name else {
      throw Self.refused(candidate, "is the tag \(quoted(tag.name)), put under another name")
    }
    if let fault = try await verifier.fault(in: signed) { throw Self.refused(candidate, fault) }
  }

  private static func refused(_ commit: CommitObject, _ why: String) -> SourceError {
    let author = commit.revision.author.map { " by \($0)" } ?? ""
    return SourceError(
      .unsigned, "commit \(commit.id)\(author) \(why)",
      remedy: "sign it (`git rebase --exec 'git commit --amend --no-edit -S'`) and push again, or "
        + "let its signer in")
  }

  private static func refused(_ candidate: Candidate, _ why: String) -> SourceError {
    let commit = candidate.commit
    let author = commit.revision.author.map { " by \($0)" } ?? ""
    return SourceError(
      .unsigned, "tag \(candidate.name ?? "") of commit \(commit.id)\(author) \(why)",
      remedy: "sign it (`git tag --sign`) and push it, or let its signer in")
  }
}
