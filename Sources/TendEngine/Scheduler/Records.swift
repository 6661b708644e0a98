/// The records, in pages: growing copies nothing and an empty page is given back.
struct Records {
  static let pageBits = 12
  static let pageSize = 1 << pageBits
  /// Above this an index would name a list; see `Lists`.
  static let maximum = 1 << 31

  private var pages: ContiguousArray<ContiguousArray<Record>> = []
  /// Records in use in each page.
  private var used: ContiguousArray<Int> = []
  /// First free record of each page plus one, 0: none; a free record's `next` goes on.
  private var free: ContiguousArray<UInt32> = []
  /// No page below this one has a free record.
  private var firstOpen = 0
  /// The one page that is kept although it is empty, so that a key that comes and goes does not
  /// allocate each time.
  private var spare: Int?
  private var lastSerial: UInt32 = 0
  private(set) var count = 0

  /// Bytes that the pages take.
  var bytes: Int { pages.count { !$0.isEmpty } * Self.pageSize * MemoryLayout<Record>.stride }

  @inline(__always)
  private static func offset(_ index: UInt32) -> Int { Int(index) & (pageSize - 1) }

  @inline(__always)
  subscript(index: UInt32) -> Record {
    _read { yield pages[Int(index >> Self.pageBits)][Self.offset(index)] }
    _modify { yield &pages[Int(index >> Self.pageBits)][Self.offset(index)] }
  }

  @inline(__always)
  mutating func link(_ index: UInt32, previous: UInt32, next: UInt32) {
    pages[Int(index >> Self.pageBits)][Self.offset(index)].setLinks(previous, next)
  }

  @inline(__always)
  func links(_ index: UInt32) -> (previous: UInt32, next: UInt32) {
    pages[Int(index >> Self.pageBits)][Self.offset(index)].links
  }

  /// The record's index, if the handle is still good.
  @inline(__always)
  func find(_ handle: Scheduler.Handle) -> UInt32? {
    let page = Int(handle.index >> Self.pageBits)
    guard page < pages.count, !pages[page].isEmpty else { return nil }
    let record = pages[page][Self.offset(handle.index)]
    let isGood = handle.serial != 0 && record.serial == handle.serial && !record.isRemoved
    return isGood ? handle.index : nil
  }

  /// Whether the ticket's run is the one that is under way.
  @inline(__always)
  func holds(_ ticket: Scheduler.Ticket) -> Bool {
    let index = ticket.handle.index
    let page = Int(index >> Self.pageBits)
    guard page < pages.count, !pages[page].isEmpty else { return false }
    let record = pages[page][Self.offset(index)]
    return record.serial == ticket.handle.serial && record.isRunning && record.turn == ticket.turn
  }

  /// Takes a free record; nil when there are two thousand million.
  mutating func insert() -> Scheduler.Handle? {
    guard let page = openPage() else { return nil }
    let offset = free[page] - 1
    let index = UInt32(page << Self.pageBits) | offset
    free[page] = self[index].next
    used[page] += 1
    if spare == page { spare = nil }
    count += 1
    lastSerial = lastSerial == .max ? 1 : lastSerial + 1
    self[index] = Record()
    self[index].serial = lastSerial
    return Scheduler.Handle(index: index, serial: lastSerial)
  }

  mutating func remove(_ index: UInt32) {
    let page = Int(index >> Self.pageBits)
    self[index] = Record()
    self[index].next = free[page]
    free[page] = UInt32(Self.offset(index)) + 1
    used[page] -= 1
    count -= 1
    firstOpen = min(firstOpen, page)
    if used[page] == 0 { retire(page) }
  }

  /// Gives an empty page back, unless it is the only one.
  private mutating func retire(_ page: Int) {
    guard let other = spare else {
      spare = page
      return
    }
    spare = min(page, other)
    release(max(page, other))
  }

  private mutating func release(_ page: Int) {
    pages[page] = []
    free[page] = 0
    while let last = pages.last, last.isEmpty {
      pages.removeLast()
      used.removeLast()
      free.removeLast()
    }
    firstOpen = min(firstOpen, pages.count)
  }

  private mutating func openPage() -> Int? {
    while firstOpen < pages.count {
      if free[firstOpen] != 0 { return firstOpen }
      if pages[firstOpen].isEmpty {
        fill(firstOpen)
        return firstOpen
      }
      firstOpen += 1
    }
    guard pages.count < Self.maximum >> Self.pageBits else { return nil }
    pages.append([])
    used.append(0)
    free.append(0)
    fill(firstOpen)
    return firstOpen
  }

  private mutating func fill(_ page: Int) {
    var records = ContiguousArray(repeating: Record(), count: Self.pageSize)
    for offset in records.indices { records[offset].next = UInt32(offset + 2) }
    records[Self.pageSize - 1].next = 0
    pages[page] = records
    free[page] = 1
  }
}
