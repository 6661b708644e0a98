import Tend

/// Which documents of a revision are those of the one before.
///
/// Pure. Both lists are walked once, side by side; only what does not stand where it stood is
/// looked up.
struct Alignment: Sendable {
  /// For each document the one before that is the same; -1 where there is none.
  private(set) var before: [Int32]
  /// Documents that are the same as none before, in order.
  private(set) var fresh: [Int] = []
  /// Documents before that are gone, in order.
  private(set) var gone: [Int] = []

  init(from old: [Declaration], to new: [Declaration]) {
    before = Array(repeating: -1, count: new.count)
    var (i, j) = (0, 0)
    while i < new.count, j < old.count {
      if new[i].isSame(as: old[j]) {
        before[i] = Int32(j)
        (i, j) = (i + 1, j + 1)
        continue
      }
      // Documents come file by file, in the order of paths.
      let (file, other) = (new[i].place.file, old[j].place.file)
      let takesNew = file == other || file.utf8.lexicographicallyPrecedes(other.utf8)
      let takesOld = file == other || !takesNew
      if takesNew { Self.skip(file, in: new, &i, &fresh) }
      if takesOld { Self.skip(other, in: old, &j, &gone) }
    }
    fresh += i..<new.count
    gone += j..<old.count
    match(old, new)
  }

  private static func skip(
    _ file: String, in list: [Declaration], _ index: inout Int, _ skipped: inout [Int]
  ) {
    while index < list.count, list[index].place.file == file {
      skipped.append(index)
      index += 1
    }
  }

  /// Finds those that only stand elsewhere.
  private mutating func match(_ old: [Declaration], _ new: [Declaration]) {
    if fresh.isEmpty || gone.isEmpty { return }
    var places: [ObjectIdentifier: Int] = [:]
    for index in gone { places[old[index].identity] = index }
    var found: Set<Int> = []
    fresh.removeAll { index in
      guard let place = places.removeValue(forKey: new[index].identity) else { return false }
      before[index] = Int32(place)
      found.insert(place)
      return true
    }
    if !found.isEmpty { gone.removeAll(where: found.contains) }
  }
}
