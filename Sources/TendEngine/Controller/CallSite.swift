import Tend

/// What stands behind the `Context` of one worker's calls, one after another.
///
/// One for each worker, not one for each call, so that a call costs no allocation.
final class CallSite: Surroundings {
  private struct State {
    var node: Node?
    var isRepair = false
    var gathering = Gathering()
  }

  private let core: Core
  private let state = Lock(State())

  /// Tells its worker from all others of the engine.
  let place: Int

  init(_ core: Core, place: Int = 0) {
    self.core = core
    self.place = place
  }

  /// The worker turns to another resource, and may change it where it `gathers`.
  func turn(to node: Node, isRepair: Bool, gathers: Bool = false) {
    state.withLock { state in
      (state.node, state.isRepair) = (node, isRepair)
      state.gathering.begin(gathers)
    }
  }

  /// The gathered steps that what the last call changed waits for.
  var needed: [Int] { state.withLock { $0.gathering.needed } }

  /// The gathered steps, once they are to be taken.
  func takeSteps() -> [SettlingStep] { state.withLock { $0.gathering.take() } }

  func gather(_ step: SettlingStep) -> Bool { state.withLock { $0.gathering.add(step) } }

  var monotonic: Duration { core.time.monotonic() }
  var now: Timestamp { core.time.wall() }
  var backups: (any BackupStore)? { core.backups }
  var showsPrivate: Bool { core.showsPrivate }
  var isRepair: Bool { state.withLock { $0.isRepair } }

  func sleep(for duration: Duration) async throws(ProviderError) {
    do { try await core.time.sleep(duration) } catch { throw .cancelled }
  }

  func secret(_ source: SecretSource) async throws(ProviderError) -> Sensitive<String> {
    let secret = try await core.secrets(source)
    core.mask.add(secret.reveal())
    return secret
  }

  func digest(of secret: Sensitive<String>) -> String {
    core.store.digest(of: Array(secret.reveal().utf8))
  }

  func note(_ message: String, _ details: [Detail]) {
    guard let node = state.withLock({ $0.node }) else { return }
    let now = core.time.wall()
    let suffix = details.map { " \($0.name)=\($0.value.json)" }.joined()
    core.decide { world, effects in
      let entry = world[node]
      guard entry.phase != .free, world.units.indices.contains(Int(entry.unit)) else { return }
      effects.writes.append(
        .addEvent(
          Event(
            time: now, unit: world.units[Int(entry.unit)].unit.name,
            resource: entry.reference?.description, kind: .note,
            revision: world.revision(of: entry), message: message + suffix)))
    }
  }
}
