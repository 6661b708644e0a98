/// All files below a path of one commit, with what is known of them without their bytes.
struct TreeListing: Sendable {
  /// What stands at a path.
  struct Item: Sendable, Hashable {
    let kind: TreeObject.Kind
    let id: ObjectID
  }

  /// What is known of a blob.
  struct Blob: Sendable, Hashable {
    let size: Int
    /// Whether it stands for a file that Git LFS keeps elsewhere.
    var isPointer = false
  }

  /// The commit's tree at the unit's path.
  let root: ObjectID
  /// Everything but directories, by its path from the root of the listing.
  private(set) var items: [String: Item] = [:]
  /// Directories by path, so that a path that names one can be told.
  private(set) var directories: Set<String> = []
  /// The trees that it was made of, kept for the next listing.
  private(set) var trees: [ObjectID: TreeObject] = [:]
  /// What is known of the blobs in it.
  var blobs: [ObjectID: Blob] = [:]

  init(root: ObjectID) { self.root = root }

  /// Adds the entries of one directory; those that are directories themselves.
  mutating func add(_ tree: TreeObject, _ id: ObjectID, at folder: String) -> [(String, ObjectID)] {
    var below: [(String, ObjectID)] = []
    trees[id] = tree
    for entry in tree.entries {
      let path = folder.isEmpty ? entry.name : "\(folder)/\(entry.name)"
      if entry.kind == .directory {
        directories.insert(path)
        below.append((path, entry.id))
      } else {
        items[path] = Item(kind: entry.kind, id: entry.id)
      }
    }
    return below
  }
}
