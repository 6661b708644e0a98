/// The records, in pages: growing copies nothing, and an empty page is given back.
struct Records: ~Copyable {
  private static let pageBits: UInt32 = 12
  static let pageSize = 1 << Int(pageBits)
  /// Above this an index would name a list; see `Lists`.
  private static let maximum = 1 << 31

  struct Page: BitwiseCopyable {
    /// Nil where the page is given back.
    var records: UnsafeMutablePointer<Record>?
    var used = 0
    /// First free record plus one, 0: none.
    ///
    /// A free record's `next` goes on in the same way.
    var free: UInt32 = 0
  }

  private var pages = Buffer<Page>()
  /// No page below this one has a free record.
  private var firstOpen = 0
  /// The one page that is kept although it is empty, so that a key that comes and goes does not
  /// allocate each time.
  private var spare: Int?
  private var lastSerial: UInt32 = 0
  private(set) var count = 0

  init() {}

  init(copying other: borrowing Self) {
    pages = Buffer(copying: other.pages)
    (firstOpen, spare) = (other.firstOpen, other.spare)
    (lastSerial, count) = (other.lastSerial, other.count)
    for page in pages.indices {
      guard let records = pages[page].records else { continue }
      let copy = UnsafeMutablePointer<Record>.allocate(capacity: Self.pageSize)
      copy.update(from: records, count: Self.pageSize)
      pages[page].records = copy
    }
  }

  deinit {
    for page in pages.indices { pages[page].records?.deallocate() }
  }

  /// Bytes that the pages take.
  var bytes: Int {
    pages.indices.count { pages[$0].records != nil } * Self.pageSize * MemoryLayout<Record>.stride
  }

  /// The record's place; its page is not given back, because the record is in use.
  @inline(__always)
  private func place(_ index: UInt32) -> UnsafeMutablePointer<Record> {
    let page = pages[Int(index &>> Self.pageBits)].records.unsafelyUnwrapped
    return page + Int(index) & (Self.pageSize - 1)
  }

  @inline(__always)
  subscript(index: UInt32) -> Record {
    _read { yield place(index).pointee }
    nonmutating _modify { yield &place(index).pointee }
  }

  /// The serial number of the record at this index, be it in use or not; 0 where there is none.
  @inline(__always)
  private func serial(_ index: UInt32) -> UInt32 {
    let page = Int(index &>> Self.pageBits)
    guard page < pages.count, pages[page].records != nil else { return 0 }
    return place(index).pointee.serial
  }

  /// The record's index, if the handle is still good.
  @inline(__always)
  func find(_ handle: Scheduler.Handle) -> UInt32? {
    guard handle.serial != 0, serial(handle.index) == handle.serial,
      !self[handle.index].isRemoved
    else { return nil }
    return handle.index
  }

  /// Whether the ticket's run is the one that is under way.
  @inline(__always)
  func holds(_ ticket: Scheduler.Ticket) -> Bool {
    let handle = ticket.handle
    guard handle.serial != 0, serial(handle.index) == handle.serial else { return false }
    return self[handle.index].isRunning && self[handle.index].turn == ticket.turn
  }

  /// Takes a free record; nil when there are two thousand million.
  mutating func insert() -> Scheduler.Handle? {
    guard let page = openPage() else { return nil }
    let offset = pages[page].free - 1
    let index = UInt32(page) << Self.pageBits | offset
    pages[page].free = self[index].next
    pages[page].used += 1
    if spare == page { spare = nil }
    count += 1
    lastSerial = lastSerial == .max ? 1 : lastSerial + 1
    var record = Record()
    record.serial = lastSerial
    self[index] = record
    return Scheduler.Handle(index: index, serial: lastSerial)
  }

  mutating func remove(_ index: UInt32) {
    let page = Int(index >> Self.pageBits)
    var record = Record()
    record.next = pages[page].free
    self[index] = record
    pages[page].free = (index & UInt32(Self.pageSize - 1)) + 1
    pages[page].used -= 1
    count -= 1
    firstOpen = min(firstOpen, page)
    if pages[page].used == 0 { retire(page) }
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
    pages[page].records?.deallocate()
    pages[page] = Page()
    while pages.count > 0, pages[pages.count - 1].records == nil { pages.removeLast() }
    firstOpen = min(firstOpen, pages.count)
  }

  private mutating func openPage() -> Int? {
    while firstOpen < pages.count, pages[firstOpen].free == 0, pages[firstOpen].records != nil {
      firstOpen += 1
    }
    if firstOpen == pages.count {
      guard pages.count < Self.maximum >> Int(Self.pageBits) else { return nil }
      pages.append(Page())
    }
    if pages[firstOpen].records == nil { fill(firstOpen) }
    return firstOpen
  }

  private mutating func fill(_ page: Int) {
    let records = UnsafeMutablePointer<Record>.allocate(capacity: Self.pageSize)
    for offset in 0..<Self.pageSize {
      var record = Record()
      record.next = offset + 1 < Self.pageSize ? UInt32(offset + 2) : 0
      (records + offset).initialize(to: record)
    }
    pages[page] = Page(records: records, used: 0, free: 1)
  }
}
