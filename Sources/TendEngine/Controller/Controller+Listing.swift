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

  private struct Group {
    let name: String
    /// Where they stand in the batch.
    var positions: [Int] = []
    var targets: [Target<Desired>] = []

    /// Another one for each name, so that groups do not come at one time.
    var phase: UInt64 { SplitMix.mixed(name) }
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
    let isQuiet = columns.withLock { $0.isQuiet }
    let targets = (0..<batch.count).map { position -> Target<Desired>? in
      let slot = batch[position].payload
      if isAlone(batch[position]) { return nil }
      if !isQuiet { takePending(slot) }
      if confined.contains(slot) { return nil }
      let target = target(slot, isQuiet: isQuiet)
      if rows.pace(slot).pointee.isPlain {
        rows.pace(slot).pointee.isAlone = listing.group(of: target) == nil
      }
      return target
    }
    return await list(targets, context)
  }

  /// Whether it goes the short way, and no list shows it.
  private func isAlone(_ ticket: Scheduler.Ticket) -> Bool {
    rows.pace(ticket.payload).pointee.isAlone && ticket.causes.isSubset(of: [.drift, .request])
  }

  /// The same of these, each answer at its position.
  func list(_ targets: [Target<Desired>?], _ context: Context) async -> [Together?] {
    guard let listing else { return [] }
    let groups = groups(of: targets, by: listing)
    if groups.isEmpty { return [] }
    var together = [Together?](repeating: nil, count: targets.count)
    for group in groups {
      let phase = group.phase
      do throws(ProviderError) {
        let found = try await listing.observe(all: group.targets, context)
        for (index, position) in group.positions.enumerated() {
          let subject = found[group.targets[index].id]
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

  private func groups(
    of targets: [Target<Desired>?], by listing: any Listing<Desired>
  ) -> [Group] {
    var groups: [Group] = []
    for (position, target) in targets.enumerated() {
      guard let target, let name = listing.group(of: target) else { continue }
      let found = groups.firstIndex { $0.name == name } ?? groups.endIndex
      if found == groups.endIndex { groups.append(Group(name: name)) }
      groups[found].positions.append(position)
      groups[found].targets.append(target)
    }
    return groups
  }

  /// What is to be looked at for a slot.
  private func target(_ slot: UInt32, isQuiet: Bool) -> Target<Desired> {
    let question = isQuiet ? nil : columns.withLock { $0.inspections[slot]?.first }
    return Target<Desired>(
      id: rows[slot].id, desired: question.map { aim($0, slot) } ?? rows[slot].desired,
      memory: rows[slot].memory)
  }
}
