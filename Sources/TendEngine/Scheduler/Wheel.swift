/// Delays without a timer each: a hierarchical wheel of lists, one tick a millisecond.
///
/// A level has 256 slots, each 256 times as long as one of the level below. A record lies at the
/// level of the highest digit, to base 256, in which its due tick differs from the present one, and
/// comes down when that digit's time has come: at most five moves, whatever the number of records.
/// Nothing is late by more than a tick plus the sleeper's own lateness, nothing is ever early.
struct Wheel: ~Copyable {
  static let tick: Int64 = 1_000_000
  static let levels = 6
  private static let slots = 256
  static let listCount = levels * slots
  /// Delays above 100 years are that long.
  static let longest: Int64 = 100 * 366 * 86_400 * 1_000_000_000
  static let never = Int64.max
  /// So many are sooner looked through than a sleeper is woken for nothing.
  private static let few = 64

  /// Which slots hold something: four words a level.
  private var occupied = Buffer<UInt64>(repeating: 0, count: levels * slots / 64)
  /// Every tick up to this one has been dealt with.
  private(set) var elapsed: Int64 = 0
  /// The slot whose time has come and whose records are being moved down.
  private var draining: Int?
  /// The tick at which `advance` has something to do next, or an earlier one.
  private(set) var next = never

  init() {}

  init(copying other: borrowing Self) {
    occupied = Buffer(copying: other.occupied)
    (elapsed, draining, next) = (other.elapsed, other.draining, other.next)
  }

  static func tick(_ nanoseconds: Int64) -> Int64 { nanoseconds / tick }

  /// The first tick that is not before this time.
  static func due(_ nanoseconds: Int64) -> Int64 { (nanoseconds &+ (tick - 1)) / tick }

  /// A delay, longer by less than the tolerance, that ends when others of that tolerance end: at a
  /// multiple of the largest power of two of ticks that it allows.
  @inline(__always)
  static func gathered(_ delay: Int64, within tolerance: Int64, _ now: Int64) -> Int64 {
    guard tolerance >= 2 * tick, delay > 0, delay < longest else { return delay }
    let grain: Int64 = 1 << (63 - Wheel.tick(tolerance).leadingZeroBitCount)
    let due = (due(now &+ delay) &+ grain &- 1) & ~(grain &- 1)
    return due &* tick &- now
  }

  /// Links a record that is due after `elapsed`.
  @inline(__always)
  mutating func insert(
    _ index: UInt32, due: Int64, _ lists: inout Lists, _ records: borrowing Records
  ) {
    let level = (63 - (due ^ elapsed).leadingZeroBitCount) >> 3
    let slot = Int(due >> Int64(level * 8)) & 255
    let list = level << 8 | slot
    lists.append(index, to: list, records)
    occupied[list >> 6] |= 1 << UInt64(list & 63)
    let start = due & ~(1 << Int64(level * 8) &- 1)
    if start < next { next = start }
  }

  /// Unlinks a record that waits.
  mutating func remove(_ index: UInt32, _ lists: inout Lists, _ records: borrowing Records) {
    if let list = lists.remove(index, records) { vacate(list) }
  }

  /// Takes out one record that is due at `tick` or before.
  ///
  /// Counts its moves against `budget`; nil when nothing is due or the budget is used up.
  mutating func pop(
    upTo tick: Int64, budget: inout Int, _ lists: inout Lists, _ records: borrowing Records
  ) -> UInt32? {
    while budget > 0, next <= tick || draining != nil {
      guard let list = draining else {
        enter(tick)
        continue
      }
      guard let index = lists.first(list) else {
        draining = nil
        next = nextStart() ?? Self.never
        continue
      }
      budget -= 1
      remove(index, &lists, records)
      let due = records[index].stamp
      if due <= elapsed { return index }
      insert(index, due: due, &lists, records)
    }
    if budget > 0, tick > elapsed { elapsed = tick }
    return nil
  }

  /// Goes to the next occupied slot whose time has come.
  private mutating func enter(_ tick: Int64) {
    guard let start = nextStart(), start <= tick else {
      next = nextStart() ?? Self.never
      return
    }
    (elapsed, next) = (start, start)
    draining = nextList()
  }

  /// The tick at which the first record is due, or an earlier one where many wait for it.
  ///
  /// So a sleeper need not wake to move a few records down a level.
  func firstDue(_ lists: borrowing Lists, _ records: borrowing Records) -> Int64 {
    guard let list = nextList(), let start = nextStart() else { return Self.never }
    var (first, left) = (Self.never, Self.few)
    var record = lists.first(list)
    while let index = record {
      if left == 0 { return start }
      left -= 1
      first = min(first, records[index].stamp)
      record = lists.following(index, records)
    }
    return max(start, first)
  }

  private mutating func vacate(_ list: Int) {
    occupied[list >> 6] &= ~(1 << UInt64(list & 63))
  }

  /// The occupied slot that begins first: the lowest level that has one, since a level's slots lie
  /// within the present slot of the level above.
  private func nextList() -> Int? {
    for level in 0..<Self.levels {
      let present = Int(elapsed >> Int64(level * 8)) & 255
      if let slot = firstSlot(from: present, level) { return level << 8 | slot }
    }
    return nil
  }

  private func nextStart() -> Int64? {
    guard let list = nextList() else { return nil }
    let (level, slot) = (Int64(list >> 8), Int64(list & 255))
    let above = elapsed & ~(1 << (level * 8 + 8) &- 1)
    return above | slot << (level * 8)
  }

  /// The first occupied slot of the level at or after this one.
  private func firstSlot(from slot: Int, _ level: Int) -> Int? {
    var word = slot >> 6
    var bits = occupied[level << 2 | word] & (.max << UInt64(slot & 63))
    while bits == 0, word < 3 {
      word += 1
      bits = occupied[level << 2 | word]
    }
    return bits == 0 ? nil : word << 6 | bits.trailingZeroBitCount
  }
}
