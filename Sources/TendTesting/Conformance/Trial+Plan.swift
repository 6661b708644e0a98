internal import Tend

extension Trial {
  /// Updates without one of the differences: the field that is not named stays as it is.
  mutating func checkPlan(_ resource: Int, to sample: Int, without dropped: Int) async {
    let item = samples.resources[resource]
    let desired = item.variants[sample]
    let pass = make(pass: item.id, desired, memory(of: resource))
    guard let current = await pass.observing().current else { return }
    let all = desired.differences(from: current)
    guard all.indices.contains(dropped), !all.contains(where: \.forcesReplacement) else { return }
    var named = all
    let left = named.remove(at: dropped)
    let ending = await pass.apply(Change(.update(current, to: desired), named))
    guard ending.error == nil else { return }
    if !ending.left.contains(where: { $0.path == left.path }) {
      let paths = named.map(\.path).joined(separator: ", ")
      report(
        .updateKeepsToThePlan,
        "an update of \(item.name) that names \(paths) also wrote \(left.path)")
    }
  }

  /// How many differences there are between a resource as it is and another sample.
  func differenceCount(_ resource: Int, to sample: Int) async -> Int {
    let item = samples.resources[resource]
    let pass = make(pass: item.id, item.variants[sample], memory(of: resource))
    return await pass.observing().left.count
  }

  /// Asks for all at once and for each, and compares.
  mutating func checkListing() async {
    guard let listing = provider as? any Listing<P.Desired> else { return }
    table.arm(nil)
    let context = passes.first?.context
    guard let context else { return }
    var groups: [String: [Int]] = [:]
    for index in passes.indices {
      let pass = passes[index]
      let target = Target(id: pass.id, desired: pass.desired, memory: pass.memory.memory)
      if let group = listing.group(of: target) { groups[group, default: []].append(index) }
    }
    for (group, members) in groups.sorted(by: { $0.key < $1.key }) {
      await compareList(of: members, group, listing, context)
    }
  }

  private mutating func compareList<L: Listing<P.Desired>>(
    of members: [Int], _ group: String, _ listing: L, _ context: Context
  ) async {
    let targets = members.map { index in
      Target(
        id: passes[index].id, desired: passes[index].desired,
        memory: passes[index].memory.memory)
    }
    do throws(ProviderError) {
      let found = try await listing.observe(all: targets, context)
      for index in members {
        let pass = passes[index]
        let alone = await pass.observing()
        let listed = found[pass.id]
        let differs =
          (listed == nil) != (alone.current == nil)
          || pass.desired?.differences(from: listed) != pass.desired.map { _ in alone.left }
        if differs {
          report(
            .listingAgrees,
            "the list of \(group) and an observation disagree about \(samples.names[index])")
        }
      }
    } catch {
      report(.listingAgrees, "the list of \(group) failed where nothing went wrong: \(error)")
    }
  }
}
