import Synchronization
import Tend

extension Controller {
  /// What a list found of one target.
  enum Listed: Sendable {
    case found(Subject?)
    case failed(ProviderError)
  }

  /// A confined resource is checked by itself before it is looked at.
  private func isConfined(_ slot: UInt32) -> Bool {
    core.world.withLock { world in
      let unit = Int(world[Node(controller: index, slot: slot)].unit)
      return world.units.contains { $0.unit.policy.allow != nil }
        && (!world.units.indices.contains(unit) || world.units[unit].unit.policy.allow != nil
          || !world[Node(controller: index, slot: slot)].isDeclared)
    }
  }

  /// Observes those of a batch together that can be; the rest is observed one by one.
  func list(
    _ batch: Scheduler.Batch, _ site: CallSite, _ context: Context
  ) async -> [UInt32: Listed] {
    guard let listing else { return [:] }
    var groups: [(name: String, slots: [UInt32], targets: [Target<Desired>])] = []
    for position in 0..<batch.count {
      let slot = batch[position].payload
      takePending(slot)
      if isConfined(slot) { continue }
      let question = columns.withLock { $0.inspections[slot]?.first }
      let row = rows[slot]
      let target = Target<Desired>(
        id: row.id, desired: question.map { aim($0, slot) } ?? row.desired, memory: row.memory)
      guard let name = listing.group(of: target) else { continue }
      if let found = groups.firstIndex(where: { $0.name == name }) {
        groups[found].slots.append(slot)
        groups[found].targets.append(target)
      } else {
        groups.append((name, [slot], [target]))
      }
    }
    var listed: [UInt32: Listed] = [:]
    for group in groups where group.targets.count > 1 {
      do throws(ProviderError) {
        let found = try await listing.observe(all: group.targets, context)
        for (slot, target) in zip(group.slots, group.targets) {
          listed[slot] = .found(found[target.id])
        }
      } catch {
        for slot in group.slots { listed[slot] = .failed(error) }
      }
    }
    return listed
  }
}
