/// Which slots are used, and by whom: a third of what a dictionary takes, since there may be many.
struct SlotIndex<ID: Hashable & Sendable>: Sendable {
  /// By slot; nil where it is not used.
  private var ids: [ID?] = []
  private var index = NumberIndex()

  func slot(of id: ID) -> UInt32? {
    index.first(hash: id.hashValue) { ids[$0] == id }.map { UInt32($0) }
  }

  /// Enters an identity that has no slot, for one that is not used.
  mutating func insert(_ id: ID, _ slot: UInt32) {
    while ids.count <= slot { ids.append(nil) }
    ids[Int(slot)] = id
    index.insert(Int(slot), hash: id.hashValue) { [ids] in ids[$0]?.hashValue ?? 0 }
  }

  mutating func remove(_ id: ID) {
    guard let slot = slot(of: id) else { return }
    index.remove(Int(slot), hash: id.hashValue)
    ids[Int(slot)] = nil
  }

  /// All slots that are used, in order.
  var used: [UInt32] { ids.indices.filter { ids[$0] != nil }.map { UInt32($0) } }
}
