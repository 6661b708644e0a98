internal import TendEngine

/// What of a repository is followed.
///
/// Names follow the rules of `git check-ref-format`, so that none can become an option or a
/// pattern; the source checks them.
public enum GitReference: Sendable, Hashable, CustomStringConvertible {
  /// The newest commit of a branch.
  case branch(String)
  /// The commit that a tag names.
  ///
  /// A tag stays where it is: one that names another commit than before is rewritten history. To go
  /// to another version, back or forth, follow another tag.
  case tag(String)
  /// The commit of the highest version among the tags: `>=1.2 <2`, `~1.4`, `^2.0.1`, `1.x || 3.x`.
  ///
  /// A tag counts where it is a version of Semantic Versioning 2.0.0, with or without a `v` before
  /// it; all others are passed by. Comparisons stand side by side where all must hold, and `||`
  /// between alternatives. Precedence is that of the specification, part 11; of two tags with one
  /// precedence the one whose name is greater byte by byte is taken. Pre-releases are left out
  /// unless a comparison of the same alternative names one of the same version, such as
  /// `>=2.0.0-rc.1`. A version that is gone never leads to a lower one, but a range that no longer
  /// includes the present version does.
  case semver(String)
  /// One commit, by its full id of 40 hexadecimal digits; it never moves.
  case commit(String)

  /// For people: `branch main`, `tag v1.2`, `semver ~1.4`, `commit 1a2b…`.
  public var description: String {
    switch self {
    case .branch(let name): "branch \(name)"
    case .tag(let name): "tag \(name)"
    case .semver(let range): "semver \(range)"
    case .commit(let id): "commit \(id)"
    }
  }

  /// The commit, where it is one.
  var commit: ObjectID? {
    if case .commit(let id) = self { ObjectID(hex: id.utf8) } else { nil }
  }

  /// Throws where the name, the range or the id can't be one.
  func check() throws(SourceError) {
    switch self {
    case .branch(let name): try Self.check(name, "branch", such: "main")
    case .tag(let name): try Self.check(name, "tag", such: "v1.2.0")
    case .semver(let range): _ = try VersionRange(range)
    case .commit(let id):
      guard ObjectID(hex: id.utf8) == nil else { return }
      throw SourceError(
        .host, "the commit id \(quoted(id)) is not 40 hexadecimal digits",
        remedy: "give the full id, as `git rev-parse` prints it")
    }
  }

  private static func check(
    _ name: String, _ kind: String, such example: String
  ) throws(SourceError) {
    guard let fault = fault(in: name) else { return }
    throw SourceError(
      .host, "the \(kind) name \(quoted(name)) \(fault)",
      remedy: "give a \(kind) such as \(example)"
    )
  }

  /// The rules of `git check-ref-format(1)`, and no leading dash.
  static func fault(in name: String) -> String? {
    if name.isEmpty { return "is empty" }
    if name.utf8.count > 255 { return "is longer than 255 bytes" }
    if name.hasPrefix("-") { return "begins with `-`" }
    if name.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f }) {
      return "has spaces or control characters"
    }
    if let forbidden = name.first(where: { "~^:?*[\\".contains($0) }) {
      return "has the character \(forbidden)"
    }
    if name.contains("..") || name.contains("@{") || name == "@" {
      return "has `..` or `@{`, or is `@`"
    }
    for part in name.split(separator: "/", omittingEmptySubsequences: false) {
      if part.isEmpty { return "has an empty part between slashes" }
      if part.hasPrefix(".") || part.hasSuffix(".") { return "has a part with a dot at an end" }
      if part.hasSuffix(".lock") { return "has a part that ends in .lock" }
    }
    return nil
  }
}

/// A text of unknown origin, short and without control characters.
func quoted(_ text: String) -> String { "`" + Printable.line(text, limit: 80) + "`" }
