public import TendEngine
import TendTesting

/// Runs an agent through days of everything that can go wrong, and throws where something breaks.
///
/// The real engine, with its scheduler and its loops, keeps simulated worlds as a simulated source
/// declares them, on a simulated store. Calls fail, hang, lose their replies and answer what was
/// true before; the agent dies at any point at which a task can wait, the machine loses power, the
/// source is emptied or rewritten, somebody else interferes. After each ten days that ends, for as
/// long as it takes until everything is as declared. ``Oracle`` says what is checked. All of it
/// follows from a seed.
///
/// ```swift
/// let report = try rehearse {
///   [SimulatedFiles(), SimulatedProcesses(), SimulatedService()]
/// }
/// ```
///
/// A provider is tried by a world of its own, or by one of these made with it. Throws
/// ``RehearsalFailure`` with the smallest history that was found, and ``SimulationError`` where a
/// world is not fit for simulation. It computes on the calling thread until it is done.
@discardableResult
public func rehearse(
  _ settings: Rehearsal.Settings = .init(),
  worlds: @escaping @Sendable () -> [any SimulatedWorld]
) throws -> RehearsalReport {
  let report = try Rehearsal(settings, worlds: worlds).run()
  guard report.findings.isEmpty else { throw RehearsalFailure(report: report) }
  return report
}

/// A time of operation in a simulation.
public struct Rehearsal: Sendable {
  /// What is rehearsed.
  public struct Settings: Sendable {
    /// Decides everything.
    public var seed: UInt64 = 1
    /// How many days; at least one round of `calmEvery`.
    ///
    /// 30.
    public var days = 30
    /// After how many days all faults stop, for as long as it takes to check that all is well.
    ///
    /// 10: rarely enough that things come together, often enough that the cause is near.
    public var calmEvery = 10
    /// What goes wrong in calls.
    public var faults = FaultRates()
    /// What happens from outside.
    public var deeds = DeedRates()
    /// How often resources are looked at without a reason.
    ///
    /// An hour: most of a simulation's time goes into looks that find nothing.
    public var interval: Duration = .seconds(3600)
    /// How often the source is asked.
    ///
    /// 10 minutes.
    public var refreshInterval: Duration = .seconds(600)
    /// How many runs may be spent on making a failing history smaller.
    ///
    /// 200.
    public var shrinkingRuns = 200
    /// What bounds each run.
    public var simulation = Simulation.Options()

    /// The defaults.
    public init() {}
  }

  let settings: Settings
  let worlds: @Sendable () -> [any SimulatedWorld]
  /// What stands between the engine and the store, in each life.
  public var store: @Sendable (any Store, Life) -> any Store = { store, _ in store }
  /// What stands between the engine and the source, in each life.
  public var source: @Sendable (any Source, Life) -> any Source = { source, _ in source }

  /// A rehearsal in these worlds, which are made anew for each run.
  public init(
    _ settings: Settings = .init(), worlds: @escaping @Sendable () -> [any SimulatedWorld]
  ) {
    self.settings = settings
    self.worlds = worlds
  }

  /// Runs it, and makes what fails as small as it can.
  ///
  /// Throws ``SimulationError`` where it can't go on for a reason that is no finding.
  public func run() throws -> RehearsalReport {
    let whole = try run(Trial(Schedule(settings)))
    guard let (oracle, _) = whole.breaches.first else { return RehearsalReport(whole, []) }
    let smallest = try shrunk(Trial(Schedule(settings)), whole, to: oracle)
    let finding = Finding(
      oracle: oracle, what: smallest.breaches.first { $0.oracle == oracle }?.what ?? "",
      seed: settings.seed, deeds: smallest.deeds, faults: smallest.faults.map(\.description),
      history: Array(smallest.history.suffix(30)))
    return RehearsalReport(whole, [finding])
  }

  /// What is tried: all that happens from outside, and which faults may come to pass.
  struct Trial: Sendable {
    var schedule: Schedule
    var faults: Set<Fault>?

    init(_ schedule: Schedule) { self.schedule = schedule }
  }

  /// What came of it.
  struct Outcome: Sendable {
    var breaches: [(oracle: Oracle, what: String)]
    var deeds: [String]
    var faults: [Fault]
    var history: [String]
    var digest: String
    var steps: Int
    var time: Duration
    var lives: Int
    var changes: Int
  }

  func run(_ trial: Trial) throws -> Outcome {
    let simulation = Simulation(seed: settings.seed, options: settings.simulation)
    let scene = Scene(self, trial, simulation)
    do {
      try simulation.run { try await scene.play(trial.schedule) }
    } catch SimulationError.halted {
      scene.witness.found(.alive, "\(SimulationError.halted)")
    }
    if simulation.clock.sleeperCount > 0, scene.witness.breaches.isEmpty {
      scene.witness.found(.hygiene, "a task still sleeps after the agent has ended")
    }
    return Outcome(
      breaches: scene.witness.breaches, deeds: scene.performed, faults: scene.chance.fired,
      history: simulation.history, digest: simulation.digest, steps: simulation.steps,
      time: simulation.time, lives: scene.lives, changes: scene.witness.count)
  }
}

/// What was rehearsed, and what was found.
public struct RehearsalReport: Sendable, CustomStringConvertible {
  /// What does not hold; empty, or the first that was found.
  public let findings: [Finding]
  /// How many steps were run.
  public let steps: Int
  /// How much time passed in the simulation.
  public let time: Duration
  /// How many lives the agent had.
  public let lives: Int
  /// How many changes it made.
  public let changes: Int
  /// How many calls went wrong.
  public let faults: Int
  /// A digest of the whole history; equal for equal settings, in every process.
  public let digest: String

  init(_ outcome: Rehearsal.Outcome, _ findings: [Finding]) {
    self.findings = findings
    steps = outcome.steps
    time = outcome.time
    lives = outcome.lives
    changes = outcome.changes
    faults = outcome.faults.count
    digest = outcome.digest
  }

  /// A line of figures, and what was found.
  public var description: String {
    let figures =
      "\(time.clockText) in \(steps) steps: \(lives) lives, \(changes) changes, \(faults) faults"
    return ([figures] + findings.map(\.description)).joined(separator: "\n")
  }
}

/// Something does not hold.
public struct RehearsalFailure: Error, Sendable, CustomStringConvertible {
  /// All that was found.
  public let report: RehearsalReport
  /// The whole report.
  public var description: String { report.description }
}
