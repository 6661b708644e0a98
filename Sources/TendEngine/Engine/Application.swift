import Tend

/// One plan that is being carried out while somebody waits for its end.
final class Application: Sendable {
  struct News: Sendable {
    var node: Node
    var outcome: Outcome
  }

  /// What became of one resource.
  enum Outcome: Sendable {
    case settled(Result.Done?)
    /// Will be tried again.
    case failed(String)
    /// Will not, without help.
    case stalled(String, String)
  }

  private struct State {
    var open: [Node: PlannedChange]
    var order: [Node]
    var done: [PlannedChange] = []
    var problems: [Node: (code: String, message: String)] = [:]
    var isQuiet = false
    var waiter: CheckedContinuation<Void, Never>?
  }

  private let state: Lock<State>
  private let progress: @Sendable (Progress) -> Void

  init(
    _ changes: [(Node, PlannedChange)], progress: @escaping @Sendable (Progress) -> Void
  ) {
    state = Lock(
      State(
        open: Dictionary(changes, uniquingKeysWith: { first, _ in first }),
        order: changes.map(\.0)))
    self.progress = progress
  }

  func began(_ node: Node) {
    if let change = state.withLock({ $0.open[node] }) { progress(.started(change)) }
  }

  func tell(_ news: News) {
    let message: Progress? = state.withLock { state in
      guard let change = state.open[news.node] else { return nil }
      switch news.outcome {
      case .settled(let done):
        state.open[news.node] = nil
        state.problems[news.node] = nil
        state.done.append(change)
        return .finished(change, duration: done?.duration ?? .zero)
      case .failed(let message):
        state.problems[news.node] = ("Retrying", message)
        return .failed(change, message: message)
      case .stalled(let code, let message):
        state.problems[news.node] = (code, message)
        return .failed(change, message: message)
      }
    }
    if let message { progress(message) }
  }

  /// Nothing more will be done without help.
  func becameQuiet() {
    let waiter = state.withLock { state in
      state.isQuiet = true
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
  }

  /// Waits until all is done, or nothing more will be done without help, or the task is cancelled.
  func wait() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isDone = state.withLock { state in
          if state.isQuiet || Task.isCancelled { return true }
          state.waiter = continuation
          return false
        }
        if isDone { continuation.resume() }
      }
    } onCancel: {
      becameQuiet()
    }
  }

  /// What is not done, in no order.
  var open: [Node] { state.withLock { Array($0.open.keys) } }

  /// How it ended; `holds` says what a change that never ran waits for.
  func report(after duration: Duration, _ holds: [Node: String]) -> ApplyReport {
    let state = state.withLock { $0 }
    let problems = state.order.compactMap { node -> PlanProblem? in
      guard let change = state.open[node] else { return nil }
      let problem = state.problems[node] ?? ("Waiting", holds[node] ?? "")
      return PlanProblem(
        reference: change.reference, place: change.place, code: problem.code,
        message: problem.message)
    }
    return ApplyReport(done: state.done, problems: problems, duration: duration)
  }
}
