internal import TendEngine

/// What a remote says the newest revision is; nothing of it is believed yet.
struct Candidate: Sendable {
  let commit: CommitObject
  /// The object that the tag names, where a tag is followed: a commit, or a tag with a signature.
  var tag: TagObject?
  /// The tag's name, where one is followed.
  var name: String?
  /// Which remote gave it.
  let address: RepositoryAddress
}

/// How a candidate stands to the revision that was taken in before, in the graph of commits.
enum Kinship: Sendable, Hashable {
  case same, ahead, behind, apart
}

/// Whether a candidate leads forward: decided without a look at anything.
struct Advance: Sendable {
  let reference: GitReference
  /// The revision that was taken in before.
  let known: Revision

  enum Verdict: Sendable, Hashable {
    /// There is nothing new.
    case unchanged
    /// It may be taken in.
    case forward
    /// It is older than what was taken in.
    case back
    /// It is another history.
    case rewritten
  }

  /// Judges a candidate by its name and its kinship; only some names need the kinship.
  func verdict(name: String?, kinship: Kinship) -> Verdict {
    if kinship == .same { return .unchanged }
    switch reference {
    case .commit: return .forward
    case .branch: return Self.verdict(kinship)
    case .tag:
      guard let before = known.name else { return Self.verdict(kinship) }
      // A person wrote another tag into the configuration: that is where they want to be.
      return before == name ? .rewritten : .forward
    case .semver(let range): return verdict(name, kinship, in: try? VersionRange(range))
    }
  }

  private func verdict(_ name: String?, _ kinship: Kinship, in range: VersionRange?) -> Verdict {
    guard let before = known.name, let old = SemanticVersion(tag: before), let name,
      let new = SemanticVersion(tag: name)
    else { return Self.verdict(kinship) }
    if before == name { return .rewritten }
    if new > old { return .forward }
    // The range was changed, by a person, so that it no longer includes what is in force.
    if range?.contains(old) == false { return .forward }
    return new < old ? .back : Self.verdict(kinship)
  }

  private static func verdict(_ kinship: Kinship) -> Verdict {
    switch kinship {
    case .same: .unchanged
    case .ahead: .forward
    case .behind: .back
    case .apart: .rewritten
    }
  }
}
