internal import TendEngine

/// Whose signatures commits and tags must have before a revision is taken in.
///
/// Every commit that the new revision reaches and the last one did not must be signed, on all
/// parents: merging a branch smuggles none of its commits past. Where a tag is followed, it must be
/// signed too, under the name by which it is followed. A key counts as it stands at that moment:
/// one that has expired or was revoked signs nothing, whatever the date in the commit says; so keep
/// a key that is given up in the file until every host has taken in what it signed.
///
/// On the first revision of a unit the newest commit must be signed, and contain `since` where that
/// is set; then all that came after `since` must be signed, and nothing before it is asked.
public struct GitSignatures: Sendable, Hashable {
  /// A file of signers for keys of ssh, as ALLOWED SIGNERS in ssh-keygen(1) describes it.
  public var allowedSigners: String?
  /// A file of keys of ssh that were revoked: a KRL, or public keys line by line.
  public var revokedKeys: String?
  /// A directory with OpenPGP keys, the home of a `gpg` (GNUPGHOME): each key in it may sign.
  public var keyring: String?
  /// Who of those may sign: principals of `allowedSigners`, fingerprints of primary keys.
  ///
  /// Empty, the default: every one.
  public var signers: Set<String> = []
  /// The commit, by its full id, after which all must be signed; asked on the first revision only.
  public var since: String?

  /// Signatures by keys of ssh.
  public init(allowedSigners: String) { self.allowedSigners = allowedSigners }

  /// Signatures by OpenPGP keys.
  public init(keyring: String) { self.keyring = keyring }

  /// The commit after which all must be signed.
  var sinceCommit: ObjectID? { since.flatMap { ObjectID(hex: $0.utf8) } }

  /// Throws where a value can't be one, or nobody could sign.
  func check() throws(SourceError) {
    guard allowedSigners != nil || keyring != nil else {
      throw SourceError(
        .host, "signatures are asked for, and neither signers of ssh nor a keyring is given",
        remedy: "give a file of allowed signers, or a directory of OpenPGP keys")
    }
    for (name, path) in [
      ("the file of allowed signers", allowedSigners), ("the file of revoked keys", revokedKeys),
      ("the keyring", keyring),
    ] {
      if let path { try checkFile(path, name) }
    }
    guard since == nil || sinceCommit != nil else {
      throw SourceError(
        .host, "\(quoted(since ?? "")) is not 40 hexadecimal digits",
        remedy: "give the commit's full id, as `git rev-parse` prints it")
    }
  }
}
