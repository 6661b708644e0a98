import Synchronization
import Tend
import TendEngine
import TendTesting

extension Scene {
  /// What happens from outside in one round.
  func perform(_ deeds: [Deed], for length: Duration) async {
    let begun = simulation.time
    for deed in deeds where witness.breaches.isEmpty {
      await sleep(until: begun + deed.at)
      guard witness.breaches.isEmpty else { return }
      let what = perform(deed)
      state.withLock { $0.performed.append("\(simulation.time.clockText) \(what)") }
    }
    if witness.breaches.isEmpty { await sleep(until: begun + length) }
  }

  func sleep(until time: Duration) async {
    try? await simulation.clock.sleep(until: .init(offset: time))
  }

  private func perform(_ deed: Deed) -> String {
    var draw = Draw(seed: deed.seed)
    let what =
      switch deed.kind {
      case .commit: edit(&draw)
      case .interfere: interfere(&draw)
      case .restart: restart()
      case .trouble: trouble(&draw)
      case .crash(let loss): crash(loss, &draw)
      }
    simulation.note(what)
    return what
  }

  /// Some are declared in another way, or no longer.
  private func edit(_ draw: inout Draw) -> String {
    let edits = (0..<1 + draw.below(4)).compactMap { _ -> String? in
      let index = draw.below(worlds.count)
      let identity = draw.below(worlds[index].identities.count)
      let variant = draw.below(4) == 0 ? nil : draw.below(1000)
      let name = "\(worlds[index].provider) \(worlds[index].identities[identity])"
      return state.withLock { state in
        let count = state.declared.joined().count { $0 != nil }
        if variant == nil, count <= floor { return nil }
        state.declared[index][identity] = variant
        return variant.map { "\(name) in variant \($0)" } ?? "\(name) no more"
      }
    }
    let what = edits.isEmpty ? "nothing new" : edits.joined(separator: ", ")
    commit(what)
    return "a commit: \(what)"
  }

  private func interfere(_ draw: inout Draw) -> String {
    guard let world = draw.one(of: worlds), let identity = draw.one(of: world.identities) else {
      return "nobody interferes"
    }
    return world.interfere(with: identity, &draw)
  }

  private func restart() -> String {
    state.withLock { $0.stop }?.open()
    return "the agent is restarted in good order"
  }

  private func trouble(_ draw: inout Draw) -> String {
    let all: [SimulatedSource.Trouble] = [.outage, .empty, .missing, .invalid, .rewritten]
    let time = draw.time(below: .seconds(8 * 3600))
    let trouble = draw.one(of: all) ?? .outage
    source.suffer(trouble, until: simulation.time + time)
    return "the source \(trouble.rawValue) for \(time.clockText)"
  }

  /// Somewhere in what the agent does next: soon after something came that it has to do.
  private func crash(_ loss: Loss, _ draw: inout Draw) -> String {
    if draw.below(2) == 0 { _ = interfere(&draw) }
    let isEdited = draw.below(2) == 0
    if isEdited { _ = edit(&draw) }
    let steps = draw.below(800)
    let seed = draw.next()
    simulation.executor.after(steps: steps) { [weak self] in
      var draw = Draw(seed: seed)
      self?.kill(loss, &draw)
    }
    try? state.withLock { $0.engine }?.refresh()
    return "after \(steps) steps the \(loss.rawValue) dies"
  }
}
