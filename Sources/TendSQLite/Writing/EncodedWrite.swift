internal import TendEngine

/// A write, checked and turned into columns by its caller, so that the writer has less to do.
enum EncodedWrite: Sendable {
  case putInventory(InventoryRow)
  /// The memory as JSON; nil leaves the one that is stored.
  case putMemory(InventoryKey, String?)
  case removeInventory(InventoryKey)
  case moveInventory(from: InventoryKey, to: InventoryKey)
  case putUnit(UnitRow)
  case removeUnit(String)
  case putLastSeen(LastSeenRow)
  case removeLastSeen(LastSeenRow.Key)
  case addEvent(Event)
  case putRevision(RevisionRecord)

  init(_ write: StoreWrite) throws(StoreError) {
    self =
      switch write {
      case .putInventory(let record): .putInventory(try InventoryRow(record))
      case .putMemory(let key, let memory): .putMemory(key, try InventoryRow.text(of: memory, key))
      case .removeInventory(let key): .removeInventory(key)
      case .moveInventory(let old, let new): .moveInventory(from: old, to: new)
      case .putUnit(let record): .putUnit(try UnitRow(record))
      case .removeUnit(let name): .removeUnit(name)
      case .putLastSeen(let seen): .putLastSeen(try LastSeenRow(seen))
      case .removeLastSeen(let subject): .removeLastSeen(LastSeenRow.Key(subject))
      case .addEvent(let event): .addEvent(event)
      case .putRevision(let record): .putRevision(record)
      }
  }
}
