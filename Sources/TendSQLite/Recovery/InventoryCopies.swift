private import Dispatch
internal import GRDB
private import Synchronization
internal import TendEngine

/// Keeps the copies of the inventory: puts aside what is no longer true, and brings it up to date.
///
/// Copies are written on a queue of their own, from the reader's snapshot, so that no commit waits
/// for one. What is put aside has another name, under which it proves nothing, until it is true.
final class InventoryCopies: Sendable {
  /// Records that changed since a copy was written.
  struct Touched: Sendable {
    /// Above this many the whole copy is written.
    static let limit = 4096

    /// Nil where they are too many.
    private(set) var keys: Set<InventoryKey>? = []

    mutating func insert(_ key: InventoryKey) {
      keys?.insert(key)
      if let count = keys?.count, count > Self.limit { keys = nil }
    }

    mutating func formUnion(_ other: Touched) {
      guard let more = other.keys else { return keys = nil }
      for key in more { insert(key) }
    }
  }

  /// What is known of one unit's copy.
  private struct Known {
    /// Grows before and after each contradiction: a copy that was read meanwhile must not appear.
    var contradictions = 0
    /// Whether a transaction that contradicts it may be about to commit.
    var isContradicted = false
    /// Whether no file has the copy's name.
    var isGone = false
    /// Where the records lie in the file; nil where it has to be written whole.
    var layout: CopyLayout?
    var touched = Touched()
  }

  private struct State {
    var units: [String: Known] = [:]
    var changed: Set<String> = []
    var isScheduled = false
    /// Uptime in nanoseconds before which no change alone makes a copy.
    var rest: UInt64 = 0
  }

  private let directory: StateDirectory
  private let key: StateKey
  private let reader: DatabaseQueue
  private let queue = DispatchQueue(label: "tend.inventory-copies", qos: .utility)
  private let state = Mutex(State())

  init(in directory: StateDirectory, key: StateKey, reader: DatabaseQueue) {
    self.directory = directory
    self.key = key
    self.reader = reader
  }

  /// `inventory-web.json`; bytes outside of A-Z, a-z, 0-9, `.`, `_` and `-` are written as `%2F`,
  /// and a name that would be too long for a file ends in its checksum.
  static func fileName(of unit: String) -> String {
    var name = "inventory-"
    for byte in unit.utf8 {
      let character = Character(UnicodeScalar(byte))
      if byte < 128, character.isLetter || character.isNumber || "._-".contains(character) {
        name.append(character)
      } else {
        name += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    if name.utf8.count > 200 {
      var sum = Checksum()
      sum.add(unit)
      name = name.prefix(180) + "-" + String(sum.value, radix: 16)
    }
    return name + ".json"
  }

  private static func aside(_ name: String) -> String { name + ".next" }

  // MARK: Before a change

  /// Puts copies that a transaction contradicts aside, durably, before it commits.
  ///
  /// `settle` must follow, whatever becomes of the transaction.
  func prepare(contradicting units: Set<String>) throws(StoreError) {
    for unit in units.sorted() { try putAside(unit) }
  }

  private func putAside(_ unit: String) throws(StoreError) {
    let result: Result<Void, StoreError> = state.withLock { state in
      var known = state.units[unit] ?? Known()
      defer { state.units[unit] = known }
      known.contradictions &+= 1
      known.isContradicted = true
      if known.isGone { return .success(()) }
      let name = Self.fileName(of: unit)
      return Result { () throws(StoreError) in
        if try directory.status(of: name) == nil {
          known.layout = nil
        } else if known.layout == nil {
          try directory.remove(name)
        } else {
          try directory.rename(name, to: Self.aside(name))
        }
        known.isGone = true
      }
    }
    try result.get()
  }

  // MARK: After it

  /// Notes what has changed, or may have.
  func settle(_ touched: [String: Touched]) {
    state.withLock { state in
      for (unit, keys) in touched { state.units[unit, default: Known()].touched.formUnion(keys) }
      for unit in state.units.keys where state.units[unit]?.isContradicted == true {
        state.units[unit]?.isContradicted = false
        state.units[unit]?.contradictions &+= 1
      }
    }
  }

  /// Has copies of units written: at once, or when the last ones are some time ago.
  func request(_ units: Set<String>, atOnce: Bool) {
    if units.isEmpty { return }
    let delay: UInt64? = state.withLock { state in
      state.changed.formUnion(units)
      if atOnce { return 0 }
      if state.isScheduled { return nil }
      state.isScheduled = true
      let now = DispatchTime.now().uptimeNanoseconds
      return max(1_000_000_000, state.rest > now ? state.rest - now : 0)
    }
    guard let delay else { return }
    let time = DispatchTime.now() + .nanoseconds(Int(clamping: delay))
    queue.asyncAfter(deadline: time) { [weak self] in self?.write() }
  }

  /// Writes what is to be written and returns when it is.
  func flush() async {
    await withCheckedContinuation { caller in
      queue.async {
        self.write()
        caller.resume()
      }
    }
  }

  private func write() {
    let start = DispatchTime.now().uptimeNanoseconds
    let units = state.withLock { state in
      defer { state.changed = [] }
      state.isScheduled = false
      return state.changed.sorted()
    }
    for unit in units {
      // A copy that can't be written is missed only after damage: the next change tries again.
      try? write(unit)
    }
    // At most a twentieth of one processor's time goes into copies that only a change asked for.
    let end = DispatchTime.now().uptimeNanoseconds
    state.withLock { $0.rest = end &+ 20 &* (end &- start) }
  }

  private func write(_ unit: String) throws {
    // What is noted from here on is for the next copy, even where this one has it already.
    let before = state.withLock { state in
      let known = state.units[unit] ?? Known()
      state.units[unit, default: Known()].touched = Touched()
      state.units[unit]?.layout = nil
      return known
    }
    // Where one of these fails no layout is known, and the next copy is written whole.
    guard let layout = try update(unit, before) ?? writeWhole(unit) else { return }
    try publish(unit, layout, before.contradictions)
  }

  /// Gives the file its name, unless it was contradicted meanwhile.
  private func publish(_ unit: String, _ layout: CopyLayout, _ contradictions: Int) throws {
    let name = Self.fileName(of: unit)
    try state.withLock { state in
      let known = state.units[unit] ?? Known()
      if known.contradictions == contradictions, !known.isContradicted {
        try directory.rename(Self.aside(name), to: name)
        state.units[unit]?.isGone = false
      }
      state.units[unit]?.layout = layout
    }
  }

  /// Writes the segments of what changed, and the manifest, behind what the file that was put aside
  /// has; nil where it has to be written whole.
  private func update(_ unit: String, _ known: Known) throws -> CopyLayout? {
    guard known.isGone, var layout = known.layout, let keys = known.touched.keys,
      !layout.segments.isEmpty, !layout.isWasteful
    else { return nil }
    let positions = layout.positions(of: keys)
    guard positions.count * 2 <= layout.segments.count + 1 else { return nil }
    let (header, changed) = try reader.read { [layout] db in
      let reading = CopyReading(unit: unit, db: db)
      let changed = try positions.map { position in
        (position: position, rows: try reading.rows(layout.bounds(position)))
      }
      return (try reading.header(), changed)
    }
    let end = layout.end
    let segments = layout.replace(changed, key: key)
    if layout.segments.isEmpty { return nil }
    let manifest = InventoryCopy.manifest(header, layout, key: key)
    let name = Self.aside(Self.fileName(of: unit))
    guard try directory.rewrite(name, from: end, with: segments + manifest) else { return nil }
    return layout
  }

  /// Nil where there is nothing to copy.
  private func writeWhole(_ unit: String) throws -> CopyLayout? {
    let name = Self.fileName(of: unit)
    let layout = try reader.read { try writeWhole(CopyReading(unit: unit, db: $0), name) }
    if let layout {
      // It is written after much has changed, which took memory as well.
      if layout.segments.count * CopyLayout.segmentSize >= Heap.worthwhile {
        reader.releaseMemory()
        Heap.giveBack()
      }
    } else {
      try directory.remove(name)
      try directory.remove(Self.aside(name))
    }
    return layout
  }

  /// Segment by segment: what a large unit owns need not be in memory at once.
  private func writeWhole(_ reading: CopyReading, _ name: String) throws -> CopyLayout? {
    let header = try reading.header()
    var layout = CopyLayout()
    var file = try directory.successor(of: Self.aside(name))
    var next: InventoryKey?
    repeat {
      var rows = try reading.rows((next, nil), limit: CopyLayout.segmentSize + 1)
      next = rows.count > CopyLayout.segmentSize ? rows.popLast()?.key : nil
      try file.append(layout.append(rows, key: key))
    } while next != nil
    if header.unit == nil, layout.segments.isEmpty { return nil }
    try file.append(InventoryCopy.manifest(header, layout, key: key))
    try file.finish()
    try directory.replaceBySuccessor(Self.aside(name))
    return layout
  }
}
