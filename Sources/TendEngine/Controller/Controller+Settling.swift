import Logging
import Tend

/// How a run has ended.
enum Ending: Sendable {
  case concluded(Scheduler.Disposition)
  /// What it has changed is not durable yet, and is made so together with other changes.
  case held(HeldRun)
}

/// A run from which nothing is concluded before what it changed is durable.
final class HeldRun: Sendable {
  let node: Node
  let assignment: Assignment
  let result: Result
  /// The gathered steps that it waits for.
  let needed: [Int]

  init(_ node: Node, _ assignment: Assignment, _ result: Result, needed: [Int]) {
    self.node = node
    self.assignment = assignment
    self.result = result
    self.needed = needed
  }
}

/// The held runs of one batch.
struct HeldRuns: Sendable {
  /// Each with where it stands in the batch.
  private(set) var runs: [(position: Int, run: HeldRun)] = []
  /// How many the batch has had.
  private(set) var count = 0
  private var since = Duration.zero

  /// How long what was changed first waits for others.
  static let patience: Duration = .milliseconds(100)

  mutating func hold(_ run: HeldRun, at position: Int, now: Duration) {
    if runs.isEmpty { since = now }
    runs.append((position, run))
    count += 1
  }

  /// Whether the first has waited long enough.
  func isDue(_ time: Time) -> Bool {
    !runs.isEmpty && time.monotonic() - since >= Self.patience
  }

  /// They are concluded.
  mutating func clear() { runs.removeAll(keepingCapacity: true) }

  /// The next batch begins.
  mutating func begin() { count = 0 }
}

extension Controller {
  /// Makes durable what the runs of a batch have changed, then concludes those that waited for it.
  ///
  /// Whoever was given up meanwhile has lost its tickets: then it is only told what was done.
  func settle(
    _ held: inout HeldRuns, of batch: inout Scheduler.Batch, _ site: CallSite, _ shift: Shift?,
    _ conclude: (HeldRun, Result, Int) -> Scheduler.Disposition
  ) {
    let steps = site.takeSteps()
    if steps.isEmpty { return }
    if let last = held.runs.last {
      core.scheduler.begin(batch[last.position], timeout: Self.usualTimeout)
    }
    let failures = steps.map { step -> ProviderError? in
      do throws(ProviderError) {
        try step.run()
        return nil
      } catch {
        return error
      }
    }
    tell(failures, waitedForBy: held)
    let isOurs = shift?.conclude() ?? true
    for (position, run) in held.runs {
      let failure = run.needed.lazy.compactMap { failures[$0] }.first
      let result = failure.map(run.result.unsettled) ?? run.result
      if isOurs {
        batch.finish(position, conclude(run, result, position))
      } else {
        account(for: result, of: run.node, run.assignment)
      }
    }
    held.clear()
  }

  /// Says which steps failed for runs that were cancelled: no result tells of those.
  private func tell(_ failures: [ProviderError?], waitedForBy held: HeldRuns) {
    for (number, failure) in failures.enumerated() {
      guard let failure, !held.runs.contains(where: { $0.run.needed.contains(number) }) else {
        continue
      }
      core.logger.warning(
        "what was changed may be lost if the power is",
        metadata: ["provider": "\(name)", "error": "\(failure)"])
    }
  }
}

extension Result {
  /// The same where what was done could not be made durable.
  func unsettled(_ error: ProviderError) -> Result {
    guard let done else { return self }
    return .unverified(done, error)
  }

  /// What was carried out; nil where nothing was.
  var done: Done? {
    switch self {
    case .settled(let done, _, _), .ended(let done): done
    case .underway(let done, _, _), .readBack(let done, _, _), .unverified(let done, _): done
    case .reported, .protected, .suspended, .contested, .refused, .failed: nil
    }
  }
}
