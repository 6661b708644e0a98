internal import Tend
internal import TendEngine

/// What Git's words mean for a source.
///
/// Git says the same with one status (128); its texts are stable with `LC_ALL=C`, and what is not
/// known here still stalls the unit with the text itself.
struct Refusal {
  private let code: SourceError.Code
  private let texts: [String]
  private let remedy: String

  /// Why a connection came to nothing.
  static func error(
    _ failure: GitFailure, _ address: RepositoryAddress, _ reference: GitReference
  ) -> SourceError {
    switch failure {
    case .cancelled: return SourceError(.cancelled, "cancelled")
    case .notStarted(let why):
      return SourceError(.host, "git could not be started: \(why)", remedy: "install git")
    case .silent(let deadline):
      return SourceError(
        .unreachable, "\(address) sent nothing for \(deadline.brief)",
        remedy: "look whether the server works and can be reached")
    case .late(let deadline):
      return SourceError(
        .unreachable, "\(address) was not fetched within \(deadline.brief)",
        remedy: "look how fast the server answers, or give it more time")
    case .bulky(let bytes):
      return SourceError(
        .limit, "\(address) takes more than the \(bytes) bytes that its mirror may have",
        remedy: "follow a smaller repository, or let the mirror have more")
    case .flood(let limit):
      return SourceError(
        .limit, "\(address) answered with more than \(limit) bytes",
        remedy: "look whether this is a Git repository")
    case .cause(let error): return error
    case .broken(let why):
      return SourceError(.corrupt, "git broke off while it read \(address): \(why)")
    case .exited(129, let said):
      return SourceError(
        .host, "git does not know what is asked of it: \(said)", remedy: "install git 2.37 or newer"
      )
    case .exited(_, let said): return explain(said, address, reference)
    }
  }

  private static let rewrittenRemedy =
    "restore it there, or let the source have allowRewrittenHistory: true until it is taken in"

  /// History at the remote does not contain what was taken in before.
  static func rewritten(
    _ address: RepositoryAddress, _ reference: GitReference, _ known: Revision, name: String?
  ) -> SourceError {
    let message =
      if let name, name == known.name {
        "the tag \(name) of \(address) has moved away from the revision taken in before"
      } else {
        "\(reference) of \(address) no longer contains the revision taken in before"
      }
    return SourceError(
      .rewritten, message + ", \(known.short)",
      remedy: rewrittenRemedy)
  }

  /// What is newest at the remotes is older than what was taken in before.
  static func back(
    _ address: RepositoryAddress, _ reference: GitReference, _ known: Revision
  ) -> SourceError {
    SourceError(
      .rewritten,
      "\(reference) of \(address) is older than the revision taken in before, "
        + (known.name ?? known.short),
      remedy: rewrittenRemedy)
  }

  /// Why the mirror could not be used.
  static func local(_ failure: GitFailure, _ mirror: String) -> SourceError {
    switch failure {
    case .cancelled: SourceError(.cancelled, "cancelled")
    case .cause(let error): error
    case .notStarted(let why): SourceError(.host, "git could not be started: \(why)")
    case .exited(_, let said):
      SourceError(.host, "git failed in \(mirror): \(said)", remedy: "see whether there is room")
    default:
      SourceError(
        .corrupt, "the mirror \(mirror) could not be read: \(failure)",
        remedy: "it is fetched anew by itself")
    }
  }

  /// Whether a fetch may have failed because of files in the mirror.
  static func mayConcernMirror(_ said: String) -> Bool {
    let lowered = said.lowercased()
    return [
      "not a git repository", "bad object", "corrupt", "loose object", "packfile", "pack file",
      "bad config", "did not send all necessary objects", "unable to read", "could not parse",
      "missing", "broken", "invalid sha1 pointer", "bad signature", "not a valid", "bad ref",
      "reference broken", "unresolvable", "unable to resolve", "fatal: bad",
    ].contains { lowered.contains($0) }
  }

  private static func explain(
    _ said: String, _ address: RepositoryAddress, _ reference: GitReference
  ) -> SourceError {
    if said.contains("couldn't find remote ref") || said.contains("not our ref") {
      return SourceError(
        .missing, "\(address) has no \(reference)", remedy: "push it, or follow another one")
    }
    let lowered = said.lowercased()
    guard let known = all.first(where: { $0.texts.contains { lowered.contains($0) } }) else {
      return SourceError(.unreachable, "\(address) could not be fetched: \(said)")
    }
    return SourceError(
      known.code, "\(address) could not be fetched: \(said)", remedy: known.remedy)
  }

  /// The first that fits decides: what refuses us often also ends the connection.
  private static let all: [Refusal] = [
    Refusal(
      code: .host, texts: ["no space left", "disk quota exceeded", "read-only file system"],
      remedy: "make room in the agent's state directory"),
    Refusal(
      code: .notPermitted, texts: ["dubious ownership"],
      remedy: "run `git config --global --add safe.directory PATH` as the agent's user"),
    Refusal(
      code: .notPermitted,
      texts: ["host key verification failed", "remote host identification has changed"],
      remedy: "add the server's key to the known_hosts of the agent's user"),
    Refusal(
      code: .notPermitted,
      texts: [
        "authentication failed", "could not read username", "could not read password",
        "permission denied (", "returned error: 401", "returned error: 403", "access denied",
        "invalid credentials",
      ],
      remedy: "give the agent's user a key or a credential helper that may read this repository"),
    Refusal(
      code: .missing,
      texts: [
        "repository not found", "does not appear to be a git repository", "' not found",
        "returned error: 404", "no such file or directory", "does not exist",
      ], remedy: "look at the URL, and whether the repository is still there"),
    Refusal(
      code: .corrupt, texts: ["mismatched algorithms", "unknown object format"],
      remedy: "use a repository with SHA-1 ids; SHA-256 repositories can't be followed"),
    Refusal(
      code: .notPermitted, texts: ["unable to update url base from redirection"],
      remedy: "give the URL that the server redirects to"),
    Refusal(
      code: .unreachable, texts: [""],
      remedy: "look whether the server works and can be reached; it is tried again"),
  ]
}
