/// All that is known of one key, in 40 bytes.
///
/// A running record has the phase that it will have when the run ends: running and idle means
/// nothing was added since, running and ready means exactly one more run. So adds during a run and
/// adds before it merge by the same rules; only records that do not run are in a list.
struct Record: BitwiseCopyable {
  typealias Phase = Scheduler.Phase
  typealias Priority = Scheduler.Priority

  /// Neighbours in the one list that the record is in; see `Lists`.
  var next: UInt32 = 0
  var previous: UInt32 = 0
  /// Waiting: the tick at which it is due.
  ///
  /// Ready: nanoseconds, since when.
  var stamp: Int64 = 0
  /// The caller's.
  var payload: UInt32 = 0
  /// Tells this registration from earlier ones in the same place; 0 marks a free record.
  var serial: UInt32 = 0
  /// Counts the adds that superseded.
  var generation: UInt32 = 0
  /// Causes of what is to come.
  var causes: Scheduler.Causes = []
  var lane: UInt16 = 0
  /// Failures in a row, up to 65,535.
  var failures: UInt16 = 0
  /// The minute of the last run, and how many runs it has seen: the guard against hot loops.
  var minute: UInt16 = 0
  var runsInMinute: UInt16 = 0
  /// Counts runs, so that a ticket can be finished only once.
  var turn: UInt8 = 0
  private var bits: UInt8 = 0

  var phase: Phase {
    get { Phase(rawValue: bits & 0b11) ?? .idle }
    set { bits = bits & ~0b11 | newValue.rawValue }
  }
  /// The priority of what is to come; the lowest where nothing is.
  var priority: Priority {
    get { Priority(rawValue: bits >> 2 & 0b11) ?? .resync }
    set { bits = bits & ~0b1100 | newValue.rawValue << 2 }
  }
  var isRunning: Bool {
    get { bits & 1 << 4 != 0 }
    set { bits = newValue ? bits | 1 << 4 : bits & ~(1 << 4) }
  }
  /// Removed while it ran: ends with the run.
  var isRemoved: Bool {
    get { bits & 1 << 5 != 0 }
    set { bits = newValue ? bits | 1 << 5 : bits & ~(1 << 5) }
  }
  /// Is removed by itself once there is nothing left to know of it.
  var isTransient: Bool {
    get { bits & 1 << 6 != 0 }
    set { bits = newValue ? bits | 1 << 6 : bits & ~(1 << 6) }
  }

  /// Begins a run: what was to come is now under way.
  @inline(__always)
  mutating func begin(_ index: UInt32, run: UInt32, _ now: Int64) -> Scheduler.Ticket {
    countRun(now)
    turn &+= 1
    let ticket = Scheduler.Ticket(
      handle: .init(index: index, serial: serial), payload: payload, causes: causes,
      priority: priority, failures: Int(failures), runsThisMinute: Int(runsInMinute), run: run,
      generation: generation, turn: turn, waitedNanoseconds: max(0, now &- stamp))
    (phase, priority, causes) = (.idle, .resync, [])
    isRunning = true
    return ticket
  }

  @inline(__always)
  private mutating func countRun(_ now: Int64) {
    let present = UInt16(truncatingIfNeeded: now / 60_000_000_000)
    if present != minute { (minute, runsInMinute) = (present, 0) }
    if runsInMinute < .max { runsInMinute += 1 }
  }
}
