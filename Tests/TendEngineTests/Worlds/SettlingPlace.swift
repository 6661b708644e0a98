import Synchronization
import Tend

/// Where many changes become durable in one step.
final class SettlingPlace: Sendable {
  private struct State {
    var steps = 0
    var faults: [ProviderError] = []
  }

  private let state = Mutex(State())
  private let note: @Sendable () -> Void

  /// `note` is called by each step.
  init(note: @escaping @Sendable () -> Void = {}) { self.note = note }

  /// How many there were.
  var steps: Int { state.withLock { $0.steps } }

  /// Lets the next step fail.
  func fail(_ error: ProviderError) { state.withLock { $0.faults.append(error) } }

  func settle() throws(ProviderError) {
    note()
    let fault = state.withLock { state in
      state.steps += 1
      return state.faults.isEmpty ? nil : state.faults.removeFirst()
    }
    if let fault { throw fault }
  }
}
