@testable import TendEngine

/// A scheduler's decisions with one lane and a time that the test sets.
final class Fixture {
  var state: SchedulerState
  let lane: Int
  /// Nanoseconds.
  var now: Int64 = 0

  init(
    limit: Int = .max, _ configuration: Scheduler.Configuration = .plain, seed: UInt64 = 1
  ) {
    state = SchedulerState(configuration, seed: seed)
    lane = state.addLane(limit: limit) ?? -1
  }

  /// Registers keys whose payloads count from 0.
  func keys(_ count: Int) -> [Scheduler.Handle] {
    (0..<count).compactMap {
      state.register(lane: lane, payload: UInt32($0), transient: false)
    }
  }

  func addLane(limit: Int) -> Int? { state.addLane(limit: limit) }

  func register(lane: Int, payload: UInt32) -> Scheduler.Handle? {
    state.register(lane: lane, payload: payload, transient: false)
  }

  @discardableResult
  func add(
    _ handle: Scheduler.Handle, _ priority: Scheduler.Priority = .drift,
    after milliseconds: Int = 0,
    causes: Scheduler.Causes = [], supersedes: Bool = false
  ) -> Bool {
    let request = Scheduler.Request(
      priority: priority, delay: Int64(milliseconds) * 1_000_000, causes: causes,
      supersedes: supersedes)
    let now = now
    return state.add(handle, request, now: { now })
  }

  func advance(milliseconds: Int) { now += Int64(milliseconds) * 1_000_000 }

  /// `timeout` is in milliseconds.
  func take(lane other: Int? = nil, timeout: Int? = nil) -> Scheduler.Ticket? {
    state.takeOne(
      other ?? lane, worker: 0, timeout: timeout.map { Int64($0) * 1_000_000 }, now: now)
  }

  /// Finishes all that the batch holds in the same way and takes what is next.
  func exchange(
    _ batch: inout Scheduler.Batch, _ disposition: Scheduler.Disposition? = nil
  ) -> SchedulerState.Answer {
    if let disposition {
      for position in 0..<batch.count { batch.finish(position, disposition) }
    }
    return state.exchange(&batch, now: now)
  }

  func park(_ lane: Int) -> Bool { state.park(lane) }

  func arrive(_ lane: Int) { state.arrive(lane) }

  func isFree(_ lane: Int) -> Bool { state.mayRun(lane) }

  func fire() -> SchedulerState.Alarm { state.fire(now: now) }

  var earliestDeadline: Int64? { state.earliestDeadline }

  var runs: [Scheduler.Run] { state.activeRuns(now: now) }

  var bytes: Int { state.metrics(now: now).recordBytes }

  @discardableResult
  func finish(
    _ ticket: Scheduler.Ticket, _ disposition: Scheduler.Disposition = .done
  ) -> Bool {
    state.finishOne(ticket, disposition, now: now)
  }

  /// Takes and finishes all that is ready; their payloads in that order.
  func drain() -> [UInt32] {
    var payloads: [UInt32] = []
    while let ticket = take() {
      payloads.append(ticket.payload)
      finish(ticket)
    }
    return payloads
  }

  func postpone(_ handle: Scheduler.Handle, by milliseconds: Int) -> Bool {
    state.postpone(handle, by: Int64(milliseconds) * 1_000_000, now: now)
  }

  func cancel(_ handle: Scheduler.Handle) -> Bool { state.cancel(handle) }

  func remove(_ handle: Scheduler.Handle) -> Bool { state.remove(handle) }

  func status(_ handle: Scheduler.Handle) -> Scheduler.Status? {
    state.status(of: handle, now: now)
  }

  func isStale(_ ticket: Scheduler.Ticket) -> Bool { state.isStale(ticket) }

  /// Ends the delays that are over, as the timer would.
  func release() { while state.fire(now: now) == .now {} }

  var counts: Scheduler.Counts { metrics.counts }

  var metrics: Scheduler.LaneMetrics { state.metrics(now: now).lanes[lane] }

  var refusals: UInt64 { state.refusals }

  func phase(_ handle: Scheduler.Handle) -> Scheduler.Phase? { status(handle)?.phase }
}

extension Scheduler.Configuration {
  /// Retries after 10, 20, 40, 80, 100, 100 … ms exactly.
  static let plain = Self(
    backoff: Backoff(base: .milliseconds(10), cap: .milliseconds(100), jitter: 0))
}

extension Scheduler.Causes {
  static let one = Self(rawValue: 1)
  static let two = Self(rawValue: 2)
}
