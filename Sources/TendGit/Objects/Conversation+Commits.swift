internal import TendEngine

extension Conversation {
  /// Bytes of a commit or a tag: the longest known have some 100 KB.
  static let textLimit = 1 << 20

  /// A commit's own text.
  mutating func commit(_ id: ObjectID) async throws -> CommitObject {
    let object = try await object(id, limit: Self.textLimit)
    guard object.header.kind == "commit", let commit = CommitObject(id, object.bytes) else {
      throw SourceError(.missing, "\(id) is no commit", remedy: "give the id of a commit")
    }
    return commit
  }

  /// What a ref names: a commit, through one tag object or none.
  mutating func tip(_ id: ObjectID) async throws -> (commit: CommitObject, tag: TagObject?) {
    let object = try await object(id, limit: Self.textLimit)
    guard object.header.kind == "tag" else {
      guard object.header.kind == "commit", let commit = CommitObject(id, object.bytes) else {
        throw SourceError(.missing, "\(id) is no commit", remedy: "follow what names a commit")
      }
      return (commit, nil)
    }
    guard let tag = TagObject(id, object.bytes) else {
      throw SourceError(.corrupt, "the tag \(id) can't be read", remedy: "make it anew")
    }
    return (try await commit(tag.target), tag)
  }
}
