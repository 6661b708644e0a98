extension SchedulerState {
  /// Ends the handing out.
  ///
  /// Calling again can only make it end sooner.
  package mutating func shutDown(_ mode: Scheduler.Shutdown) {
    if closing == nil { report.delayed = sum(\.waiting) }
    if closing != .finishRunning { closing = mode }
    effects.rearms = true
    checkStopped()
  }

  /// What becomes of keys at shutdown, as far as it has got.
  package func shutdownReport() -> Scheduler.ShutdownReport {
    var report = report
    report.ready += isOpen ? 0 : sum(\.readyCount)
    report.running = sum(\.running)
    report.refused = Int(clamping: refusals)
    return report
  }

  /// A key whose run ended during shutdown.
  ///
  /// True where what is to come is dropped.
  mutating func drops(_ index: UInt32) -> Bool {
    switch (records[index].phase, closing) {
    case (.waiting, _): report.delayed += 1
    case (.ready, .finishRunning): report.ready += 1
    default: return false
    }
    (records[index].phase, records[index].priority, records[index].causes) = (.idle, .resync, [])
    retireIfIdle(index)
    return true
  }

  /// Whether nothing runs and nothing will.
  package var isStopped: Bool {
    guard let closing, sum(\.running) == 0 else { return false }
    return closing == .finishRunning || sum(\.readyCount) == 0
  }

  private func sum(_ count: KeyPath<LaneState, Int>) -> Int {
    lanes.indices.reduce(0) { $0 + lanes[$1][keyPath: count] }
  }

  @inline(__always)
  mutating func checkStopped() {
    if closing != nil, isStopped { effects.stops = true }
  }
}
