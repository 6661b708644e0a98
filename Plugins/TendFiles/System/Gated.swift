private import CTendFiles

/// A value behind a mutex of the C library, for what all threads of the provider want.
///
/// `Mutex` hands the value over to the thread that has waited longest, which has to be scheduled
/// first; meanwhile the others spin.
// Sendable because the gate guards the value.
final class Gated<Value: Sendable>: @unchecked Sendable {
  private let gate: OpaquePointer?
  private var value: Value

  init(_ value: Value) {
    gate = tend_gate_make()
    self.value = value
  }

  deinit { tend_gate_destroy(gate) }

  func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
    tend_gate_enter(gate)
    defer { tend_gate_leave(gate) }
    return body(&value)
  }
}
