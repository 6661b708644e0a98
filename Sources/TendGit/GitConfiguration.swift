public import Logging
internal import Tend
internal import TendEngine

/// Which repository is followed, and how.
public struct GitConfiguration: Sendable {
  /// A URL (https, http, ssh, git, file), `user@host:path` for ssh, or an absolute path.
  ///
  /// A password in it is kept out of arguments, messages and logs; better is a credential helper.
  public var repository: String
  /// What of it.
  public var reference: GitReference
  /// The directory in the repository that is the unit's tree; its root unless set.
  public var path: String
  /// The directory for mirrors, below the agent's state directory; made where it is not there.
  public var mirrors: String
  /// Whether a revision that does not descend from the one before is taken in; not unless set.
  public var allowRewrittenHistory = false
  /// How long a connection may bring nothing before it is given up.
  ///
  /// Default: 60 s, long enough for a server that packs a large repository, which says so
  /// meanwhile.
  public var progressDeadline = Duration.seconds(60)
  /// Bounds on what is read.
  public var limits = SourceLimits()
  /// What measures deadlines.
  public var clock: any Clock<Duration> = ContinuousClock()
  /// Where repairs of the mirror are told.
  public var logger = Logger(label: "tend.git")

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

  /// Throws where a value can't be one.
  func check() throws(SourceError) {
    try reference.check()
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
    guard progressDeadline > .zero else {
      throw SourceError(
        .host, "the progress deadline is \(progressDeadline.brief)",
        remedy: "give a time above zero, such as 60s")
    }
  }
}
