extension Scheduler {
  /// What the scheduler does and has done, as one moment: a few steps for each lane, none for each
  /// key.
  public var metrics: Metrics {
    let now = timeline.now()
    return locked { $0.metrics(now: now) }
  }
}

extension SchedulerState {
  package func metrics(now: Int64) -> Scheduler.Metrics {
    Scheduler.Metrics(
      lanes: lanes.indices.map { metrics(ofLane: $0, now) }, keys: records.count,
      refusals: refusals, recordBytes: records.bytes)
  }

  private func metrics(ofLane lane: Int, _ now: Int64) -> Scheduler.LaneMetrics {
    let state = lanes[lane]
    let oldest = Priority.allCases.compactMap { lists.first(list(lane, $0)) }
      .map { records[$0].stamp }.min()
    return Scheduler.LaneMetrics(
      lane: .init(index: lane), limit: state.limit,
      readyByPriority: Priority.allCases.map { Int(state.ready[Int($0.rawValue)]) },
      waiting: state.waiting, running: state.running, busyWorkers: state.busy,
      idleWorkers: state.sleeping + state.waking,
      oldestReady: .nanoseconds(max(0, now &- (oldest ?? now))), counts: state.counts,
      waits: .init(
        (0..<Scheduler.Histogram.size).map { waits[lane * Scheduler.Histogram.size + $0] }))
  }
}
