import Synchronization
import Tend

/// One unit with its source while it is followed.
final class Followed: Sendable {
  let unit: Unit
  let source: any Source
  /// Asks for an immediate refresh.
  let bell = Bell()
  /// Rung when another unit has kept what it claims.
  let claims = Bell()
  /// Ends the following.
  let end = Bell()
  /// The following has ended.
  let gone = Bell()

  init(_ unit: Unit, _ source: any Source) {
    self.unit = unit
    self.source = source
  }
}

/// The units that an engine follows; they may come and go while it runs.
final class FollowedUnits: Sendable {
  private struct State {
    var units: [Followed] = []
    /// How many of the units, from the first on, are being followed already.
    var begun = 0
  }

  private let state = Mutex(State())
  /// Rung when a unit has come.
  let news = Bell()

  /// Adds a unit; false where one of its name is there.
  func add(_ followed: Followed) -> Bool {
    let isNew = state.withLock { state in
      if state.units.contains(where: { $0.unit.name == followed.unit.name }) { return false }
      state.units.append(followed)
      return true
    }
    if isNew { news.ring() }
    return isNew
  }

  /// Takes a unit out; the answer says whether its following has begun, and must be ended.
  func remove(_ name: String) -> (followed: Followed, hasBegun: Bool)? {
    state.withLock { state in
      guard let index = state.units.firstIndex(where: { $0.unit.name == name }) else { return nil }
      let hasBegun = index < state.begun
      if hasBegun { state.begun -= 1 }
      return (state.units.remove(at: index), hasBegun)
    }
  }

  /// Those that are to be followed from now on.
  func begin() -> [Followed] {
    state.withLock { state in
      defer { state.begun = state.units.count }
      return Array(state.units[state.begun...])
    }
  }

  /// In the order of their names.
  var all: [Followed] {
    state.withLock { $0.units }.sorted { $0.unit.name < $1.unit.name }
  }

  subscript(name: String) -> Followed? {
    state.withLock { $0.units.first { $0.unit.name == name } }
  }

  /// All but one.
  func others(than name: String) -> [Followed] {
    state.withLock { $0.units }.filter { $0.unit.name != name }
  }

  /// Asks for a refresh of some units; how many.
  @discardableResult
  func ring(_ isMeant: (Unit) -> Bool) -> Int {
    let units = state.withLock { $0.units }.filter { isMeant($0.unit) }
    for unit in units { unit.bell.ring() }
    return units.count
  }
}
