/// Which key has which record: a hash table of record indices, and the keys by record index.
///
/// A key is hashed once for each add. Half of its hash stands in the table, so that a search looks
/// at keys only where that agrees, and a key that ends is taken out without being hashed or
/// compared again. Memory is given back as keys go.
@usableFromInline
struct KeyIndex<Key: Hashable> {
  @usableFromInline
  struct Entry {
    @usableFromInline var key: Key
    @usableFromInline var serial: UInt32
    @usableFromInline var hash: UInt32

    @inlinable
    init(key: Key, serial: UInt32, hash: UInt32) {
      (self.key, self.serial, self.hash) = (key, serial, hash)
    }
  }

  @inlinable static var pageBits: UInt32 { 12 }
  @inlinable static var pageMask: UInt32 { 1 << pageBits - 1 }
  @inlinable static var smallest: Int { 64 }

  /// Entries by record index, in pages like the records.
  @usableFromInline var pages: ContiguousArray<ContiguousArray<Entry?>> = []
  @usableFromInline var used: ContiguousArray<Int> = []
  /// Hash in the upper half, record index plus one in the lower; 0 is empty.
  ///
  /// Linear probing in a power of two of them, at most three quarters full.
  @usableFromInline var buckets = ContiguousArray<UInt64>(repeating: 0, count: smallest)
  @usableFromInline var count = 0

  @inlinable
  init() {}

  @inlinable
  static func hash(_ key: Key) -> UInt32 { UInt32(truncatingIfNeeded: key.hashValue) }

  /// The handle of a key.
  @inlinable
  func find(_ key: Key, hash: UInt32) -> Scheduler.Handle? {
    let mask = buckets.count - 1
    var place = Int(hash) & mask
    while buckets[place] != 0 {
      if UInt32(truncatingIfNeeded: buckets[place] >> 32) == hash {
        let index = UInt32(truncatingIfNeeded: buckets[place]) - 1
        let page = Int(index >> Self.pageBits)
        if let entry = pages[page][Int(index & Self.pageMask)], entry.key == key {
          return Scheduler.Handle(index: index, serial: entry.serial)
        }
      }
      place = (place + 1) & mask
    }
    return nil
  }

  /// The key of a handle that has not ended.
  @inlinable
  func key(of handle: Scheduler.Handle) -> Key? {
    pages[Int(handle.index >> Self.pageBits)][Int(handle.index & Self.pageMask)]?.key
  }

  /// Enters a key that is not there.
  @inlinable
  mutating func insert(_ key: Key, hash: UInt32, _ handle: Scheduler.Handle) {
    if (count + 1) * 4 > buckets.count * 3 { rehash(buckets.count * 2) }
    let page = Int(handle.index >> Self.pageBits)
    while page >= pages.count {
      pages.append([])
      used.append(0)
    }
    if pages[page].isEmpty { pages[page] = .init(repeating: nil, count: Int(Self.pageMask) + 1) }
    pages[page][Int(handle.index & Self.pageMask)] =
      Entry(key: key, serial: handle.serial, hash: hash)
    used[page] += 1
    count += 1
    place(UInt64(hash) << 32 | UInt64(handle.index) + 1)
  }

  /// Takes out the key of a handle that has just ended.
  @inlinable
  mutating func remove(_ handle: Scheduler.Handle) {
    let page = Int(handle.index >> Self.pageBits)
    let offset = Int(handle.index & Self.pageMask)
    guard let hash = pages[page][offset]?.hash else { return }
    vacate(UInt64(hash) << 32 | UInt64(handle.index) + 1)
    pages[page][offset] = nil
    used[page] -= 1
    count -= 1
    if used[page] == 0, page > 0 { pages[page] = [] }
    if buckets.count > Self.smallest, count * 8 < buckets.count { rehash(buckets.count / 4) }
  }

  @inlinable
  mutating func place(_ bucket: UInt64) {
    let mask = buckets.count - 1
    var place = Int(bucket >> 32) & mask
    while buckets[place] != 0 { place = (place + 1) & mask }
    buckets[place] = bucket
  }

  /// Empties this bucket and moves up those after it that would not be found past the gap.
  @inlinable
  mutating func vacate(_ bucket: UInt64) {
    let mask = buckets.count - 1
    var gap = Int(bucket >> 32) & mask
    while buckets[gap] != bucket { gap = (gap + 1) & mask }
    var place = (gap + 1) & mask
    while buckets[place] != 0 {
      let home = Int(buckets[place] >> 32) & mask
      if (place - home) & mask >= (place - gap) & mask {
        buckets[gap] = buckets[place]
        gap = place
      }
      place = (place + 1) & mask
    }
    buckets[gap] = 0
  }

  @inlinable
  mutating func rehash(_ size: Int) {
    let old = buckets
    buckets = .init(repeating: 0, count: max(size, Self.smallest))
    for bucket in old where bucket != 0 { place(bucket) }
  }
}
