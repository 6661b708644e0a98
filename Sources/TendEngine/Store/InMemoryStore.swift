import Synchronization

/// A store that is gone with the process: for tests, for simulations, and for engines that may
/// forget.
public final class InMemoryStore: Store {
  /// What is kept: a value, so that a copy is as good.
  struct State: Sendable {
    var inventory: [InventoryKey: InventoryRecord] = [:]
    var units: [String: UnitRecord] = [:]
    var lastSeen: [LastSeen.Subject: LastSeen] = [:]
    var events: [Event] = []
    var revisions: [RevisionRecord] = []
    var lastEvent: Int64 = 0
  }

  private let state = Mutex(State())
  private let eventLimit: Int
  private let revisionLimit: Int

  /// An empty store that keeps the last 10,000 events and 1,000 revisions.
  public init(eventLimit: Int = 10_000, revisionLimit: Int = 1000) {
    self.eventLimit = eventLimit
    self.revisionLimit = revisionLimit
  }

  /// Everything, in the order of keys.
  public func load() async throws(StoreError) -> StoreContents {
    state.withLock { state in
      StoreContents(
        inventory: state.inventory.values.sorted { $0.key < $1.key },
        units: state.units.values.sorted { $0.name < $1.name },
        lastSeen: Array(state.lastSeen.values))
    }
  }

  /// Takes effect at once.
  public func commit(_ writes: [StoreWrite]) async throws(StoreError) {
    state.withLock { state in
      for write in writes {
        state.apply(write, eventLimit: eventLimit, revisionLimit: revisionLimit)
      }
    }
  }

  /// Events, newest first.
  public func events(_ query: EventQuery) async throws(StoreError) -> [Event] {
    state.withLock { state in
      func isMeant(_ event: Event) -> Bool {
        (query.unit == nil || event.unit == query.unit)
          && (query.resource == nil || event.resource == query.resource)
          && event.number > query.after ?? 0
      }
      let limit = max(0, query.limit)
      return query.isOldestFirst
        ? Array(state.events.lazy.filter(isMeant).prefix(limit))
        : Array(state.events.reversed().lazy.filter(isMeant).prefix(limit))
    }
  }

  /// Revisions, newest first.
  public func revisions(
    of unit: String, limit: Int
  ) async throws(StoreError) -> [RevisionRecord] {
    state.withLock { state in
      Array(state.revisions.reversed().lazy.filter { $0.unit == unit }.prefix(max(0, limit)))
    }
  }

  /// Keyed with the process's own random seed, which is gone when the store is.
  public func digest(of bytes: [UInt8]) -> String {
    var first = Hasher()
    first.combine(bytes)
    var second = Hasher()
    second.combine(1)
    second.combine(bytes)
    return [first.finalize(), second.finalize()]
      .map { String(UInt(bitPattern: $0), radix: 16) }.joined()
  }
}

extension InMemoryStore.State {
  mutating func apply(
    _ write: StoreWrite, eventLimit: Int = 10_000, revisionLimit: Int = 1000
  ) {
    switch write {
    case .putInventory(var record):
      record.memory = record.memory ?? inventory[record.key]?.memory
      inventory[record.key] = record
    case .putMemory(let key, let memory):
      inventory[key]?.state = .owned
      if let memory { inventory[key]?.memory = memory }
    case .removeInventory(let key):
      inventory[key] = nil
      lastSeen[.resource(key)] = nil
    case .moveInventory(let old, let new):
      guard inventory[new] == nil, var record = inventory.removeValue(forKey: old)
      else { return }
      record.key = new
      inventory[new] = record
      lastSeen[.resource(old)] = nil
    case .putUnit(let record): units[record.name] = record
    case .removeUnit(let name):
      units[name] = nil
      lastSeen[.unit(name)] = nil
    case .putLastSeen(let seen): lastSeen[seen.subject] = seen
    case .removeLastSeen(let subject): lastSeen[subject] = nil
    case .addEvent(var event):
      lastEvent += 1
      event.number = lastEvent
      events.append(event)
      if events.count > 2 * eventLimit {
        events.removeFirst(events.count - eventLimit)
      }
    case .putRevision(let record):
      let index = revisions.firstIndex {
        $0.unit == record.unit && $0.revision.id == record.revision.id
      }
      if let index, revisions[index].seenAt == record.seenAt {
        revisions[index] = record
      } else {
        if let index { revisions.remove(at: index) }
        revisions.append(record)
      }
      if revisions.count > 2 * revisionLimit {
        revisions.removeFirst(revisions.count - revisionLimit)
      }
    }
  }
}
