import Synchronization
public import Tend
import TendEngine
public import TendTesting

/// Runs concurrent code on one thread, in simulated time, in an order that follows from a seed.
///
/// Whatever the body starts as child tasks runs one step at a time; which of those that can go on
/// goes on next is drawn. Where all wait, the clock goes to the next sleeper at once. So a day
/// passes in no time, and the same seed gives the same history, byte for byte, in every process.
///
/// ```swift
/// let simulation = Simulation(seed: 7)
/// try simulation.run {
///   try await withThrowingTaskGroup(of: Void.self) { group in
///     for name in ["a", "b", "c"] {
///       group.addTask {
///         try await simulation.clock.sleep(for: .seconds(3600))
///         simulation.note("\(name) woke up")
///       }
///     }
///     try await group.waitForAll()
///   }
/// }
/// ```
///
/// What has to hold for that: only child tasks, no clock but this one, no chance but `draw`,
/// nothing that depends on the order of a set or a dictionary, and no thread or queue that resumes
/// a task; the last is noticed and ends the run. An engine and its scheduler are so.
public final class Simulation: Sendable {
  /// What bounds a simulation.
  public struct Options: Sendable, Hashable {
    /// After so many steps a run ends with ``SimulationError/endless(steps:)``.
    ///
    /// 500 million: some minutes, which nothing that ends needs.
    public var stepLimit = 500_000_000
    /// How many lines of the history are kept, the newest; all are counted in its digest.
    ///
    /// 100,000: some tens of megabytes.
    public var historyLimit = 100_000
    /// What the wall clock shows at the beginning.
    ///
    /// A fixed time, so that histories are equal whenever they are made.
    public var epoch = Timestamp(nanoseconds: 1_790_000_000_000_000_000)

    /// The defaults.
    public init() {}
  }

  private struct State {
    var draw: Draw
    var history = History()
  }

  /// What decides everything.
  public let seed: UInt64
  /// The time of the simulation.
  public let clock: ManualClock
  /// What bounds it.
  public let options: Options
  let executor: SeededExecutor
  private let state: Mutex<State>

  /// A simulation that has not begun.
  ///
  /// Its time is that of `clock`, which nobody else may move while it runs.
  public init(seed: UInt64, clock: ManualClock = ManualClock(), options: Options = Options()) {
    self.seed = seed
    self.clock = clock
    self.options = options
    executor = SeededExecutor(seed: seed, clock: clock, limit: options.stepLimit)
    state = Mutex(State(draw: Draw(seed: seed, for: "simulation")))
  }

  /// Runs a body to its end on the calling thread, and returns what it returns.
  ///
  /// Throws what the body throws, and ``SimulationError`` where it can't go on; its tasks are then
  /// left where they are, and never run again. One run at a time.
  public func run<Answer: Sendable>(
    _ body: @escaping @Sendable () async throws -> Answer
  ) throws -> Answer {
    try executor.run(body)
  }

  /// How many steps were run: the parts of tasks between two points at which they wait.
  public var steps: Int { executor.steps }

  /// Time since the beginning.
  public var time: Duration { clock.now.offset }

  /// What the wall clock shows.
  public var wall: Timestamp {
    Timestamp(nanoseconds: options.epoch.nanoseconds &+ time.clampedNanoseconds)
  }

  /// Chance, for whatever the body wants to draw.
  public func draw<Answer>(_ body: (inout Draw) -> Answer) -> Answer {
    state.withLock { body(&$0.draw) }
  }

  /// Adds a line to the history, with the time.
  public func note(_ text: String) {
    let line = "\(time.clockText) \(text)"
    state.withLock { $0.history.append(line, limit: options.historyLimit) }
  }

  /// What was noted, oldest first; at most the newest `historyLimit` lines.
  public var history: [String] { state.withLock { $0.history.lines } }

  /// A digest of all lines that were ever noted.
  public var digest: String { state.withLock { $0.history.digest } }
}

/// Lines of text, and a digest of all of them.
struct History: Sendable {
  private var kept: [String] = []
  private var limit = Int.max
  private var mixed: UInt64 = 0

  var lines: [String] { Array(kept.suffix(limit)) }
  var digest: String { String(mixed, radix: 16) }

  mutating func append(_ line: String, limit: Int) {
    self.limit = max(0, limit)
    mixed = SplitMix.mixed(line) ^ (mixed &* 0x9e37_79b9_7f4a_7c15)
    kept.append(line)
    if kept.count > 2 &* self.limit { kept.removeFirst(kept.count - self.limit) }
  }
}

extension Duration {
  /// As a clock shows it: `12d 03:04:05.678`.
  var clockText: String {
    let milliseconds = clampedNanoseconds / 1_000_000
    let (seconds, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let fraction = String(1000 + rest).dropFirst()
    return "\(seconds / 86_400)d \(two(seconds / 3600 % 24)):\(two(seconds / 60 % 60)):"
      + "\(two(seconds % 60)).\(fraction)"
  }
}
