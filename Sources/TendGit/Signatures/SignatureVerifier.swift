internal import SystemPackage
internal import Tend
internal import TendEngine

/// Asks `ssh-keygen` and `gpg` whether a signature is one of those who may sign.
///
/// What decides is the exit status and what these programs write for programs: principals, a line
/// each, and the status lines of gpg. What they write for people is never read.
struct SignatureVerifier: Sendable {
  private let policy: GitSignatures
  private let program: Program
  /// Where a signature lies while it is looked at.
  private let folder: FilePath

  init(_ policy: GitSignatures, _ program: Program, in folder: FilePath) {
    self.policy = policy
    self.program = program
    self.folder = folder
  }

  /// Why a signature is refused; nil where it is good.
  func fault(in signed: SignedText) async throws(SourceError) -> String? {
    switch signed.kind {
    case .ssh:
      guard let signers = policy.allowedSigners else {
        return "is signed by a key of ssh, and no signers of that sort are allowed"
      }
      return try await sshFault(in: signed, signers)
    case .openPGP:
      guard let keyring = policy.keyring else {
        return "is signed by an OpenPGP key, and no signers of that sort are allowed"
      }
      return try await pgpFault(in: signed, keyring)
    case .other: return "has a signature of a sort that is not known"
    }
  }

  // MARK: ssh

  private func sshFault(
    in signed: SignedText, _ signers: String
  ) async throws(SourceError) -> String? {
    try Self.checkReadable(signers, "the file of allowed signers")
    if let revoked = policy.revokedKeys {
      try Self.checkReadable(revoked, "the file of revoked keys")
    }
    let file = try await file(with: signed.signature)
    let found = try await program.run(
      "ssh-keygen", ["-Y", "find-principals", "-f", signers, "-s", file.path])
    let principals = found.lines.filter { !$0.isEmpty }
    guard found.status == 0, !principals.isEmpty else {
      return "is signed by nobody in \(signers) whose key is valid now"
    }
    let accepted = principals.filter { policy.signers.isEmpty || policy.signers.contains($0) }
    guard !accepted.isEmpty else {
      return "is signed by \(quoted(principals[0])), who is not among the signers"
    }
    let revoked = policy.revokedKeys.map { ["-r", $0] } ?? []
    for principal in accepted.prefix(16) {
      let verified = try await program.run(
        "ssh-keygen",
        ["-Y", "verify", "-f", signers, "-I", principal, "-n", "git", "-s", file.path] + revoked,
        input: signed.text)
      if verified.status == 0 { return nil }
    }
    return "has a signature that does not fit it, or whose key was revoked"
  }

  // MARK: OpenPGP

  private func pgpFault(
    in signed: SignedText, _ keyring: String
  ) async throws(SourceError) -> String? {
    try Self.checkReadable(keyring, "the keyring")
    let file = try await file(with: signed.signature)
    let answer = try await program.run(
      "gpg",
      [
        "--homedir", keyring, "--no-options", "--batch", "--no-tty", "--lock-never",
        "--no-auto-check-trustdb", "--trust-model", "always", "--no-auto-key-retrieve",
        "--disable-dirmngr", "--status-fd", "1", "--verify", file.path, "-",
      ], input: signed.text)
    return GPGStatus(answer.lines).fault(status: answer.status, signers: policy.signers)
  }

  private func file(with bytes: [UInt8]) async throws(SourceError) -> NamelessFile {
    try await BlockingThread.run { [folder] () throws(SourceError) in
      try NamelessFile(bytes, in: folder)
    }
  }

  private static func checkReadable(_ path: String, _ what: String) throws(SourceError) {
    guard Program.canRead(path) else {
      throw SourceError(
        .host, "\(what) \(path) can't be read", remedy: "correct the path, or let the agent read it"
      )
    }
  }
}

/// What gpg says for programs (doc/DETAILS of GnuPG): lines of `[GNUPG:] KEYWORD values`.
struct GPGStatus: Sendable {
  private var keywords: [String: [[Substring]]] = [:]

  init(_ lines: [String]) {
    for line in lines where line.hasPrefix("[GNUPG:] ") {
      let words = line.dropFirst(9).split(separator: " ")
      guard let keyword = words.first else { continue }
      keywords[String(keyword), default: []].append(Array(words.dropFirst()))
    }
  }

  /// Why a signature is refused; nil where there is exactly one, and it is good.
  func fault(status: Int32, signers: Set<String>) -> String? {
    for (keyword, fault) in Self.faults where keywords[keyword] != nil { return fault }
    let good = keywords["GOODSIG"] ?? []
    let valid = keywords["VALIDSIG"] ?? []
    guard status == 0, good.count == 1, valid.count == 1, keywords["NEWSIG"]?.count ?? 1 == 1 else {
      return "has a signature that does not fit it, or several"
    }
    // The primary key stands last; before GnuPG 1.4 there was but the key that signed.
    guard let key = valid[0].count >= 10 ? valid[0].last : valid[0].first else {
      return "has a signature whose key is not known"
    }
    guard signers.isEmpty || signers.contains(where: { $0.uppercased() == key.uppercased() }) else {
      return "is signed by \(key), who is not among the signers"
    }
    return nil
  }

  /// The first that fits says it best.
  private static let faults: [(keyword: String, fault: String)] = [
    ("REVKEYSIG", "is signed by a key that was revoked"),
    ("EXPKEYSIG", "is signed by a key that has expired"),
    ("EXPSIG", "has a signature that has expired"),
    ("BADSIG", "has a signature that does not fit it"),
    ("NO_PUBKEY", "is signed by a key that is not in the keyring"),
    ("ERRSIG", "has a signature that can't be checked"),
    ("NODATA", "has a signature that can't be read"),
  ]
}
