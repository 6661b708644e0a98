internal import Synchronization
public import Tend

extension HTTPProvider: Listing {
  /// Objects of one type that one list request shows are observed together.
  public func group(of target: Target<ObjectSpec>) -> String? {
    guard target.memory?.operation == nil, let desired = target.desired, let group = desired.group
    else { return nil }
    // Another API may have the same URL with other rights.
    return services.name(of: group, at: desired.connection)
  }

  /// Takes all from one list; what it lacks is looked at by itself before it counts as absent.
  public func observe(
    all targets: [Target<ObjectSpec>], _ context: Context
  ) async throws(ProviderError) -> [ObjectID: HTTPObject] {
    guard let first = targets.first, let desired = first.desired, let listing = desired.listing,
      let group = group(of: first)
    else { return [:] }
    let service = services[desired.connection]
    let list = try await lists.list(group, for: targets.map(\.id), context) {
      () throws(ProviderError) in
      List(try await pages(of: listing, service, context), by: listing)
    }
    guard let list else { return try await one(first, context) }
    let missed = targets.filter { $0.memory?.stage == .seen }
    if list.isEmpty, missed.count > 1, desired.recipe.wrappedValue.read == nil {
      throw .transient(
        "\(listing.ask.url): an empty list, where \(missed.count) objects were before",
        remedy: "where they are really gone, forget them: tend forget")
    }
    var found: [ObjectID: HTTPObject] = [:]
    found.reserveCapacity(targets.count)
    for target in targets {
      if let object = unchanged(target, in: list) {
        found[target.id] = object
      } else if let object = try await self.object(target, in: list, context) {
        found[target.id] = object
      } else if target.memory != nil {
        found[target.id] = try await observe(target, context)
      }
    }
    return found
  }

  /// What stands in the list as it did when it was as declared need not be read again.
  private func unchanged(_ target: Target<ObjectSpec>, in list: List) -> HTTPObject? {
    guard let desired = target.desired, let digest = desired.settled,
      let memory = target.memory, memory.isSettled(by: desired.connection, desired.recipe),
      let item = list.item(digest)
    else { return nil }
    return HTTPObject(
      id: target.id, memory: memory, value: nil, item: item, isListed: true, mask: list.mask)
  }

  private func object(
    _ target: Target<ObjectSpec>, in list: List, _ context: Context
  ) async throws(ProviderError) -> HTTPObject? {
    guard let desired = target.desired, let listing = desired.listing,
      let memory = memory(for: target), let item = try list.item(desired.listKey)
    else { return nil }
    let recipe = desired.recipe.wrappedValue
    let value = item.value ?? .null
    guard recipe.means(value, by: listing, memory.identity) else { return nil }
    let identity = try name(of: value, by: listing, memory, list.mask)
    let sight = Sight(value: value, identity: identity, isListed: true, item: item, mask: list.mask)
    return try await self.object(target, memory, sight, context)
  }

  private func one(
    _ target: Target<ObjectSpec>, _ context: Context
  ) async throws(ProviderError) -> [ObjectID: HTTPObject] {
    guard let object = try await observe(target, context) else { return [:] }
    return [target.id: object]
  }
}

/// Lists that may be used again: a resync of many objects asks for them in many batches.
final class Lists: Sendable {
  /// How long a list is good for; somebody else's changes show this much later.
  static let lifetime = Duration.seconds(2)
  /// How long what was written waits for what others write.
  static let patience = Duration.seconds(1)
  /// No more are kept.
  private static let bound = 16
  /// Of more objects than this it is not remembered when they were written.
  private static let mostWrites = 4096
  /// Fewer that were just written are looked at by themselves: a list shows all the others too.
  private static let fewestWrites = 8

  private struct Entry {
    let list: List
    let begun: Duration
    let ended: Duration
  }

  private struct State {
    var entries: [String: Entry] = [:]
    var gates: [String: Gate] = [:]
    /// When one of a group was last written, and how often since the last list of it that is there
    /// began.
    var written: [String: (last: Duration, count: Int)] = [:]
    /// How many of a group are being written.
    var writing: [String: Int] = [:]
    /// When each was last written here.
    var writes: [ObjectID: Duration] = [:]
    /// Up to when it is forgotten what was written.
    var forgotten: Duration?
    /// When one of a group was last looked at alone.
    var alone: [String: Duration] = [:]

    /// Whether it was written a moment ago.
    func isWritten(_ id: ObjectID, now: Duration) -> Bool {
      writes[id].map { now < $0 + Lists.lifetime } ?? false
    }

    /// A list that is young enough, and was begun after each of these was last written.
    func current(_ group: String, for ids: [ObjectID], now: Duration) -> List? {
      guard let entry = entries[group], now < entry.ended + Lists.lifetime else { return nil }
      if let forgotten, entry.begun <= forgotten { return nil }
      if writes.isEmpty { return entry.list }
      let isOlder = ids.contains { id in writes[id].map { $0 >= entry.begun } ?? false }
      return isOlder ? nil : entry.list
    }
  }

  private let state = Mutex(State())

  /// The list of a group that these are in: one that is young enough, or a new one, which one asks
  /// for alone.
  ///
  /// Nil where one alone is not worth a list: it is looked at by itself then.
  func list(
    _ group: String, for ids: [ObjectID], _ context: Context,
    _ fetch: () async throws(ProviderError) -> List
  ) async throws(ProviderError) -> List? {
    try await waitForOthers(than: ids, of: group, context)
    if areAlone(ids, of: group, now: context.uptime) { return nil }
    let gate = state.withLock { state in
      let gate = state.gates[group] ?? Gate(1)
      if state.gates.count > Self.bound { state.gates = [:] }
      state.gates[group] = gate
      return gate
    }
    guard await gate.enter() else { throw .cancelled }
    defer { gate.leave() }
    let begun = context.uptime
    if let list = state.withLock({ $0.current(group, for: ids, now: begun) }) { return list }
    let shown = state.withLock { $0.written[group]?.count ?? 0 }
    let list = try await fetch()
    let entry = Entry(list: list, begun: begun, ended: context.uptime)
    state.withLock { state in
      state.entries = state.entries.filter { begun < $0.value.ended + Self.lifetime }
      if state.entries.count < Self.bound { state.entries[group] = entry }
      let count = state.written[group]?.count ?? 0
      state.written[group]?.count = max(0, count - shown)
    }
    return list
  }

  /// What was just written is looked at with what others are writing, by one list for all.
  private func waitForOthers(
    than ids: [ObjectID], of group: String, _ context: Context
  ) async throws(ProviderError) {
    let end = context.uptime + Self.patience
    while context.uptime < end {
      let now = context.uptime
      let isConfirming = state.withLock { state in
        state.writing[group] != nil && ids.contains { state.isWritten($0, now: now) }
      }
      if !isConfirming { return }
      try await context.sleep(for: .milliseconds(10))
    }
  }

  /// Whether it is one that is looked at by itself; of several the error of one would be that of
  /// all.
  ///
  /// It is where few were just written, or else unless another one was alone just before it, since
  /// then more are likely to follow.
  private func areAlone(_ ids: [ObjectID], of group: String, now: Duration) -> Bool {
    state.withLock { state in
      if state.current(group, for: ids, now: now) != nil { return false }
      guard ids.count == 1, let id = ids.first else { return false }
      if state.isWritten(id, now: now) {
        return (state.written[group]?.count ?? 0) < Self.fewestWrites
      }
      if state.alone.count > Self.bound { state.alone = [:] }
      if let written = state.written[group], now <= written.last + Self.lifetime { return true }
      guard let last = state.alone.updateValue(now, forKey: group) else { return true }
      return now > last + Self.lifetime
    }
  }

  /// One of the group is about to be changed; `didWrite(_:of:_:)` follows.
  func willWrite(of group: String) {
    state.withLock { $0.writing[group, default: 0] += 1 }
  }

  /// An object was changed: lists that were begun before are too old for it.
  func didWrite(_ id: ObjectID, of group: String?, _ context: Context) {
    let now = context.uptime
    state.withLock { state in
      if let group {
        if state.written.count > 1000 { state.written = [:] }
        state.written[group, default: (now, 0)].count += 1
        state.written[group]?.last = now
        let others = (state.writing[group] ?? 1) - 1
        state.writing[group] = others > 0 ? others : nil
      }
      if state.writes.count >= Self.mostWrites {
        state.writes = [:]
        state.forgotten = now
      }
      state.writes[id] = now
    }
  }
}
