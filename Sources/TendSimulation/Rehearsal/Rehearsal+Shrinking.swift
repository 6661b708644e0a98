extension Rehearsal {
  /// Leaves out whatever may be left out while the same oracle finds something: what came later,
  /// all faults, then deeds, then the faults that are left; many at once before few.
  func shrunk(_ trial: Trial, _ outcome: Outcome, to oracle: Oracle) throws -> Outcome {
    var shrinking = Shrinking(trial: trial, outcome: outcome, left: settings.shrinkingRuns)
    try shrinking.leaveOutLater(self, oracle)
    try shrinking.leaveOutFaults(self, oracle)
    for round in trial.schedule.rounds.indices {
      try shrinking.reduce(self, oracle, trial.schedule.rounds[round]) { trial, deeds in
        trial.schedule.rounds[round] = deeds
      }
    }
    try shrinking.reduce(self, oracle, shrinking.outcome.faults) { $0.faults = Set($1) }
    return shrinking.outcome
  }
}

/// The smallest so far.
private struct Shrinking {
  var trial: Rehearsal.Trial
  var outcome: Rehearsal.Outcome
  var left: Int

  /// What came after the finding had no part in it.
  mutating func leaveOutLater(_ rehearsal: Rehearsal, _ oracle: Oracle) throws {
    var left = outcome.deeds.count
    _ = try isEnough(rehearsal, oracle) { trial in
      trial.schedule.rounds = trial.schedule.rounds.map { round in
        defer { left -= min(left, round.count) }
        return Array(round.prefix(left))
      }
    }
  }

  /// Perhaps nothing has to go wrong; else only what did, from now on.
  mutating func leaveOutFaults(_ rehearsal: Rehearsal, _ oracle: Oracle) throws {
    if try isEnough(rehearsal, oracle, { $0.faults = [] }) { return }
    _ = try isEnough(rehearsal, oracle) { [outcome] in $0.faults = Set(outcome.faults) }
  }

  /// Leaves out parts of a list: halves, then quarters, down to single ones.
  mutating func reduce<Element>(
    _ rehearsal: Rehearsal, _ oracle: Oracle, _ all: [Element],
    _ set: (inout Rehearsal.Trial, [Element]) -> Void
  ) throws {
    var kept = all
    var size = kept.count
    while size > 0, left > 0 {
      var start = 0
      while start < kept.count, left > 0 {
        var fewer = kept
        fewer.removeSubrange(start..<min(start + size, kept.count))
        if try isEnough(rehearsal, oracle, { set(&$0, fewer) }) {
          kept = fewer
        } else {
          start += size
        }
      }
      size = size == 1 ? 0 : (size + 1) / 2
    }
  }

  /// Whether a smaller trial shows the same; it is kept then.
  private mutating func isEnough(
    _ rehearsal: Rehearsal, _ oracle: Oracle, _ change: (inout Rehearsal.Trial) -> Void
  ) throws -> Bool {
    guard left > 0 else { return false }
    left -= 1
    var smaller = trial
    change(&smaller)
    let outcome = try rehearsal.run(smaller)
    guard outcome.breaches.contains(where: { $0.oracle == oracle }) else { return false }
    (trial, self.outcome) = (smaller, outcome)
    return true
  }
}
