/// Plain values side by side at a place of their own.
///
/// An `Array` asks before each write whether somebody else shares it, which costs more than the
/// write. A buffer belongs to one owner, and the compiler sees to that. Indices come from inside
/// the scheduler only; debug builds check them.
struct Buffer<Element: BitwiseCopyable>: ~Copyable {
  private var base: UnsafeMutablePointer<Element>
  private var capacity: Int
  private(set) var count = 0

  init(capacity: Int = 8) {
    self.capacity = max(1, capacity)
    base = .allocate(capacity: self.capacity)
  }

  init(repeating element: Element, count: Int) {
    self.init(capacity: count)
    base.initialize(repeating: element, count: count)
    self.count = count
  }

  /// The same values at another place.
  init(copying other: borrowing Self) {
    self.init(capacity: other.capacity)
    base.update(from: other.base, count: other.count)
    count = other.count
  }

  deinit { base.deallocate() }

  var indices: Range<Int> { 0..<count }

  @inline(__always)
  subscript(index: Int) -> Element {
    _read {
      assert(indices.contains(index))
      yield base[index]
    }
    _modify {
      assert(indices.contains(index))
      yield &base[index]
    }
  }

  mutating func append(_ element: Element) {
    if count == capacity { resize(capacity * 2) }
    base[count] = element
    count += 1
  }

  mutating func removeLast() {
    assert(count > 0)
    count -= 1
    if capacity > 64, count < capacity / 4 { resize(capacity / 2) }
  }

  private mutating func resize(_ size: Int) {
    let place = UnsafeMutablePointer<Element>.allocate(capacity: size)
    place.update(from: base, count: count)
    base.deallocate()
    (base, capacity) = (place, size)
  }
}
