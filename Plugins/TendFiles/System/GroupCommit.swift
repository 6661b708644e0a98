private import CTendFiles
private import Synchronization

/// Lets threads that need the same slow step share it.
///
/// Whoever comes while the step runs waits for the next one, which then serves all who have come by
/// that time: so many changes in one directory cost few calls of fsync(2).
///
/// The gate guards `served`, which is only touched between `tend_gate_enter` and `tend_gate_leave`.
/// It is not a `Mutex`, which would spin before it sleeps: here the wait is always long.
final class GroupCommit: @unchecked Sendable {
  private let gate: OpaquePointer?
  /// How many have come.
  private let asked = Atomic<Int>(0)
  /// How many of them were served.
  private var served = 0

  init() { gate = tend_gate_make() }
  deinit { tend_gate_destroy(gate) }

  /// How many have come, for tests that have to know that all wait.
  var arrivals: Int { asked.load(ordering: .acquiring) }

  /// Returns once the step has run from a moment after this call on; throws what the step threw.
  func commit(_ step: () throws(SystemError) -> Void) throws(SystemError) {
    let ticket = asked.add(1, ordering: .acquiringAndReleasing).newValue
    tend_gate_enter(gate)
    defer { tend_gate_leave(gate) }
    if served >= ticket { return }
    let all = asked.load(ordering: .acquiring)
    try step()
    served = all
  }
}
