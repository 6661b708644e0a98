/// Why a simulation could not go on.
public enum SimulationError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Nobody wants to run, nobody sleeps, and the body has not ended: it would wait for ever.
  case halted
  /// The bound on steps was passed.
  case endless(steps: Int)
  /// A task was resumed from another thread, so that the same seed would not give the same history.
  case foreign

  /// What happened, and what usually lies behind it.
  public var description: String {
    switch self {
    case .halted: "it came to a halt: no task can run, and none sleeps on the simulated clock"
    case .endless(let steps): "it did not end within \(steps) steps"
    case .foreign:
      "a task was resumed from another thread: something in it uses a queue, a thread or a clock "
        + "that is not simulated"
    }
  }
}
