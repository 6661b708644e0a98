internal import Foundation
public import Subprocess

/// A real repository with a working tree, made by `git`, for tests to commit to.
///
/// Author, times and configuration are fixed, so equal trees have equal ids.
public final class GitRepository: Sendable {
  /// Its working tree.
  public let folder: TemporaryFolder
  /// What to give to a source: a path.
  public var url: String { folder.path }

  /// Makes an empty repository.
  public init(branch: String = "main") async throws {
    folder = try TemporaryFolder("repository")
    try await git("init", "--quiet", "--initial-branch=\(branch)")
    try await git("config", "gc.auto", "0")
  }

  /// Runs git in it, as a fixed author at a fixed time and without the user's configuration.
  @discardableResult
  public func git(_ arguments: String..., input: String = "") async throws -> String {
    try await run(
      "git", arguments, in: folder.path, environment: Self.environment, input: input)
  }

  /// Runs git in it with options before the verb and more environment.
  @discardableResult
  public func git(
    options: [String], environment: [Environment.Key: String?] = [:], _ arguments: String...
  ) async throws -> String {
    try await run(
      "git", options + arguments, in: folder.path,
      environment: Self.environment.merging(environment) { $1 })
  }

  /// Writes a file and commits it, signed by what the options name; the commit's id.
  @discardableResult
  public func commitSigned(
    _ path: String, _ text: String, options: [String],
    environment: [Environment.Key: String?] = [:]
  ) async throws -> String {
    try write(text, to: path)
    try await git("add", "--all")
    try await git(
      options: options, environment: environment, "commit", "--quiet", "--gpg-sign", "--message",
      "Change \(path)")
    return try await head()
  }

  /// Writes a text into the working tree.
  public func write(_ text: String, to path: String) throws { try folder.write(text, to: path) }

  /// Commits the whole working tree as it is; the commit's id.
  @discardableResult
  public func commit(_ message: String = "Change") async throws -> String {
    try await git("add", "--all")
    try await git("commit", "--quiet", "--allow-empty", "--message", message)
    return try await head()
  }

  /// Writes files and commits; the commit's id.
  @discardableResult
  public func commit(
    _ files: [String: String], message: String = "Change"
  ) async throws -> String {
    for (path, text) in files.sorted(by: { $0.key < $1.key }) { try write(text, to: path) }
    return try await commit(message)
  }

  /// The id of the commit that is checked out.
  public func head() async throws -> String { try await git("rev-parse", "HEAD") }

  /// The id of a blob with this text.
  public func blob(_ text: String) async throws -> String {
    try await git("hash-object", "-w", "--stdin", input: text)
  }

  /// Commits a tree that no working tree could hold, given as lines of `git mktree`.
  @discardableResult
  public func commit(tree lines: [String], message: String = "Change") async throws -> String {
    let tree = try await git("mktree", "--missing", input: lines.map { $0 + "\n" }.joined())
    let parent = try? await head()
    let parents = parent.map { ["-p", $0] } ?? []
    let commit = try await run(
      "git", ["commit-tree", tree, "-m", message] + parents, in: folder.path,
      environment: Self.environment)
    try await git("update-ref", "HEAD", commit)
    return commit
  }

  /// The environment of every git in tests.
  public static let environment: [Environment.Key: String?] = [
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z", "GIT_COMMITTER_NAME": "Grace",
    "GIT_COMMITTER_EMAIL": "grace@example.org", "GIT_COMMITTER_DATE": "2026-01-02T03:04:06Z",
  ]
}
