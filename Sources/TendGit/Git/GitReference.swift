internal import TendEngine

/// What of a repository is followed.
public struct GitReference: Sendable, Hashable, CustomStringConvertible {
  private enum Target: Sendable, Hashable {
    case branch(String)
    case commit(String)
  }

  private let target: Target

  /// The newest commit of a branch.
  ///
  /// Names follow the rules of `git check-ref-format`, so that none can become an option or a
  /// pattern; the source checks them.
  public static func branch(_ name: String) -> GitReference {
    GitReference(target: .branch(name))
  }

  /// One commit, by its full id of 40 hexadecimal digits; it never moves.
  public static func commit(_ id: String) -> GitReference {
    GitReference(target: .commit(id))
  }

  /// For people: `branch main`, `commit 1a2b…`.
  public var description: String {
    switch target {
    case .branch(let name): "branch \(name)"
    case .commit(let id): "commit \(id)"
    }
  }

  /// What the remote calls it.
  var remoteName: String {
    switch target {
    case .branch(let name): "refs/heads/\(name)"
    case .commit(let id): id.lowercased()
    }
  }

  /// The commit, where it is one.
  var commit: ObjectID? {
    if case .commit(let id) = target { ObjectID(hex: id.utf8) } else { nil }
  }

  /// Throws where the name or the id can't be one.
  func check() throws(SourceError) {
    switch target {
    case .branch(let name):
      guard let fault = Self.fault(inBranch: name) else { return }
      throw SourceError(
        .host, "the branch name \(quoted(name)) \(fault)", remedy: "give a branch such as main")
    case .commit(let id):
      guard ObjectID(hex: id.utf8) == nil else { return }
      throw SourceError(
        .host, "the commit id \(quoted(id)) is not 40 hexadecimal digits",
        remedy: "give the full id, as `git rev-parse` prints it")
    }
  }

  /// The rules of `git check-ref-format(1)`, and no leading dash.
  private static func fault(inBranch name: String) -> String? {
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
