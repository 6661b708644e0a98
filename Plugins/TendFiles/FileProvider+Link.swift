public import Tend

extension FileProvider {
  /// Tells each entry what else is declared, and refuses what lies below a file or a link.
  public func link(_ declared: inout [Declared<EntrySpec>], _ links: Links) -> [Diagnostic] {
    var places: [EntryPath: Int] = [:]
    var entries: [EntrySpec.Fields] = []
    places.reserveCapacity(declared.count)
    entries.reserveCapacity(declared.count)
    for (index, entry) in declared.enumerated() where places[entry.content.id] == nil {
      places[entry.content.id] = index
      entries.append(entry.content.declared)
    }
    let paths = DeclaredPaths(entries)
    var obstacles = Obstacles(places, declared)
    var diagnostics: [Diagnostic] = []
    for index in declared.indices {
      if let obstacle = obstacles.above(declared[index].content) {
        diagnostics.append(Self.refusal(of: declared[index], below: declared[obstacle]))
      }
      declared[index].content.siblings = paths
    }
    return diagnostics
  }

  /// Entries whose paths and types stay as they were change nothing for all others.
  public func relink(_ changed: inout [Declared<EntrySpec>], from before: [EntrySpec]) -> Bool {
    for (index, old) in before.enumerated() {
      let entry = changed[index].content
      guard entry.id == old.id, entry.type == old.type else { return false }
      changed[index].content.siblings = old.siblings
    }
    return true
  }

  private static func refusal(
    of entry: Declared<EntrySpec>, below obstacle: Declared<EntrySpec>
  ) -> Diagnostic {
    let place = obstacle.declaration.place(of: "path")
    return Diagnostic(
      .invalidValue, at: entry.declaration.place(of: "path"),
      "path lies below \(obstacle.content.id), which \(obstacle.reference) at \(place) declares "
        + "to be " + obstacle.content.type.inWords,
      remedy: "declare a Directory there, or choose another path", related: [place])
  }
}

/// Finds what stands in the way of a path; asks once for each directory.
private struct Obstacles {
  private let places: [EntryPath: Int]
  private let declared: [Declared<EntrySpec>]
  private var known: [String: Int?] = [:]

  init(_ places: [EntryPath: Int], _ declared: [Declared<EntrySpec>]) {
    self.places = places
    self.declared = declared
  }

  /// The nearest declaration above an entry that is no directory.
  mutating func above(_ entry: EntrySpec) -> Int? {
    let parent = entry.declared.location.parent
    if let answer = known[parent] { return answer }
    let above = entry.id.ancestors.compactMap { places[$0] }
    let found = above.first { declared[$0].content.type != .directory }
    known[parent] = .some(found)
    return found
  }
}
