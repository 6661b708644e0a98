/// Finds numbers by what they stand for: a hash table that holds the numbers alone.
///
/// Whoever asks knows what a number stands for, so an element costs four bytes and a free place
/// beside it. Linear probing in a power of two of places, at most three quarters used; a number
/// that was taken out leaves a mark, so that what lies behind it is still found.
struct NumberIndex: Sendable {
  private static let gap = UInt32.max
  private static let smallest = 16

  /// A number plus one; 0 where nothing ever was.
  private var places: [UInt32]
  private var used = 0
  private(set) var count = 0

  /// An empty index with room for so many numbers.
  init(capacity: Int = 0) {
    var size = Self.smallest
    while size * 3 < capacity * 4 { size *= 2 }
    places = Array(repeating: 0, count: size)
  }

  /// The first number with this hash that is meant.
  func first(hash: Int, where isMeant: (Int) -> Bool) -> Int? {
    let mask = places.count - 1
    var place = Self.mixed(hash) & mask
    while places[place] != 0 {
      if places[place] != Self.gap {
        let number = Int(places[place]) - 1
        if isMeant(number) { return number }
      }
      place = (place + 1) & mask
    }
    return nil
  }

  /// All numbers with this hash that are meant, in ascending order.
  func all(hash: Int, where isMeant: (Int) -> Bool) -> [Int] {
    var found: [Int] = []
    _ = first(hash: hash) { number in
      if isMeant(number) { found.append(number) }
      return false
    }
    return found.count > 1 ? found.sorted() : found
  }

  /// Enters a number that is not there; `rehash` gives the hash of every number that is.
  mutating func insert(_ number: Int, hash: Int, rehash: (Int) -> Int) {
    if (used + 1) * 4 > places.count * 3 { grow(rehash) }
    let mask = places.count - 1
    var place = Self.mixed(hash) & mask
    while places[place] != 0, places[place] != Self.gap { place = (place + 1) & mask }
    if places[place] == 0 { used += 1 }
    places[place] = UInt32(number + 1)
    count += 1
  }

  /// Takes out a number that was entered with this hash.
  mutating func remove(_ number: Int, hash: Int) {
    let mask = places.count - 1
    var place = Self.mixed(hash) & mask
    while places[place] != 0 {
      if places[place] == UInt32(number + 1) {
        places[place] = Self.gap
        count -= 1
        return
      }
      place = (place + 1) & mask
    }
  }

  private mutating func grow(_ rehash: (Int) -> Int) {
    let old = places
    self = NumberIndex(capacity: (count + 1) * 2)
    for value in old where value != 0 && value != Self.gap {
      let number = Int(value) - 1
      insert(number, hash: rehash(number), rehash: rehash)
    }
  }

  /// Spreads hashes of which only the upper bits differ.
  private static func mixed(_ hash: Int) -> Int {
    let bits = UInt(bitPattern: hash)
    return Int(truncatingIfNeeded: bits ^ (bits >> 32))
  }
}
