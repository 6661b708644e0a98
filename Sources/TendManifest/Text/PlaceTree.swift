import Tend

/// The positions of the values of one document, and of the keys that lead to them.
///
/// Built only when an error needs a place. Lines and columns count from 0.
indirect enum PlaceTree: Sendable {
  struct Position: Sendable, Hashable {
    let line: Int
    let column: Int
  }

  struct Entry: Sendable {
    let key: String
    let position: Position
    let tree: PlaceTree
  }

  case scalar(Position)
  case list(Position, [PlaceTree])
  case map(Position, [Entry])

  var position: Position {
    switch self {
    case .scalar(let position), .list(let position, _), .map(let position, _): position
    }
  }

  /// The fields of a map; none of anything else.
  var entries: [Entry] {
    if case .map(_, let entries) = self { entries } else { [] }
  }

  /// The position of the value at a path; of its key where the value is a map or a list.
  func position(of path: [FieldPath.Step], ofKey: Bool = false) -> Position? {
    var tree = self
    var found = position
    for step in path {
      switch (step, tree) {
      case (.key(let key), .map(_, let entries)):
        guard let entry = entries.first(where: { $0.key == key }) else { return nil }
        tree = entry.tree
        found = entry.position
        if case .scalar(let position) = tree, !ofKey { found = position }
      case (.index(let index), .list(_, let items)):
        guard items.indices.contains(index) else { return nil }
        tree = items[index]
        found = tree.position
      default: return nil
      }
    }
    return found
  }
}
