import Synchronization
import Tend

extension Controller {
  /// What a list found of one target.
  enum Listed: Sendable {
    case found(Subject?)
    case failed(ProviderError)
  }

  /// What a list found, and when its group comes again.
  struct Together: Sendable {
    let listed: Listed
    /// Where the group's resyncs begin within their interval.
    let phase: UInt64
  }

  /// The slots of a batch that are checked by themselves before they are looked at, since they are
  /// confined.
  private func confined(_ batch: Scheduler.Batch) -> Set<UInt32> {
    core.world.withLock { world in
      guard world.units.contains(where: { $0.unit.policy.allow != nil }) else { return [] }
      return Set(
        (0..<batch.count).map { batch[$0].payload }.filter { slot in
          let entry = world[Node(controller: index, slot: slot)]
          let unit = Int(entry.unit)
          return !world.units.indices.contains(unit) || !entry.isDeclared
            || world.units[unit].unit.policy.allow != nil
        })
    }
  }

  /// Observes those of a batch together that can be, each answer at its position; the rest is
  /// observed one by one.
  ///
  /// Empty where all are.
  func list(_ batch: Scheduler.Batch, _ context: Context) async -> [Together?] {
    guard let listing, !(0..<batch.count).allSatisfy({ isAlone(batch[$0]) }) else { return [] }
    let confined = confined(batch)
    if columns.withLock({ $0.isQuiet }) {
      return await list(groups(of: batch, but: confined, by: listing), batch.count, context)
    }
    let targets = (0..<batch.count).map { position -> Target<Desired>? in
      let slot = batch[position].payload
      if isAlone(batch[position]) { return nil }
      takePending(slot)
      return confined.contains(slot) ? nil : target(slot)
    }
    return await list(targets, context)
  }

  /// Whether it goes the short way, and no list shows it.
  private func isAlone(_ ticket: Scheduler.Ticket) -> Bool {
    rows.pace(ticket.payload).pointee.isAlone && ticket.causes.isSubset(of: [.drift, .request])
  }

  /// Those of a batch for which nothing is new, by their groups; remembers which are in none.
  private func groups(
    of batch: Scheduler.Batch, but confined: Set<UInt32>, by listing: any Listing<Desired>
  ) -> [ListGroup<Desired>] {
    let groups = listing._gather(batch.count) { position in
      let slot = batch[position].payload
      return isAlone(batch[position]) || confined.contains(slot) ? nil : rows.pointer(slot)
    }
    var isGrouped = [Bool](repeating: false, count: batch.count)
    for group in groups {
      for position in group.positions { isGrouped[position] = true }
    }
    for (position, isGrouped) in isGrouped.enumerated() {
      let slot = batch[position].payload
      if rows.pace(slot).pointee.isPlain, !confined.contains(slot) {
        rows.pace(slot).pointee.isAlone = !isGrouped
      }
    }
    return groups
  }

  /// Observes these together, each answer at its position.
  func list(_ targets: [Target<Desired>?], _ context: Context) async -> [Together?] {
    guard let listing else { return [] }
    var groups: [ListGroup<Desired>] = []
    for (position, target) in targets.enumerated() {
      guard let target, let name = listing.group(of: target) else { continue }
      ListGroup.add(target, at: position, to: name, of: &groups)
    }
    return await list(groups, targets.count, context)
  }

  private func list(
    _ groups: [ListGroup<Desired>], _ count: Int, _ context: Context
  ) async -> [Together?] {
    guard let listing, !groups.isEmpty else { return [] }
    var together = [Together?](repeating: nil, count: count)
    for group in groups {
      // Another one for each name, so that groups do not come at one time.
      let phase = SplitMix.mixed(group.name)
      do throws(ProviderError) {
        let found = try await listing._observe(group, context)
        for (position, subject) in zip(group.positions, found) {
          together[position] = Together(listed: .found(subject), phase: phase)
        }
      } catch {
        for position in group.positions {
          together[position] = Together(listed: .failed(error), phase: phase)
        }
      }
    }
    return together
  }

  /// What is to be looked at for a slot.
  private func target(_ slot: UInt32) -> Target<Desired> {
    let question = columns.withLock { $0.inspections[slot]?.first }
    return Target<Desired>(
      id: rows[slot].id, desired: question.map { aim($0, slot) } ?? rows[slot].desired,
      memory: rows[slot].memory)
  }
}
