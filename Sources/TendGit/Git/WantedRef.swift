internal import Tend

/// A ref of a remote, and the mirror's own ref that follows it.
struct WantedRef: Sendable, Hashable {
  /// What people asked for.
  let reference: GitReference
  /// What the remote calls it.
  let remote: String
  /// What the mirror calls it.
  let local: String

  /// A branch, a tag or a commit of one remote; the tag of a range has been chosen.
  init(_ reference: GitReference, tag: String? = nil, at address: RepositoryAddress) {
    self.reference = reference
    var followed = "\(address.description) \(reference)"
    switch reference {
    case .branch(let name): remote = "refs/heads/\(name)"
    case .tag(let name): remote = "refs/tags/\(name)"
    case .semver: remote = "refs/tags/\(tag ?? "")"
    case .commit(let id):
      remote = id.lowercased()
      // The same whichever remote gives it.
      followed = remote
    }
    local = "refs/tend/remote/\(SHA256.hex(followed.utf8).prefix(20))"
  }

  /// The commit, where that is what is wanted.
  var commit: ObjectID? { reference.commit }
}

/// Bounds on what a fetch may take.
struct MirrorLimits: Sendable {
  /// In all, however lively it is.
  var fetchDeadline: Duration
  /// On the disk.
  var bytes: Int
}
