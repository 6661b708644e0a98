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
    /// Was changed; whether that is the end of it is told besides.
    case acted(Result.Done)
    /// Is as desired and does not work yet.
    case progressing(String)
    /// Will be tried again.
    case failed(String)
    /// Will not, without help.
    case stalled(String, String)
  }

  fileprivate struct State {
    var open: [Node: PlannedChange]
    var order: [Node]
    var done: [PlannedChange] = []
    /// What was done to those that are open.
    var acted: [Node: Result.Done] = [:]
    var problems: [Node: (code: String, message: String)] = [:]
    /// Progress that was counted and not yet said.
    var unsaid = 0
    var isQuiet = false

    var isOver: Bool { isQuiet && unsaid == 0 }
  }

  private let state: Lock<State>
  /// Rung when it is over.
  private let bell = Bell()
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

  /// Counts it; the answer says it to whoever watches, and is called outside all locks.
  func tell(_ news: News) -> (@Sendable () -> Void)? {
    let message: Progress? = state.withLock { state in
      guard let change = state.open[news.node], let message = state.take(news, change) else {
        return nil
      }
      state.unsaid += 1
      return message
    }
    guard let message else { return nil }
    return {
      self.progress(message)
      self.update { $0.unsaid -= 1 }
    }
  }

  /// Nothing more will be done without help.
  func becameQuiet() { update { $0.isQuiet = true } }

  private func update(_ body: (inout State) -> Void) {
    let isOver = state.withLock { state in
      body(&state)
      return state.isOver
    }
    if isOver { bell.ring() }
  }

  /// Waits until all is done, or nothing more will be done without help, or the task is cancelled.
  func wait() async {
    // It may go on after the bell was rung.
    while !Task.isCancelled, !state.withLock({ $0.isOver }) { await bell.wait() }
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

extension Application.State {
  /// Nil where there is nothing new to say.
  fileprivate mutating func take(_ news: Application.News, _ change: PlannedChange) -> Progress? {
    switch news.outcome {
    case .acted(let result):
      acted[news.node] = result
      return nil
    case .settled(let result):
      let result = result ?? acted[news.node]
      acted[news.node] = nil
      open[news.node] = nil
      problems[news.node] = nil
      var change = change
      // The plan could not know it.
      if change.action == .unknown { change.action = result?.verdict.action ?? .unknown }
      done.append(change)
      return .finished(change, duration: result?.duration ?? .zero)
    case .progressing(let message):
      if problems[news.node]?.message == message { return nil }
      problems[news.node] = ("Progressing", message)
      return .waiting(change, message: message)
    case .failed(let message):
      problems[news.node] = ("Retrying", message)
      return .failed(change, message: message)
    case .stalled(let code, let message):
      problems[news.node] = (code, message)
      return .failed(change, message: message)
    }
  }
}
