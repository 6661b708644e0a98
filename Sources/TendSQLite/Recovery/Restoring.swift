internal import GRDB
internal import TendEngine

/// What the copies of the inventory prove, on its way into a new database.
struct Restoring {
  private let directory: StateDirectory
  private var copies: [InventoryCopy] = []
  private var unproven: [String] = []

  /// The most that a copy is read of: a million records.
  private static let sizeLimit = 1 << 30

  init(directory: StateDirectory, key: StateKey) throws(StoreError) {
    self.directory = directory
    for name in try directory.names() where name.hasPrefix("inventory-") {
      guard name.hasSuffix(".json") else { continue }
      guard let bytes = try directory.read(name, limit: Self.sizeLimit) else { continue }
      do throws(InventoryCopy.Unproven) {
        let copy = try InventoryCopy(bytes: bytes, key: key)
        // A copy under another's name would count twice.
        guard InventoryCopies.fileName(of: copy.header.name) == name else {
          throw InventoryCopy.Unproven()
        }
        copies.append(copy)
      } catch {
        unproven.append(directory.path(of: name))
      }
    }
    // Where two copies know one resource, the newer one is right.
    copies.sort {
      ($1.header.mark.generation, $0.header.name) < ($0.header.mark.generation, $1.header.name)
    }
  }

  /// Whether a store was here before.
  var hasAny: Bool { !copies.isEmpty || !unproven.isEmpty }

  /// How far the database had come when the newest copy was made.
  var mark: GenerationMark {
    GenerationMark(
      generation: copies.map(\.header.mark.generation).max() ?? 0,
      lastEvent: copies.map(\.header.mark.lastEvent).max() ?? 0)
  }

  private var rows: [InventoryRow] {
    var seen: Set<InventoryKey> = []
    return copies.flatMap(\.rows).filter {
      seen.insert(InventoryKey(provider: $0.provider, identity: $0.identity)).inserted
    }
  }

  func write(_ db: Database, generation: Int64) throws {
    var transaction = try Transaction(db, retention: Retention())
    for row in rows { try transaction.apply(.putInventory(row), db) }
    for case let unit? in copies.map(\.header.unit) { try transaction.apply(.putUnit(unit), db) }
    try transaction.finish(db, generation: generation)
  }

  func recovery(cause: String, setAside: [String]) -> Recovery {
    Recovery(
      cause: cause, setAside: setAside, restored: rows.count,
      units: copies.map(\.header.name).sorted(),
      unproven: unproven)
  }
}
