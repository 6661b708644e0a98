import Logging
import Tend

/// One commit may take a resource out of one unit and put it into another. Whichever unit sees it
/// first, nothing is deleted: before a unit takes in a revision that deletes something, the others
/// look at their sources too, and keep what they claim.
extension Engine {
  /// How long the others may take; a source that does not answer holds nothing up for good.
  private static let patience = Duration.seconds(30)

  /// Gives other units the time to claim what this one would delete; whether any did.
  func othersClaim(
    _ prepared: Prepared, _ followed: Followed, since seen: Int
  ) async -> Bool {
    let others = core.following.others(than: followed.unit.name)
    guard prepared.deletes, !others.isEmpty else { return false }
    for other in others { other.bell.ring() }
    let end =
      core.time.monotonic() + min(followed.unit.policy.refreshInterval, Self.patience)
    while !Task.isCancelled, !core.world.withLock({ $0.haveClaimed(others, since: seen) }) {
      let left = end - core.time.monotonic()
      if left <= .zero { break }
      await core.time.wait(left, or: followed.claims)
    }
    return core.world.withLock { world in
      guard let unit = world.unitIndex(followed.unit.name) else { return false }
      return !world.divided(prepared.removed, of: unit).released.isEmpty
    }
  }

  /// Asks the sources of all other units, where nobody follows them, and keeps what they claim.
  func claimForOthers(than followed: Followed) async throws(EngineError) {
    for other in core.following.others(than: followed.unit.name) {
      let known = core.world.withLock { world in
        world.unitIndex(other.unit.name).flatMap { world.units[$0].record.accepted }
      }
      // What can't be read now is said when it is that unit's turn.
      guard !isSuspended(other.unit.name),
        let answer = try? await other.source.refresh(after: known)
      else { continue }
      try await claim(answer, for: other.unit)
    }
  }

  /// Keeps what the answer of a source claims, be it valid or not.
  private func claim(_ answer: Refresh, for unit: Unit) async throws(EngineError) {
    switch answer {
    case .unchanged: return
    case .changed(let snapshot): try await claim(snapshot, for: unit)
    case .invalid(let snapshot, _): try await claim(snapshot, for: unit, isInvalid: true)
    }
  }

  /// The same for a revision that is not taken in now.
  func claim(_ snapshot: Snapshot, _ followed: Followed, isInvalid: Bool = false) async {
    do throws(EngineError) {
      try await claim(snapshot, for: followed.unit, isInvalid: isInvalid)
    } catch {
      core.logger.error(
        "claims could not be kept",
        metadata: ["unit": "\(followed.unit.name)", "problem": "\(error)"])
    }
  }

  /// A look at its source has come as far as what the unit claims.
  func claimed(_ unit: String) {
    core.world.withLock { world in
      guard let unit = world.unitIndex(unit) else { return }
      world.units[unit].lastClaim = world.units[unit].look
    }
    for other in core.following.others(than: unit) { other.claims.ring() }
  }
}

extension Prepared {
  /// Whether anything may be deleted or given up.
  var deletes: Bool { !removed.isEmpty }
}

extension World {
  fileprivate func haveClaimed(_ others: [Followed], since seen: Int) -> Bool {
    others.allSatisfy { other in
      guard let unit = unitIndex(other.unit.name) else { return true }
      return units[unit].lastClaim.map { $0 > seen } ?? false
    }
  }

  /// Units that wait for what is handed over.
  func heirs(of released: [Node]) -> Set<String> {
    let keys = released.map(key)
    return Set(units.filter { unit in keys.contains(where: unit.record.claims) }.map(\.unit.name))
  }
}
