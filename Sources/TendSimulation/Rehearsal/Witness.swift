import Synchronization
import Tend
import TendEngine

/// Sees every change that an agent makes, and everything that it says.
final class Witness: Sendable {
  /// A change that an agent made.
  struct Effect: Sendable {
    let key: InventoryKey
    let name: String
    let time: Duration
    let life: Int
  }

  private struct State {
    var effects: [Effect] = []
    /// All that were ever seen.
    var count = 0
    var underway: Set<InventoryKey> = []
    var breaches: [(oracle: Oracle, what: String)] = []
    var lastLacked: [InventoryKey: Duration] = [:]
  }

  /// A revision may have been on its way for so long: outages and refusals lie between.
  private static let patience: Duration = .seconds(3 * 86_400)

  private let simulation: Simulation
  private let store: SimulatedStore
  private let canaries: [String]
  private let state = Mutex(State())

  init(_ simulation: Simulation, _ store: SimulatedStore, canaries: [String]) {
    self.simulation = simulation
    self.store = store
    self.canaries = canaries
  }

  var breaches: [(oracle: Oracle, what: String)] { state.withLock { $0.breaches } }
  var count: Int { state.withLock { $0.count } }

  /// What was done since this was asked last.
  func takeEffects() -> [Effect] {
    state.withLock { state in
      defer { state.effects = [] }
      return state.effects
    }
  }

  func found(_ oracle: Oracle, _ what: String) {
    simulation.note("BREACH \(oracle.rawValue): \(what)")
    state.withLock { $0.breaches.append((oracle, what)) }
  }

  // MARK: Changes

  /// False where another call is under way.
  func enter(_ key: InventoryKey, in life: Life) -> Bool {
    guard !life.isOver else { return false }
    let isAlone = state.withLock { $0.underway.insert(key).inserted }
    if !isAlone { found(.oneAtATime, "two calls for \(key) are under way at once") }
    return isAlone
  }

  func leave(_ key: InventoryKey, in life: Life) {
    // The next life counts anew.
    guard !life.isOver else { return }
    state.withLock { _ = $0.underway.remove(key) }
  }

  func died() { state.withLock { $0.underway = [] } }

  /// An agent changes something now.
  func saw(_ key: InventoryKey, _ name: String, deletes: Bool, in life: Life) {
    let now = simulation.time
    simulation.note("agent \(life.number): \(name)")
    let lacked = state.withLock { state in
      state.effects.append(Effect(key: key, name: name, time: now, life: life.number))
      state.count += 1
      return state.lastLacked[key]
    }
    if !store.keeps(key) { found(.ownedOnly, "\(name): the inventory has no record of \(key)") }
    if deletes, let lacked, now - lacked > Self.patience {
      found(.absence, "\(name): \(key) was declared since \(lacked.clockText)")
    }
  }

  /// The newest revision lacks this, or does not, from now on.
  func declares(_ key: InventoryKey, _ isDeclared: Bool) {
    let now = simulation.time
    state.withLock { state in
      if !isDeclared {
        state.lastLacked[key] = nil
      } else if state.lastLacked[key] == nil {
        state.lastLacked[key] = now
      }
    }
  }

  // MARK: Words

  /// An agent adds an event to its store.
  func told(_ event: Event, by life: Life) {
    let subject = event.resource ?? "the unit"
    simulation.note(
      "agent \(life.number) tells: \(event.kind) \(subject), \(event.result): \(event.message)")
    heard(event.message, in: "an event")
  }

  /// Looks for secrets in what an agent wrote somewhere.
  func heard(_ text: String, in place: String) {
    for canary in canaries where text.contains(canary) {
      found(.silentSecrets, "a secret stands in \(place)")
    }
  }
}
