/// What must hold in every history.
public enum Oracle: String, Sendable, Hashable, CaseIterable {
  /// Nothing is changed before the inventory says, durably, that it is ours.
  case ownedOnly = "nothing outside the inventory is changed"
  /// No two calls for one resource are under way at once.
  case oneAtATime = "one call at a time for one resource"
  /// Nothing is deleted that the source has declared all the time.
  case absence = "absence is not a wish"
  /// Once faults stop, the world is as declared within a bounded time.
  case convergence = "once faults stop, everything becomes as declared"
  /// Once everything is as declared, nothing more is written.
  case stability = "what is as declared is left alone"
  /// Every change has its event, and every event of a change its change.
  case accounted = "every change is accounted for"
  /// No secret turns up where people or files see it.
  case silentSecrets = "secrets stay secret"
  /// Nothing is ever half written, and nothing is left lying about.
  case hygiene = "nothing is left half done"
  /// There is always somebody who goes on.
  case alive = "it never comes to a halt"
}

/// Something that does not hold, and the smallest history that is known to show it.
public struct Finding: Sendable, Hashable, CustomStringConvertible {
  /// What does not hold.
  public let oracle: Oracle
  /// What was seen.
  public let what: String
  /// What replays it.
  public let seed: UInt64
  /// What happened from outside, a line each, in order.
  public let deeds: [String]
  /// What went wrong in calls, a line each.
  public let faults: [String]
  /// The end of the recorded history.
  public let history: [String]

  /// All of it, for people.
  public var description: String {
    let lines =
      ["\(oracle.rawValue): \(what)", "  seed \(seed), after"]
      + (deeds.isEmpty ? ["    nothing but time"] : deeds.map { "    \($0)" })
      + (faults.isEmpty ? [] : ["  with"] + faults.map { "    \($0)" })
      + ["  the history ends with"] + history.map { "    \($0)" }
    return lines.joined(separator: "\n")
  }
}
