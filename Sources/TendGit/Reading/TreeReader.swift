internal import TendEngine

/// Lists the tree of a commit, reading only the directories that the listing before had not.
struct TreeReader: Sendable {
  let limits: SourceLimits
  /// The unit's path in the repository; empty for its root.
  let path: String

  /// The listing of a commit.
  func list(
    _ commit: CommitObject, before: TreeListing?, _ conversation: inout Conversation
  ) async throws -> TreeListing {
    let root = try await descend(from: commit, &conversation)
    var listing = TreeListing(root: root)
    var level = [("", root)]
    var depth = 0
    while !level.isEmpty {
      depth += 1
      guard depth <= limits.depth else {
        throw SourceError(
          .limit, "directories of \(commit.id) are nested deeper than \(limits.depth)",
          remedy: "nest them less")
      }
      let known = before?.trees
      var seen: Set<ObjectID> = []
      let wanted = level.map(\.1).filter {
        known?[$0] == nil && listing.trees[$0] == nil && seen.insert($0).inserted
      }
      let read = try await trees(wanted, of: level, &conversation)
      var below: [(String, ObjectID)] = []
      for (folder, id) in level {
        guard let tree = read[id] ?? known?[id] ?? listing.trees[id] else { continue }
        below += listing.add(tree, id, at: folder)
        guard listing.items.count + listing.directories.count <= limits.entries else {
          throw SourceError(
            .limit, "\(commit.id) has more than \(limits.entries) files and directories",
            remedy: "point the unit at a smaller path")
        }
      }
      level = below
    }
    return listing
  }

  /// The tree at the unit's path.
  private func descend(
    from commit: CommitObject, _ conversation: inout Conversation
  ) async throws -> ObjectID {
    var id = commit.tree
    for part in path.split(separator: "/") {
      let tree = try await trees([id], of: [("above \(part)", id)], &conversation)[id]
      guard let entry = tree?.entries.first(where: { $0.name == part }) else {
        throw SourceError(
          .missing, "the path \(path) does not exist at \(commit.revision.short)",
          remedy: "add it to the repository, or correct the path")
      }
      guard entry.kind == .directory else {
        throw SourceError(
          .missing, "the path \(path) is no directory at \(commit.revision.short)",
          remedy: "point the unit at a directory; links and submodules are not followed")
      }
      id = entry.id
    }
    return id
  }

  private func trees(
    _ ids: [ObjectID], of level: [(path: String, id: ObjectID)],
    _ conversation: inout Conversation
  ) async throws -> [ObjectID: TreeObject] {
    guard !ids.isEmpty else { return [:] }
    var trees: [ObjectID: TreeObject] = [:]
    for object in try await conversation.objects(ids, limit: limits.treeBytes) {
      guard object.header.kind == "tree", let tree = TreeObject(object.bytes) else {
        let path = level.first { $0.id == object.header.id }?.path ?? ""
        throw SourceError(
          .corrupt,
          "the directory \(quoted("/" + path)) has a name twice, one that is not UTF-8, or `..`",
          remedy: "give its files other names")
      }
      trees[object.header.id] = tree
    }
    return trees
  }
}

/// Bounds on what is read from a source, beside those of manifests.
///
/// They keep a source that is broken, or was made to harm, from taking the host's memory or time.
public struct SourceLimits: Sendable, Hashable {
  /// Files and directories in one tree; 200,000 unless set.
  public var entries = 200_000
  /// Levels of directories; 64 unless set.
  public var depth = 64
  /// Bytes of one file that a declaration may name; 64 MiB unless set.
  public var fileBytes = 64 << 20

  /// Bytes of one directory's object: 200,000 names of 80 bytes.
  let treeBytes = 20 << 20

  /// The defaults.
  public init() {}
}
