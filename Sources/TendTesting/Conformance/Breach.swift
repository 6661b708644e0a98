/// A law that was broken, and the smallest history that the kit knows to break it.
public struct Breach: Sendable, Hashable, CustomStringConvertible {
  /// Which law.
  public let law: Law
  /// What was seen.
  public let what: String
  /// What led there, a line for each step.
  public let history: [String]
  /// What replays it, where chance had a part in finding it.
  public let seed: UInt64?

  /// The law, what was seen, and the steps.
  public var description: String {
    var lines = ["\(law.rawValue): \(what)"]
    for (number, step) in history.enumerated() { lines.append("  \(number + 1). \(step)") }
    if let seed { lines.append("  found with seed \(seed)") }
    return lines.joined(separator: "\n")
  }
}

/// What the kit tried, and what it found.
public struct ConformanceReport: Sendable, CustomStringConvertible {
  /// The laws that were broken, each once.
  public internal(set) var breaches: [Breach] = []
  /// How many histories were run, each in a world of its own.
  public internal(set) var histories = 0
  /// How many faults came to pass.
  public internal(set) var faults = 0
  /// How many points the provider passes in the passes without a fault at which one was tried.
  public internal(set) var boundaries = 0
  /// What could not be tried, and why.
  public internal(set) var untried: [String] = []

  /// A line of figures, what was not tried, and the breaches.
  public var description: String {
    var lines = ["\(histories) histories, \(boundaries) boundaries, \(faults) faults"]
    lines += untried.map { "not tried: \($0)" }
    lines += breaches.map(\.description)
    return lines.joined(separator: "\n")
  }
}

/// A provider breaks at least one law.
public struct ConformanceFailure: Error, Sendable, CustomStringConvertible {
  /// All that was found.
  public let report: ConformanceReport
  /// The whole report.
  public var description: String { report.description }
}

/// The kit could not begin: a sample that does not decode, a world that can't be made.
public struct ConformanceError: Error, Sendable, CustomStringConvertible {
  /// What is wrong and what to do.
  public let description: String
}
