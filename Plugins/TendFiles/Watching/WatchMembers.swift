/// Those who wait for the names in one directory.
struct WatchMembers {
  /// What lies in the directory itself: almost all.
  private var own = AttentionTable()
  /// What waits for a directory that is missing, by its name.
  private var waiting: [ByteText: [EntryPath: Attention]] = [:]

  var isEmpty: Bool { own.count == 0 && waiting.isEmpty }

  /// All of them, in no order.
  var all: [Attention] { own.all + waiting.values.flatMap(\.values) }

  /// Those who wait for a name.
  func named(_ name: ByteText) -> [Attention] {
    (own[name].map { [$0] } ?? []) + (waiting[name].map { Array($0.values) } ?? [])
  }

  /// Adds one to those who wait for a name in this directory; it takes the place of another that
  /// waits there for the same entry.
  mutating func add(_ attention: Attention, _ name: ByteText, in directory: ByteText) {
    if let other = remove(attention.path, name), other !== attention { attention.succeed(other) }
    let location = attention.location
    if ByteText(location.name) == name, ByteText(location.parent) == directory {
      own.insert(attention)
    } else {
      waiting[name, default: [:]][attention.path] = attention
    }
  }

  /// Takes an entry out of those who wait for a name, and answers with what was there.
  @discardableResult
  mutating func remove(_ id: EntryPath, _ name: ByteText) -> Attention? {
    if let attention = own[name], attention.path == id {
      own.remove(name)
      return attention
    }
    let left = waiting[name]?.removeValue(forKey: id)
    if waiting[name]?.isEmpty == true { waiting[name] = nil }
    return left
  }
}

/// Entries of one directory, found by their names.
///
/// A table of them alone, since a dictionary would keep each name once more: linear probing in a
/// power of two of places, at most three quarters used.
struct AttentionTable {
  private var places: [Attention?] = []
  private(set) var count = 0

  var all: [Attention] { places.compactMap { $0 } }

  subscript(name: ByteText) -> Attention? { places.isEmpty ? nil : places[place(of: name)] }

  /// Enters one, in the place of another of its name.
  mutating func insert(_ attention: Attention) {
    if (count + 1) * 4 > places.count * 3 { grow() }
    let place = place(of: ByteText(attention.location.name))
    if places[place] == nil { count += 1 }
    places[place] = attention
  }

  mutating func remove(_ name: ByteText) {
    guard !places.isEmpty, case var hole = place(of: name), places[hole] != nil else { return }
    count -= 1
    // What was pushed on by it, and by what follows, moves up.
    var next = after(hole)
    while let attention = places[next] {
      let home = home(of: ByteText(attention.location.name))
      if distance(home, next) >= distance(hole, next) {
        places[hole] = attention
        hole = next
      }
      next = after(next)
    }
    places[hole] = nil
  }

  /// Where a name is, or would be.
  private func place(of name: ByteText) -> Int {
    var place = home(of: name)
    while let other = places[place], ByteText(other.location.name) != name { place = after(place) }
    return place
  }

  private func home(of name: ByteText) -> Int { name.hashValue & (places.count - 1) }
  private func after(_ place: Int) -> Int { (place + 1) & (places.count - 1) }
  private func distance(_ from: Int, _ to: Int) -> Int { (to - from) & (places.count - 1) }

  private mutating func grow() {
    let old = all
    places = Array(repeating: nil, count: max(8, places.count * 2))
    count = 0
    for attention in old { insert(attention) }
  }
}
