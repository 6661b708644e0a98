import Synchronization
import Tend

extension Engine {
  /// Whether a new revision must wait for other units.
  ///
  /// Those are asked to look at their sources first: what one commit changes in several units
  /// begins with the unit on which the others depend. Without a revision only what they are like
  /// now counts.
  func waits(_ followed: Followed, with revision: Revision?) -> Bool {
    let now = core.time.wall()
    let (isWaiting, isNews) = core.decide { world, effects in
      world.waits(followed.unit, with: revision, now, &effects)
    }
    if isNews { core.following.ring { followed.unit.dependencies.contains($0.name) } }
    return isWaiting
  }

  /// A unit has looked at its source, and taken in what it found; others may have waited for that.
  func looked(_ followed: Followed, _ look: Int) {
    let waiting = core.world.withLock { world in
      if let unit = world.unitIndex(followed.unit.name) { world.units[unit].lastLook = look }
      return Set(world.units.filter { !$0.waitsFor.isEmpty }.map(\.unit.name))
    }
    core.following.ring {
      waiting.contains($0.name) && $0.dependencies.contains(followed.unit.name)
    }
  }
}

extension World {
  /// Numbers a look at the source of a unit.
  mutating func beginLook(_ unit: String) -> Int {
    let look = nextLook()
    if let unit = unitIndex(unit) { units[unit].look = look }
    return look
  }

  /// Numbers looks at sources, and revisions seen, in the order in which they begin.
  mutating func nextLook() -> Int {
    looks += 1
    return looks
  }

  /// Whether a unit waits with a revision, and whether the revision is seen for the first time.
  mutating func waits(
    _ unit: Unit, with revision: Revision?, _ now: Timestamp, _ effects: inout Effects
  ) -> (isWaiting: Bool, isNews: Bool) {
    guard let index = unitIndex(unit.name), !unit.dependencies.isEmpty else {
      return (false, false)
    }
    let isNews = revision != nil && units[index].pending?.revision != revision?.id
    if let revision, isNews { units[index].pending = (revision.id, nextLook()) }
    let since = revision == nil ? nil : units[index].pending?.since
    let waits = unit.dependencies.filter { !isReady(unit: $0, since: since) }
    if waits != units[index].waitsFor, !waits.isEmpty {
      effects.writes.append(
        .addEvent(
          Event(
            time: now, unit: unit.name, kind: .condition,
            revision: units[index].revision?.id, result: "Waiting",
            message: "a new revision waits until \(waits.joined(separator: ", ")) is Ready")))
    }
    units[index].waitsFor = waits
    return (!waits.isEmpty, isNews)
  }

  /// Whether a unit is Ready, and has looked at its source since a look.
  private func isReady(unit name: String, since moment: Int?) -> Bool {
    guard let unit = unitIndex(name), isReady(unit: unit) else { return false }
    guard let moment else { return true }
    return units[unit].lastLook.map { $0 > moment } ?? false
  }
}
