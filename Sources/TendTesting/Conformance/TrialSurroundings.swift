internal import Synchronization
internal import Tend

/// What a provider's calls get for a `Context` in a trial.
final class TrialSurroundings: Surroundings {
  private let table: FaultTable
  private let life: Int
  private let clock: TrialClock
  private let canaries: Canaries
  let backups: (any BackupStore)?
  let isRepair = false

  init(
    _ faults: Faults, _ clock: TrialClock, _ canaries: Canaries, backups: (any BackupStore)?
  ) {
    table = faults.table
    life = faults.life
    self.clock = clock
    self.canaries = canaries
    self.backups = backups
  }

  var monotonic: Duration { clock.now }
  var now: Timestamp { clock.wall }

  func sleep(for duration: Duration) async throws(ProviderError) {
    try await pass(Boundary(kind: .pause, name: "a pause of \(duration)"))
    if Task.isCancelled { throw .cancelled }
    clock.advance(by: duration)
  }

  func secret(_ source: SecretSource) async throws(ProviderError) -> Sensitive<String> {
    Sensitive(canaries.secret(for: source))
  }

  func digest(of secret: Sensitive<String>) -> String {
    var hash = SHA256()
    hash.update(("trial" + secret.reveal()).utf8)
    return String(hash.finish().prefix(32))
  }

  func note(_ message: String, _ details: [Detail]) {
    canaries.inspect(message, in: "a note")
    for detail in details {
      canaries.inspect("\(detail.name) \(detail.value.json)", in: "a note's details")
    }
  }

  private func pass(_ boundary: Boundary) async throws(ProviderError) {
    do { _ = try await table.arrive(boundary, in: life) } catch {
      throw error is Crash ? .cancelled : .transient("\(error)")
    }
  }
}

/// Secrets that must turn up nowhere, and where they did.
final class Canaries: Sendable {
  private struct State {
    var secrets: Set<String>
    var leaks: [String] = []
  }

  private let state: Mutex<State>

  init(_ secrets: some Sequence<String>) {
    state = Mutex(State(secrets: Set(secrets.filter { $0.utf8.count >= 4 })))
  }

  /// Where a secret was seen.
  var leaks: [String] { state.withLock { $0.leaks } }

  func secret(for source: SecretSource) -> String {
    let secret = "canary-of-\(source)".replacing(" ", with: "-")
    state.withLock { _ = $0.secrets.insert(secret) }
    return secret
  }

  func inspect(_ text: @autoclosure () -> String, in place: @autoclosure () -> String) {
    state.withLock { state in
      guard !state.secrets.isEmpty else { return }
      let text = text()
      guard state.secrets.contains(where: { text.contains($0) }) else { return }
      let place = place()
      if !state.leaks.contains(place) { state.leaks.append(place) }
    }
  }
}
