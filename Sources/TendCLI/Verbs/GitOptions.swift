import ArgumentParser
import TendGit

/// The options that say which repository an agent follows, and what of it: `--git` and its company.
struct GitOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A Git repository. Given several times: remotes of one repository, asked in this order.",
      valueName: "url"))
  var git: [String] = []
  @Option(help: "The branch that is followed. Default: main.")
  var branch: String?
  @Option(help: "One tag instead of a branch.")
  var tag: String?
  @Option(
    help: ArgumentHelp(
      "The highest version among the tags instead of a branch, such as \">=1.2 <2\".",
      valueName: "range"))
  var semver: String?
  @Option(help: ArgumentHelp("One commit instead of a branch, by its full id.", valueName: "id"))
  var commit: String?
  @Option(
    help: ArgumentHelp("The directory in the repository. Default: its root.", valueName: "dir"))
  var path: String?
  @Flag(help: "Take in a revision that does not descend from the one before.")
  var allowRewrittenHistory = false
  @Option(
    help: ArgumentHelp(
      "Who may sign with keys of ssh, as ssh-keygen(1) has it. Then all commits must be signed.",
      valueName: "file"))
  var allowedSigners: String?
  @Option(
    help: ArgumentHelp(
      "The home of a gpg with the keys that may sign. Then all commits must be signed.",
      valueName: "dir"))
  var keyring: String?
  @Option(
    help: ArgumentHelp("Who of those may sign: a principal, a fingerprint.", valueName: "name"))
  var signer: [String] = []
  @Option(
    help: ArgumentHelp("The commit after which all must be signed, at first.", valueName: "id"))
  var since: String?
  @Option(
    help: ArgumentHelp(
      "The private key for ssh. Default: what ssh chooses.", valueName: "file"))
  var sshIdentity: String?
  @Option(
    help: ArgumentHelp(
      "The servers known to ssh. Default: the user's and the system's.", valueName: "file"))
  var sshKnownHosts: String?

  func validate() throws {
    guard git.isEmpty else {
      guard [branch, tag, semver, commit].compactMap({ $0 }).count < 2 else {
        throw ValidationError("Give one of --branch, --tag, --semver and --commit.")
      }
      guard allowedSigners != nil || keyring != nil || (signer.isEmpty && since == nil) else {
        throw ValidationError("--signer and --since belong to --allowed-signers or --keyring.")
      }
      return
    }
    let others = [branch, tag, semver, commit, path, allowedSigners, keyring, since]
    guard others.allSatisfy({ $0 == nil }), sshIdentity == nil, sshKnownHosts == nil,
      signer.isEmpty, !allowRewrittenHistory
    else {
      throw ValidationError(
        "--branch, --tag, --semver, --commit, --path, --allow-rewritten-history, and all about "
          + "signatures and ssh belong to --git.")
    }
  }

  /// What these options describe.
  func configuration(mirrors: String) -> GitConfiguration {
    var configuration = GitConfiguration(
      repository: git.first ?? "", reference: reference, path: path ?? "", mirrors: mirrors)
    configuration.fallbacks = Array(git.dropFirst())
    configuration.allowRewrittenHistory = allowRewrittenHistory
    configuration.signatures = signatures
    configuration.ssh.identity = sshIdentity
    configuration.ssh.knownHosts = sshKnownHosts
    return configuration
  }

  private var reference: GitReference {
    if let commit { return .commit(commit) }
    if let tag { return .tag(tag) }
    if let semver { return .semver(semver) }
    return .branch(branch ?? "main")
  }

  private var signatures: GitSignatures? {
    var signatures: GitSignatures?
    if let allowedSigners {
      signatures = GitSignatures(allowedSigners: allowedSigners)
      signatures?.keyring = keyring
    } else if let keyring {
      signatures = GitSignatures(keyring: keyring)
    }
    signatures?.signers = Set(signer)
    signatures?.since = since
    return signatures
  }
}
