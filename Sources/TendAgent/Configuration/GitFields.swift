import Tend
import TendGit

/// The fields of `source.git`, as they are written.
struct GitFields: Decodable {
  var url: String
  var fallbacks: [String]?
  var branch: String?
  var tag: String?
  var semver: String?
  var commit: String?
  var path: String?
  var allowRewrittenHistory: Bool?
  var signatures: Signatures?
  var ssh: SSH?
  var progressDeadline: Duration?
  var fetchDeadline: Duration?
  var mirrorBytes: Int?

  struct Signatures: Decodable {
    var allowedSigners: String?
    var revokedKeys: String?
    var keyring: String?
    var signers: [String]?
    var since: String?

    /// What these ask for; whether anybody could sign is checked with the source.
    var policy: GitSignatures {
      var policy = GitSignatures(allowedSigners: "")
      policy.allowedSigners = allowedSigners
      policy.revokedKeys = revokedKeys
      policy.keyring = keyring
      policy.signers = Set(signers ?? [])
      policy.since = since
      return policy
    }
  }

  struct SSH: Decodable {
    var identity: String?
    var knownHosts: String?
  }

  /// The repository and how it is followed.
  func configuration(mirrors: String) -> GitConfiguration {
    var configuration = GitConfiguration(
      repository: url, reference: reference, path: path ?? "", mirrors: mirrors)
    configuration.fallbacks = fallbacks ?? []
    configuration.allowRewrittenHistory = allowRewrittenHistory ?? false
    configuration.signatures = signatures?.policy
    configuration.ssh.identity = ssh?.identity
    configuration.ssh.knownHosts = ssh?.knownHosts
    if let progressDeadline { configuration.progressDeadline = progressDeadline }
    if let fetchDeadline { configuration.fetchDeadline = fetchDeadline }
    if let mirrorBytes { configuration.mirrorBytes = mirrorBytes }
    return configuration
  }

  /// Two references that stand side by side.
  var problem: ConfigurationProblem? {
    let given = [("branch", branch), ("tag", tag), ("semver", semver), ("commit", commit)]
      .filter { $0.1 != nil }.map(\.0)
    guard given.count > 1 else { return nil }
    return ConfigurationProblem(
      "source.git.\(given[1])", "\(given[1]) stands beside \(given[0])",
      remedy: "keep one of them")
  }

  private var reference: GitReference {
    if let commit { return .commit(commit) }
    if let tag { return .tag(tag) }
    if let semver { return .semver(semver) }
    return .branch(branch ?? "main")
  }
}
