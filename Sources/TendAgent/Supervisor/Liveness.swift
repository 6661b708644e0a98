import TendEngine

/// Judges whether an engine works, by what changed since it was last looked at.
///
/// Pure. An engine that has nothing to do is alive; so is one whose workers are within their
/// deadlines, and one of which a single provider gets anything done, as one that hangs must not
/// take the others with it. It is stuck where there is work, all who could do it are overdue, and
/// nothing has ended for as long as `patience`; or where the store has written nothing for so long
/// and does not say that it failed. A disk that is full does not make an engine stuck: a restart
/// would not help.
struct Liveness: Sendable {
  private let patience: Duration
  private var finished: [String: UInt64] = [:]
  private var written = 0
  private var lastWork: Duration
  private var lastWrite: Duration

  init(patience: Duration, now: Duration) {
    self.patience = patience
    lastWork = now
    lastWrite = now
  }

  /// What is stuck, in words; nil where the engine is alive.
  mutating func judge(_ vitals: Vitals, now: Duration) -> String? {
    let isWorking = vitals.lanes.contains { lane in
      lane.isBusy || finished[lane.provider] != lane.finished
    }
    if isWorking || !vitals.lanes.contains(where: \.hasWork) { lastWork = now }
    if !vitals.hasWrites || written != vitals.written { lastWrite = now }
    for lane in vitals.lanes { finished[lane.provider] = lane.finished }
    written = vitals.written
    if now - lastWork > patience {
      let waiting = vitals.lanes.filter(\.hasWork).map(\.provider).sorted()
      return "no worker of \(waiting.joined(separator: ", ")) gets anything done"
    }
    return now - lastWrite > patience ? "the store writes nothing" : nil
  }
}
