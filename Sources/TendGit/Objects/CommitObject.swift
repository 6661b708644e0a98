internal import Tend
internal import TendEngine

/// A commit, read from its object.
struct CommitObject: Sendable {
  let id: ObjectID
  let tree: ObjectID
  let parents: [ObjectID]
  var revision: Revision
  /// The whole text, which a signature is over.
  let bytes: [UInt8]

  /// Reads the text of a commit; nil where it is none.
  ///
  /// Texts in it were written by whoever made the commit: what is kept is one line, bounded and
  /// without control characters.
  init?(_ id: ObjectID, _ bytes: [UInt8]) {
    var tree: ObjectID?
    var parents: [ObjectID] = []
    var author: Substring?
    let text = String(decoding: bytes, as: UTF8.self)
    let parts = text.split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
    for line in parts[0].split(separator: "\n") {
      if line.hasPrefix("tree ") { tree = ObjectID(hex: line.dropFirst(5).utf8) }
      if line.hasPrefix("parent "), let parent = ObjectID(hex: line.dropFirst(7).utf8) {
        parents.append(parent)
      }
      if line.hasPrefix("author "), author == nil { author = line.dropFirst(7) }
    }
    guard let tree else { return nil }
    self.id = id
    self.tree = tree
    self.parents = parents
    self.bytes = bytes
    let message = parts.count > 1 ? parts[1] : ""
    let subject = message.split(separator: "\n", maxSplits: 1).first.map(String.init)
    revision = Revision(
      id: id.description, author: author.flatMap(Self.name), time: author.flatMap(Self.time),
      message: subject.map { Printable.line($0, limit: 200) })
  }

  /// `Name <mail>` of `Name <mail> seconds zone`.
  private static func name(_ author: Substring) -> String? {
    guard let end = author.lastIndex(of: ">") else { return nil }
    return Printable.line(String(author[...end]), limit: 200)
  }

  private static func time(_ author: Substring) -> Timestamp? {
    guard let end = author.lastIndex(of: ">") else { return nil }
    let seconds = author[author.index(after: end)...].split(separator: " ").first
    return seconds.flatMap { Int64($0) }.map { Timestamp(seconds: $0) }
  }
}
