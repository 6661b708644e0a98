/// What happens while a plan is carried out; for live progress on a terminal.
public enum Progress: Sendable {
  /// A change begins.
  case started(PlannedChange)
  /// A change was made, and was verified by looking again.
  case finished(PlannedChange, duration: Duration)
  /// A change was made and does not work yet; it is looked at again while the apply waits.
  case waiting(PlannedChange, message: String)
  /// A change failed; it is tried again while the apply waits, unless that can't help.
  case failed(PlannedChange, message: String)
}

/// How carrying out a plan ended.
public struct ApplyReport: Sendable {
  /// The changes that were made, in the order in which they ended.
  public var done: [PlannedChange]
  /// What did not converge, and why.
  public var problems: [PlanProblem]
  /// How long it took.
  public var duration: Duration

  /// Describes the end.
  public init(
    done: [PlannedChange] = [], problems: [PlanProblem] = [], duration: Duration = .zero
  ) {
    self.done = done
    self.problems = problems
    self.duration = duration
  }

  /// Whether all that was planned was done.
  public var converged: Bool { problems.isEmpty }
}

/// A plan together with the typed desired state that it was made from.
///
/// Only the engine that made it can carry it out, and only once.
public struct PreparedPlan: Sendable {
  /// What would change.
  public let plan: Plan
  let prepared: Prepared
}
