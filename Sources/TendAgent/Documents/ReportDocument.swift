private import Tend
public import TendEngine

/// How carrying out a plan ended, as JSON.
public struct ReportDocument: Sendable, Hashable, Codable {
  /// Always `tend/v1`.
  public var apiVersion: String
  /// Changes that were made.
  public var done: [ChangeDocument]
  /// What did not converge.
  public var problems: [ProblemDocument]
  /// How long it took.
  public var duration: Duration

  /// Describes a report.
  public init(_ report: ApplyReport) {
    apiVersion = "tend/v1"
    done = report.done.map(ChangeDocument.init)
    problems = report.problems.map(ProblemDocument.init)
    duration = report.duration
  }

  /// Whether nothing is left to do.
  public var converged: Bool { problems.isEmpty }
}

/// A step of an apply on its way from the agent to the command.
public struct ProgressDocument: Sendable, Hashable, Codable {
  /// What happened to the change.
  public enum Step: String, Sendable, Hashable, Codable {
    /// It is being made.
    case started
    /// It was made.
    case finished
    /// It was made, and does not work yet.
    case waiting
    /// It failed and will be tried again.
    case failed
  }

  /// What happened.
  public var step: Step
  /// To which change; without its differences, which the plan has shown.
  public var change: ChangeDocument
  /// How long it took, once it is made.
  public var duration: Duration?
  /// Why it failed, or what it waits for.
  public var message: String?

  /// Describes a step.
  public init(_ progress: Progress) {
    switch progress {
    case .started(let change): self.init(.started, change)
    case .finished(let change, let duration): self.init(.finished, change, duration: duration)
    case .waiting(let change, let message): self.init(.waiting, change, message: message)
    case .failed(let change, let message): self.init(.failed, change, message: message)
    }
  }

  private init(
    _ step: Step, _ change: PlannedChange, duration: Duration? = nil, message: String? = nil
  ) {
    var change = change
    change.differences = []
    self.step = step
    self.change = ChangeDocument(change)
    self.duration = duration
    self.message = message
  }

  /// The step that this describes.
  public var progress: Progress {
    switch step {
    case .started: .started(change.change)
    case .finished: .finished(change.change, duration: duration ?? .zero)
    case .waiting: .waiting(change.change, message: message ?? "")
    case .failed: .failed(change.change, message: message ?? "")
    }
  }
}
