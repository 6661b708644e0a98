private import Dispatch
internal import GRDB
private import Synchronization
internal import TendEngine

/// Keeps the copies of the inventory: removes what is no longer true, writes anew what changed.
///
/// Copies are written on a queue of their own, from the reader's snapshot, so that no commit waits
/// for one.
final class InventoryCopies: Sendable {
  private struct State {
    /// Counts contradictions of each unit's copy: a copy that was read before one must not appear.
    var contradictions: [String: Int] = [:]
    /// Units whose copy is known to be gone.
    var removed: Set<String> = []
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

  /// Removes the copies of units, durably, before their database rows change.
  func invalidate(_ units: Set<String>) throws(StoreError) {
    for unit in units.sorted() {
      let isGone = state.withLock { state in
        state.contradictions[unit, default: 0] &+= 1
        return !state.removed.insert(unit).inserted
      }
      if isGone { continue }
      do throws(StoreError) {
        try directory.remove(Self.fileName(of: unit))
      } catch {
        state.withLock { _ = $0.removed.remove(unit) }
        throw error
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
    let before = state.withLock { $0.contradictions[unit] }
    let copy = try reader.read { db in try InventoryCopy(of: unit, db) }
    let name = Self.fileName(of: unit)
    guard copy.unit != nil || !copy.rows.isEmpty else {
      try directory.remove(name)
      return
    }
    let temporary = name + ".next"
    try directory.replace(temporary, with: copy.bytes(key: key))
    try state.withLock { state in
      guard state.contradictions[unit] == before else {
        try directory.remove(temporary)
        return
      }
      try directory.rename(temporary, to: name)
      state.removed.remove(unit)
    }
  }
}

extension InventoryCopy {
  /// What a unit owns now.
  init(of unit: String, _ db: Database) throws {
    let record = try String.fetchOne(
      db, sql: "SELECT record FROM unit WHERE name = ?", arguments: [unit])
    var shared = SharedText()
    var rows: [InventoryRow] = []
    let cursor = try GRDB.Row.fetchCursor(
      db,
      sql: """
        SELECT \(InventoryRow.columns) FROM inventory WHERE unit = ? ORDER BY provider, identity
        """, arguments: [unit])
    while let next = try cursor.next() {
      let row = InventoryRow(next, &shared)
      guard row.checksum == InventoryRow.writtenChecksum(next) else { throw Unproven() }
      rows.append(row)
    }
    let lastEvent = try Int64.fetchOne(
      db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'event'")
    self.init(
      unit: record.map { UnitRow(name: unit, text: $0) }, name: unit,
      mark: GenerationMark(
        generation: try Seal.read(db)?.generation ?? 0, lastEvent: lastEvent ?? 0),
      rows: rows)
  }
}
