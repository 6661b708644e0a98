public import Logging
internal import Tend
internal import TendEngine
public import TendManifest

/// Which repository is followed, and how.
public struct GitConfiguration: Sendable {
  /// A URL (https, http, ssh, git, file), `user@host:path` for ssh, or an absolute path.
  ///
  /// A password in it is kept out of arguments, messages and logs; better is a credential helper.
  public var repository: String
  /// Other remotes of the same repository, in the order in which they are asked; at most 8.
  ///
  /// The first remote that answers is believed, `repository` first. One that is behind what was
  /// taken in before is passed over, so none ever takes a unit back. Rewritten history and a
  /// signature that is refused end the search: they are an answer.
  public var fallbacks: [String] = []
  /// What of it.
  public var reference: GitReference
  /// The directory in the repository that is the unit's tree; its root unless set.
  public var path: String
  /// The directory for mirrors, below the agent's state directory; made where it is not there.
  public var mirrors: String
  /// Whether a revision that does not descend from the one before is taken in; not unless set.
  public var allowRewrittenHistory = false
  /// Whose signatures commits and tags must have; nil, unless set: nobody's.
  public var signatures: GitSignatures?
  /// How servers are reached by ssh.
  public var ssh = GitSSH()
  /// How long a connection may bring nothing before it is given up.
  ///
  /// Default: 60 s, long enough for a server that packs a large repository, which says so
  /// meanwhile.
  public var progressDeadline = Duration.seconds(60)
  /// How long a fetch may take in all, so that a server that drips bytes can't hold it for good.
  ///
  /// Default: 1 h, enough for 4 GiB over 10 Mbit/s.
  public var fetchDeadline = Duration.seconds(3600)
  /// Bytes that the mirror may take on the disk; a fetch that would pass them is stopped.
  ///
  /// Default: 4 GiB.
  public var mirrorBytes = 4 << 30
  /// Who it is read for.
  public var values = ValueInputs()
  /// Bounds on what is read.
  public var limits = SourceLimits()
  /// What measures deadlines.
  public var clock: any Clock<Duration> = ContinuousClock()
  /// Where repairs of the mirror and remotes that fail are told.
  public var logger = Logger(label: "tend.git")

  /// What git inherits of this process's environment.
  var environment = GitEnvironment()

  /// Follows a reference of a repository.
  public init(
    repository: String, reference: GitReference = .branch("main"), path: String = "",
    mirrors: String
  ) {
    self.repository = repository
    self.reference = reference
    self.path = path
    self.mirrors = mirrors
  }

  /// The path without empty parts and dots.
  var normalPath: String {
    path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
  }

  /// Every remote, in the order in which they are asked.
  func addresses() throws(SourceError) -> [RepositoryAddress] {
    guard fallbacks.count <= 8 else {
      throw SourceError(
        .host, "the source has \(fallbacks.count) fallbacks", remedy: "give at most 8")
    }
    var addresses = [try RepositoryAddress(repository)]
    for fallback in fallbacks { addresses.append(try RepositoryAddress(fallback)) }
    return addresses
  }

  /// Throws where a value can't be one.
  func check() throws(SourceError) {
    try reference.check()
    try signatures?.check()
    try ssh.check()
    guard !path.hasPrefix("/"), !path.split(separator: "/").contains(".."),
      path.utf8.count <= 4096, !path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f })
    else {
      throw SourceError(
        .host, "the path \(quoted(path)) is absolute, leads upward or has control characters",
        remedy: "give a directory inside the repository, such as hosts/web")
    }
    guard mirrors.hasPrefix("/") else {
      throw SourceError(
        .host, "the directory for mirrors \(quoted(mirrors)) is a relative path",
        remedy: "give an absolute path")
    }
    for (name, deadline) in [("progress", progressDeadline), ("fetch", fetchDeadline)]
    where deadline <= .zero {
      throw SourceError(
        .host, "the \(name) deadline is \(deadline.brief)",
        remedy: "give a time above zero, such as 60s")
    }
    guard mirrorBytes > 0 else {
      throw SourceError(
        .host, "the mirror may take \(mirrorBytes) bytes", remedy: "give a number above zero")
    }
  }
}

/// How servers are reached by ssh.
///
/// The `ssh` of PATH runs with the configuration of the agent's user (`~/.ssh/config`), never asks
/// anything, and refuses a server whose key is not known. Where the agent's environment has
/// `GIT_SSH_COMMAND` or `GIT_SSH`, that runs instead, as it stands, and this has no effect.
public struct GitSSH: Sendable, Hashable {
  /// The file of the private key, the only one that is offered; what ssh chooses, unless set.
  public var identity: String?
  /// The file of known servers, the only one that is asked.
  ///
  /// Nil, unless set: the files of the user and of the system.
  public var knownHosts: String?

  /// What ssh does by itself.
  public init() {}

  /// Throws where a path can't be one: ssh would expand or split it.
  func check() throws(SourceError) {
    for (name, path) in [("identity", identity), ("known hosts", knownHosts)] {
      guard let path else { continue }
      try checkFile(path, "the ssh \(name) file")
    }
  }
}

/// Throws where a path that is handed to another program could be taken for something else: `ssh`
/// splits and expands some, and Git hands its whole command line to a shell.
func checkFile(_ path: String, _ what: String) throws(SourceError) {
  let isPlain = path.utf8.allSatisfy { byte in
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x80...0xff: true
    default: "/._-+@,=:".utf8.contains(byte)
    }
  }
  guard path.hasPrefix("/"), path.utf8.count <= 4096, isPlain else {
    throw SourceError(
      .host, "\(what) \(quoted(path)) is a relative path, or has spaces, quotes or wildcards",
      remedy: "give an absolute path of letters, digits and /._-+@,=:")
  }
}
