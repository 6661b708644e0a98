private import Synchronization
import Tend
import TendAgent
import TendEngine

/// One apply as a person sees it: the plan, the question, the progress, the end.
struct Application: Sendable {
  let console: Console
  let output: OutputOption
  let prefix: String
  /// Whether a person must say yes.
  let asks: Bool
  /// Whether what others can't read is shown, as far as the plan has it.
  var showsPrivate = false

  private var isForPeople: Bool { output.format == nil || output.isWide }

  /// Shows the plan; whether it is to be carried out.
  func accepts(_ plan: Plan) async throws -> Bool {
    if isForPeople {
      let text = PlanText(style: console.style, prefix: prefix, showsPrivate: showsPrivate)
      console.out(text.render(plan))
    }
    if !plan.refused.isEmpty {
      if !isForPeople { console.out(try output.render(PlanDocument(plan)) { "" }) }
      if plan.refused.contains(where: { $0.reason == "DeletionBudget" }) {
        let count = plan.changes.reduce(0) { count, change in
          count + (change.losesData ? 1 : 0)
            + change.differences.count { $0.difference.losesData }
        }
        console.error(
          "error: nothing was changed; if these deletions are meant, allow them with "
            + "--allow-deletions \(count)\n")
      }
      return false
    }
    if plan.isEmpty || !asks { return true }
    let isWanted = await onThreadOfItsOwn { console.confirm("\nApply these changes?") }
    if !isWanted { console.error("Nothing was changed.\n") }
    return isWanted
  }

  /// Runs an apply and shows how it goes: in one line that is redrawn on a terminal, else in a line
  /// for each step.
  func showing<Result: Sendable>(
    count: Int, _ body: (@escaping @Sendable (Progress) -> Void) async throws -> Result
  ) async throws -> Result {
    guard isForPeople, count > 0 else { return try await body { _ in } }
    let display = ProgressDisplay(of: count, on: console)
    if !console.isTerminal { console.out("\n") }
    defer { display.end() }
    return try await body { display.show($0) }
  }

  /// Says that it ends before its time.
  func interrupted() {
    console.error("Interrupted: what has begun is finished; apply again to go on.\n")
  }

  /// Shows how it ended.
  func end(_ report: ReportDocument) throws -> ExitStatus {
    let text = ReportText(style: console.style, prefix: prefix)
    if !isForPeople {
      console.out(try output.render(report) { "" })
    } else if !report.done.isEmpty || !report.converged {
      console.out(text.render(report))
    }
    return report.converged ? .success : .failure
  }
}

/// Draws the progress of an apply.
///
/// Who has something to say while another writes leaves it to that one: no worker waits for a
/// terminal that is slow, nor for its turn at it.
private final class ProgressDisplay: Sendable {
  private struct State {
    var done = 0
    var isDrawn = false
    /// What is to be written: at most what is said of each change.
    var pending = ""
    var isWriting = false

    /// The next text to write; nil when there is none, and nobody writes any more.
    mutating func next() -> String? {
      isWriting = !pending.isEmpty
      defer { pending = "" }
      return isWriting ? pending : nil
    }
  }

  private let count: Int
  private let console: Console
  private let state = Mutex(State())

  init(of count: Int, on console: Console) {
    self.count = count
    self.console = console
  }

  func show(_ progress: Progress) {
    let text = ReportText(style: console.style)
    let line = text.line(for: progress)
    if line == nil, !console.isTerminal { return }
    let isFirst = state.withLock { state in
      if case .finished = progress { state.done += 1 }
      state.pending +=
        console.isTerminal ? redrawn(progress, text, line, &state) : "\(line ?? "")\n"
      defer { state.isWriting = true }
      return !state.isWriting
    }
    if isFirst { write() }
  }

  private func redrawn(
    _ progress: Progress, _ text: ReportText, _ line: String?, _ state: inout State
  ) -> String {
    var drawn = ""
    switch progress {
    case .started where state.isDrawn: return ""
    case .failed: drawn = "\r\u{1b}[K\(line ?? "")\n"
    default: break
    }
    state.isDrawn = true
    return drawn + "\r\u{1b}[K\(text.bar(for: progress, done: state.done, of: count))"
  }

  private func write() {
    while let text = state.withLock({ $0.next() }) { console.out(text) }
  }

  /// Clears the line, when all that was to be shown is.
  func end() {
    write()
    if state.withLock({ $0.isDrawn }) { console.out("\r\u{1b}[K") }
  }
}
