/// Which key has which record: a hash table of record indices, and the keys by record index.
///
/// A key is hashed once for each add. Its hash is kept, so that a key that ends is taken out without
/// hashing or comparing it again. Memory is given back as keys go.
@usableFromInline
struct KeyIndex<Key: Hashable> {
  @usableFromInline typealias Handle = Scheduler.Handle

  @usableFromInline
  struct Entry {
    @usableFromInline var key: Key
    @usableFromInline var hash: Int
    @usableFromInline var serial: UInt32

    @inlinable
    init(key: Key, hash: Int, serial: UInt32) {
      (self.key, self.hash, self.serial) = (key, hash, serial)
    }
  }

  @inlinable static var pageBits: Int { 12 }
  @inlinable static var pageSize: Int { 1 << pageBits }
  @inlinable static var smallest: Int { 64 }

  /// Entries by record index, in pages like the records.
  @usableFromInline var pages: ContiguousArray<ContiguousArray<Entry?>> = []
  @usableFromInline var used: ContiguousArray<Int> = []
  /// Record indices plus one, by hash, with linear probing; 0 is empty. A power of two of them.
  @usableFromInline var buckets = ContiguousArray<UInt32>(repeating: 0, count: smallest)
  @usableFromInline var count = 0

  @inlinable
  init() {}

  /// The handle of a key.
  @inlinable
  func find(_ key: Key, hash: Int) -> Handle? {
    var bucket = hash & (buckets.count - 1)
    while buckets[bucket] != 0 {
      let index = buckets[bucket] - 1
      if let entry = entry(index), entry.hash == hash, entry.key == key {
        return Handle(index: index, serial: entry.serial)
      }
      bucket = (bucket + 1) & (buckets.count - 1)
    }
    return nil
  }

  /// The key of a handle; nil where it has ended.
  @inlinable
  func key(of handle: Handle) -> Key? {
    guard let entry = entry(handle.index), entry.serial == handle.serial else { return nil }
    return entry.key
  }

  /// Adds a key that is not there. What the handle's place held before has ended.
  @inlinable
  mutating func insert(_ key: Key, hash: Int, _ handle: Handle) {
    if let old = entry(handle.index) { remove(handle.index, old) }
    if (count + 1) * 4 > buckets.count * 3 { rehash(buckets.count * 2) }
    set(handle.index, Entry(key: key, hash: hash, serial: handle.serial))
    place(handle.index, hash)
    count += 1
  }

  /// Takes out the handle's key, if it is there still.
  @inlinable
  mutating func remove(_ handle: Handle) {
    guard let entry = entry(handle.index), entry.serial == handle.serial else { return }
    remove(handle.index, entry)
    if buckets.count > Self.smallest, count * 8 < buckets.count { rehash(buckets.count / 4) }
  }

  @inlinable
  func entry(_ index: UInt32) -> Entry? {
    let page = Int(index >> Self.pageBits)
    guard page < pages.count, used[page] > 0 else { return nil }
    return pages[page][Int(index) & (Self.pageSize - 1)]
  }

  @inlinable
  mutating func set(_ index: UInt32, _ entry: Entry) {
    let page = Int(index >> Self.pageBits)
    while page >= pages.count {
      pages.append([])
      used.append(0)
    }
    if pages[page].isEmpty { pages[page] = .init(repeating: nil, count: Self.pageSize) }
    pages[page][Int(index) & (Self.pageSize - 1)] = entry
    used[page] += 1
  }

  @inlinable
  mutating func remove(_ index: UInt32, _ entry: Entry) {
    vacate(index, entry.hash)
    let page = Int(index >> Self.pageBits)
    pages[page][Int(index) & (Self.pageSize - 1)] = nil
    used[page] -= 1
    count -= 1
    if used[page] == 0, page > 0 { pages[page] = [] }
  }

  @inlinable
  mutating func place(_ index: UInt32, _ hash: Int) {
    var bucket = hash & (buckets.count - 1)
    while buckets[bucket] != 0 { bucket = (bucket + 1) & (buckets.count - 1) }
    buckets[bucket] = index + 1
  }

  /// Empties the bucket of this index and moves those after it up, so that no gap ends their search.
  @inlinable
  mutating func vacate(_ index: UInt32, _ hash: Int) {
    let mask = buckets.count - 1
    var gap = hash & mask
    while buckets[gap] != index + 1 { gap = (gap + 1) & mask }
    var bucket = (gap + 1) & mask
    while buckets[bucket] != 0 {
      let home = (entry(buckets[bucket] - 1)?.hash ?? 0) & mask
      if (bucket - home) & mask >= (bucket - gap) & mask {
        buckets[gap] = buckets[bucket]
        gap = bucket
      }
      bucket = (bucket + 1) & mask
    }
    buckets[gap] = 0
  }

  @inlinable
  mutating func rehash(_ size: Int) {
    let old = buckets
    buckets = .init(repeating: 0, count: max(size, Self.smallest))
    for bucket in old where bucket != 0 {
      if let entry = entry(bucket - 1) { place(bucket - 1, entry.hash) }
    }
  }
}
