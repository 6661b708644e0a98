import CYAML
import Tend

extension PlaceTree {
  /// The positions of the first document of a text, which begins at this line, from 0.
  ///
  /// The text has been read before, so that only what is left of it matters: aliases lead to the
  /// places of their anchors, merge keys to those of the merged maps.
  static func yaml(_ bytes: ArraySlice<UInt8>, firstLine: Int) -> PlaceTree? {
    bytes.withUnsafeBufferPointer { bytes in
      var events = EventReader(bytes)
      var builder = PlaceTreeBuilder(firstLine: firstLine)
      while events.next() {
        if events.event.pointee.type == YAML_DOCUMENT_END_EVENT { break }
        builder.add(events)
      }
      return builder.finish()
    }
  }
}

private struct PlaceTreeBuilder {
  let firstLine: Int
  private var frames: [Frame] = []
  private var anchors: [String: PlaceTree] = [:]
  private var root: PlaceTree?

  private struct Frame {
    let isMap: Bool
    let position: PlaceTree.Position
    let anchor: String?
    var key: (String, PlaceTree.Position)?
    var entries: [PlaceTree.Entry] = []
    var items: [PlaceTree] = []

    var tree: PlaceTree {
      isMap ? .map(position, merged) : .list(position, items)
    }

    private var merged: [PlaceTree.Entry] {
      guard entries.contains(where: { $0.key == "<<" }) else { return entries }
      return entries
        + entries.filter { $0.key == "<<" }.flatMap { entry -> [PlaceTree.Entry] in
          switch entry.tree {
          case .map(_, let entries): entries
          case .list(_, let maps): maps.flatMap(\.entries)
          case .scalar: []
          }
        }
    }
  }

  init(firstLine: Int) {
    self.firstLine = firstLine
  }

  mutating func add(_ events: borrowing EventReader) {
    let position = PlaceTree.Position(
      line: firstLine + Int(events.line), column: Int(events.column))
    switch events.event.pointee.type {
    case YAML_SCALAR_EVENT:
      if let last = frames.indices.last, frames[last].isMap, frames[last].key == nil {
        frames[last].key = (String(decoding: events.scalar, as: UTF8.self), position)
      } else {
        // A value that was left out has no place of its own.
        let isEmpty = events.scalar.isEmpty && events.event.pointee.data.scalar.plain_implicit == 1
        let key = isEmpty ? frames.last?.key?.1 : nil
        complete(.scalar(key ?? position), anchor: events.anchor)
      }
    case YAML_ALIAS_EVENT:
      complete(events.anchor.flatMap { anchors[$0] } ?? .scalar(position), anchor: nil)
    case YAML_MAPPING_START_EVENT:
      frames.append(Frame(isMap: true, position: position, anchor: events.anchor))
    case YAML_SEQUENCE_START_EVENT:
      frames.append(Frame(isMap: false, position: position, anchor: events.anchor))
    case YAML_MAPPING_END_EVENT, YAML_SEQUENCE_END_EVENT: end()
    default: break
    }
  }

  /// What was read so far, also where the text breaks off.
  mutating func finish() -> PlaceTree? {
    while !frames.isEmpty { end() }
    return root
  }

  private mutating func end() {
    guard let frame = frames.popLast() else { return }
    complete(frame.tree, anchor: frame.anchor)
  }

  private mutating func complete(_ tree: PlaceTree, anchor: String?) {
    if let anchor { anchors[anchor] = tree }
    guard let last = frames.indices.last else {
      root = tree
      return
    }
    if !frames[last].isMap {
      frames[last].items.append(tree)
    } else if let (key, position) = frames[last].key {
      frames[last].entries.append(.init(key: key, position: position, tree: tree))
      frames[last].key = nil
    } else {
      // A map or a list as a key, which was refused.
      frames[last].key = ("", tree.position)
    }
  }
}
