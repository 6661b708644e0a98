internal import Tend

/// One pass over one resource, as the engine makes it: observe, change what differs, observe again.
struct TrialPass<P: Provider>: Sendable {
  typealias Desired = P.Desired

  /// How it ended.
  struct Ending: Sendable {
    /// What was found first; nil where it is absent or the observation failed.
    var found: Desired.Subject?
    /// What was done, if anything.
    var change: Change<Desired>?
    /// Why it ended early.
    var error: ProviderError?
    /// Which call threw it.
    var failed: Call?
    /// How the resource is at the end, where it was observed.
    var current: Desired.Subject?
    /// What still differs at the end.
    var left: [Difference] = []
  }

  /// The provider's two calls.
  enum Call: Sendable { case observe, apply }

  /// The world may take its time this often.
  private static var patience: Int { 20 }

  let provider: P
  let id: Desired.ID
  let desired: Desired?
  let memory: MemoryCell<Desired.Subject.Memory>
  let context: Context
  let faults: Faults
  let clock: TrialClock
  let canaries: Canaries

  func run() async -> Ending {
    var ending = Ending()
    do throws(ProviderError) {
      ending.found = try await observe(&ending)
      ending.current = ending.found
      guard let change = try await change(from: ending.found) else {
        if desired == nil { memory.forget() }
        return ending
      }
      ending.change = change
      try await apply(change, &ending)
    } catch {
      ending.error = error
      canaries.inspect("\(error) \(error.field ?? "")", in: "an error")
    }
    return ending
  }

  /// Only looks.
  func observing() async -> Ending {
    var ending = Ending()
    do throws(ProviderError) {
      ending.found = try await observe(&ending)
      ending.current = ending.found
      ending.left = desired?.differences(from: ending.current) ?? []
    } catch {
      ending.error = error
    }
    return ending
  }

  /// Applies a change that was planned before.
  func apply(_ change: Change<Desired>) async -> Ending {
    var ending = Ending()
    ending.change = change
    do throws(ProviderError) {
      try await apply(change, &ending)
    } catch {
      ending.error = error
      canaries.inspect("\(error) \(error.field ?? "")", in: "an error")
    }
    return ending
  }

  private func apply(_ change: Change<Desired>, _ ending: inout Ending) async throws(ProviderError)
  {
    for _ in 0..<Self.patience {
      ending.failed = .apply
      let outcome = try await provider.apply(change, journal, context)
      ending.failed = nil
      ending.current = try await observe(&ending)
      ending.left = desired?.differences(from: ending.current) ?? []
      guard case .underway(let checkAfter, let text) = outcome else { return }
      canaries.inspect(text, in: "an outcome")
      clock.advance(by: checkAfter)
      if desired == nil ? ending.current == nil : ending.left.isEmpty { return }
    }
  }

  private func observe(_ ending: inout Ending) async throws(ProviderError) -> Desired.Subject? {
    ending.failed = .observe
    let current = try await provider.observe(
      Target(id: id, desired: desired, memory: memory.memory), context)
    ending.failed = nil
    guard let current else { return nil }
    memory.keep(current.memory)
    for detail in current.details {
      canaries.inspect("\(detail.name) \(detail.value.json)", in: "details")
    }
    return current
  }

  private func change(from current: Desired.Subject?) async throws(ProviderError) -> Change<
    Desired
  >? {
    guard let desired else { return current.map { Change(.delete($0), []) } }
    let planned = try await plan(desired, from: current)
    let differences = planned.differences(from: current)
    canaries.inspect("\(differences)", in: "differences")
    guard let current else { return Change(.create(planned), differences) }
    if differences.isEmpty { return nil }
    return differences.contains(where: \.forcesReplacement)
      ? Change(.replace(current, with: planned), differences)
      : Change(.update(current, to: planned), differences)
  }

  private func plan(
    _ desired: Desired, from current: Desired.Subject?
  ) async throws(ProviderError) -> Desired {
    guard let planning = provider as? any Planning<Desired> else { return desired }
    return try await planning.plan(desired, from: current, context)
  }

  private var journal: Journal<Desired> {
    Journal { (memory: Desired.Subject.Memory) async throws(ProviderError) in
      let boundary = Boundary(kind: .journal, name: "the journal")
      do {
        let kind = try await faults.table.arrive(boundary, in: faults.life)
        self.memory.keep(memory)
        try faults.table.leave(kind, boundary.name)
      } catch {
        throw error is Crash ? .cancelled : .transient("\(error)")
      }
    }
  }
}
