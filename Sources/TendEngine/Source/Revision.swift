public import Tend

/// One version of a source: a Git commit, a directory's digest.
public struct Revision: Sendable, Hashable, Codable, Identifiable {
  /// What identifies it: a commit's full id, `sha256:…` of a directory, or a program's own text.
  ///
  /// `+…` at its end is the digest of what the unit was told besides: its values, its root, a
  /// host that somebody named.
  public var id: String
  /// Who made it, where the source knows.
  public var author: String?
  /// When it was made, by its author's clock.
  public var time: Timestamp?
  /// The first line of what its author said about it.
  public var message: String?
  /// The name under which it was found, where a source follows names that stay, such as tags.
  public var name: String?
  /// Which of several places gave it, and what was followed there: `https://b.example/x, tag v2`.
  ///
  /// Nil where a source has one place and follows one name; then its description says it.
  public var origin: String?

  /// Names a version.
  public init(
    id: String, author: String? = nil, time: Timestamp? = nil, message: String? = nil,
    name: String? = nil, origin: String? = nil
  ) {
    self.id = id
    self.author = author
    self.time = time
    self.message = message
    self.name = name
    self.origin = origin
  }

  /// Whether somebody means it: by its id, or by the first characters of it, at least 7.
  ///
  /// What stands before a `:` in the id may be left out.
  public func isNamed(by name: String) -> Bool {
    if id == name { return true }
    guard name.utf8.count >= 7 else { return false }
    return id.hasPrefix(name) || id.split(separator: ":").last?.hasPrefix(name) == true
  }

  /// Enough of the id for people: 10 characters.
  public var short: String {
    let digest = id.split(separator: ":").last.map(String.init) ?? id
    return String(digest.prefix(10))
  }
}
