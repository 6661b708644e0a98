/// One process of a replica, from its first start until nothing of it is left.
///
/// It has a number of its own, since two may stand for one replica while a new one takes over.
struct Instance: Sendable {
  let serial: UInt32
  /// Which replica, from 0.
  let replica: Int
  /// Of the launch that it runs with, or last ran with; empty before its first start.
  var digest = ""
  /// What it was last told to reload for.
  var reloadVersion = ""
  var phase: Phase
  /// The process that was started; nil once it has ended.
  var main: Main?
  /// Whether descendants of it are left.
  var hasDescendants = false
  /// Whether it is to be ended and started again, on request.
  var isToRestart = false
  var backoff = Backoff()
  /// Starts after the first.
  var restarts = 0
  var lastExit: PastExit?
  var readiness = Readiness.pending(since: 0)
  var questions = Questions()
  /// Why it could not be started, or what its last question was answered with.
  var problem: String?
  /// Why it is ended though it runs: it does not answer.
  var fault: String?
  /// What it says about itself.
  var statusText: String?

  init(serial: UInt32, replica: Int, at now: Int64) {
    self.serial = serial
    self.replica = replica
    phase = .waiting(until: now)
  }

  enum Phase: Hashable, Sendable {
    /// It is started then.
    case waiting(until: Int64)
    case running
    case ending(Ending)
    /// It ended, and its policy wants no other.
    case finished
  }

  struct Main: Hashable, Sendable {
    let identity: ProcessIdentity
    /// By the monotonic clock.
    let since: Int64
    /// By the wall clock.
    let startedAt: Int64
    /// Whether its exit can be known: it is a child of the holder.
    let isChild: Bool
  }

  struct PastExit: Hashable, Sendable {
    var exit: Exit
    /// By the wall clock.
    var at: Int64
    /// How long it ran.
    var run: Int64
    /// Why it was ended, where it did not end by itself.
    var reason: String?
  }

  struct Ending: Hashable, Sendable {
    var purpose: Purpose
    /// The step of the stop sequence that was taken last.
    var step: Int
    /// When the next one is taken; nil: there is none.
    var until: Int64?
  }

  /// What comes once it has ended.
  enum Purpose: Hashable, Sendable {
    /// What its policy says: it ended by itself, and something of it is left.
    case exit
    /// A start with what is declared now.
    case renewal
    /// A start after a wait: it did not answer.
    case unhealthy
    /// Nothing.
    case removal
  }

  enum Readiness: Hashable, Sendable {
    case pending(since: Int64)
    case ready
  }

  /// What is asked of it, and when.
  struct Questions: Hashable, Sendable {
    var next: Int64 = 0
    var isAsking = false
    /// Wrong answers in a row.
    var failures = 0
    /// When it said last that it is alive.
    var lastSign: Int64 = 0
  }

  var isAlive: Bool { main != nil }
  var isReady: Bool { phase == .running && isAlive && readiness == .ready }

  /// Whether it will not come back by itself.
  var isLeaving: Bool {
    if case .ending(let ending) = phase { ending.purpose == .removal } else { false }
  }

  /// Whether what is declared now is already on its way.
  var isRenewing: Bool {
    switch phase {
    case .ending(let ending): ending.purpose == .renewal || ending.purpose == .removal
    case .waiting, .running, .finished: false
    }
  }

  /// Whether it should have been ready by now.
  func isLate(at now: Int64, _ care: Care) -> Bool {
    guard case .pending(let since) = readiness, isAlive, let deadline = care.readiness?.deadline,
      deadline > 0
    else { return false }
    return now - since >= deadline
  }

  /// Whether what it runs with does not work.
  func isInTrouble(at now: Int64, _ care: Care) -> Bool {
    backoff.isLooping || isLate(at: now, care) || (!isAlive && problem != nil)
      || (phase == .finished && lastExit?.exit.isSuccess == false)
  }
}
