internal import Synchronization
public import Tend

extension HTTPProvider: Listing {
  /// Objects of one type that one list request shows are observed together.
  public func group(of target: Target<ObjectSpec>) -> String? {
    guard target.memory?.operation == nil, let desired = target.desired, let group = desired.group
    else { return nil }
    // Another API may have the same URL with other rights.
    return "\(services[desired.connection].number) \(group)"
  }

  /// Takes all from one list; what it lacks is looked at by itself before it counts as absent.
  public func observe(
    all targets: [Target<ObjectSpec>], _ context: Context
  ) async throws(ProviderError) -> [ObjectID: HTTPObject] {
    guard let first = targets.first, let desired = first.desired, let listing = desired.listing,
      let group = group(of: first)
    else { return [:] }
    let service = services[desired.connection]
    let list = try await lists.list(group, isAlone: targets.count == 1, context) {
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
      guard let desired = target.desired, let listing = desired.listing,
        let memory = memory(for: target)
      else { continue }
      let recipe = desired.recipe.wrappedValue
      if let item = list.item(desired.listKey, recipe, listing, memory.identity) {
        let identity = try name(of: item, by: listing, memory, list.mask)
        let sight = Sight(value: item, identity: identity, isListed: true, mask: list.mask)
        found[target.id] = try await object(target, memory, sight, context)
      } else if target.memory != nil {
        found[target.id] = try await observe(target, context)
      }
    }
    return found
  }

  private func one(
    _ target: Target<ObjectSpec>, _ context: Context
  ) async throws(ProviderError) -> [ObjectID: HTTPObject] {
    guard let object = try await observe(target, context) else { return [:] }
    return [target.id: object]
  }
}

/// What a list request gave, by what tells its items apart.
struct List: Sendable {
  private var items: [String: Value] = [:]
  let mask: Mask

  init(_ all: HTTPProvider.Items, by search: Recipe.Search) {
    mask = all.mask
    items.reserveCapacity(all.values.count)
    for value in all.values { items[search.key(of: value)] = value }
  }

  var isEmpty: Bool { items.isEmpty }

  func item(
    _ key: String, _ recipe: Recipe, _ search: Recipe.Search, _ identity: String?
  ) -> Value? {
    items[key].flatMap { recipe.means($0, by: search, identity) ? $0 : nil }
  }
}

/// Lists that may be used again: a resync of many objects asks for them in many batches.
final class Lists: Sendable {
  /// How long a list is good for; somebody else's changes show this much later.
  static let lifetime = Duration.seconds(2)
  /// No more are kept.
  private static let bound = 16

  private struct Entry {
    let list: List
    let begun: Duration
    let ended: Duration
  }

  private struct State {
    var entries: [String: Entry] = [:]
    var gates: [String: Gate] = [:]
    var written: [String: Duration] = [:]
    /// When one of a group was last looked at alone.
    var alone: [String: Duration] = [:]
  }

  private let state = Mutex(State())

  /// The list of a group: one that is young enough, or a new one, which one asks for alone.
  ///
  /// Nil where one of the group is alone: it is looked at by itself, unless another one was just
  /// before it, since then more are likely to follow. While some are written no list lasts.
  func list(
    _ group: String, isAlone: Bool, _ context: Context,
    _ fetch: () async throws(ProviderError) -> List
  ) async throws(ProviderError) -> List? {
    if isAlone, isFirst(of: group, now: context.uptime) { return nil }
    let gate = state.withLock { state in
      let gate = state.gates[group] ?? Gate(1)
      if state.gates.count > Self.bound { state.gates = [:] }
      state.gates[group] = gate
      return gate
    }
    guard await gate.enter() else { throw .cancelled }
    defer { gate.leave() }
    let begun = context.uptime
    if let list = current(group, now: begun) { return list }
    let list = try await fetch()
    let entry = Entry(list: list, begun: begun, ended: context.uptime)
    state.withLock { state in
      state.entries = state.entries.filter { begun < $0.value.ended + Self.lifetime }
      if state.entries.count < Self.bound { state.entries[group] = entry }
    }
    return list
  }

  private func isFirst(of group: String, now: Duration) -> Bool {
    if current(group, now: now) != nil { return false }
    return state.withLock { state in
      if state.alone.count > Self.bound { state.alone = [:] }
      if let written = state.written[group], now <= written + Self.lifetime { return true }
      guard let last = state.alone.updateValue(now, forKey: group) else { return true }
      return now > last + Self.lifetime
    }
  }

  private func current(_ group: String, now: Duration) -> List? {
    state.withLock { state in
      guard let entry = state.entries[group], now < entry.ended + Self.lifetime else { return nil }
      if let written = state.written[group], written >= entry.begun { return nil }
      return entry.list
    }
  }

  /// An object of the group was changed: lists that were begun before are too old.
  func didWrite(_ group: String, _ context: Context) {
    state.withLock { state in
      if state.written.count > 1000 {
        state.written = [:]
        state.entries = [:]
      }
      state.written[group] = context.uptime
    }
  }
}
