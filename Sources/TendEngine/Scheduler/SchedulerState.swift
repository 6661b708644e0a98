/// Every decision of the scheduler: a value without lock, clock or task.
///
/// Time comes in as nanoseconds since the scheduler was made, randomness from a seed. What the
/// driver has to do (wake a worker, set the timer, report the end) gathers in `effects`.
package struct SchedulerState: ~Copyable {
  package typealias Handle = Scheduler.Handle
  package typealias Ticket = Scheduler.Ticket
  package typealias Priority = Scheduler.Priority
  package typealias Causes = Scheduler.Causes

  /// What the driver has to do before it lets go of the state.
  package struct Effects {
    /// Lanes in which one sleeping worker is to be woken, once for each time that they are named.
    package var wakes: [Int] = []
    /// The timer is to be set to `timerTarget` anew.
    package var rearms = false
    /// Nothing runs any more and nothing will.
    package var stops = false
    /// Keys that ended by themselves; see `Scheduler.register`.
    package var retired: [Handle] = []

    @inline(__always)
    package var isEmpty: Bool { !concernSleepers && retired.isEmpty }

    @inline(__always)
    package var concernSleepers: Bool { rearms || stops || !wakes.isEmpty }
  }

  let configuration: Scheduler.Configuration
  var records = Records()
  var lists: Lists
  var wheel = Wheel()
  var lanes = Buffer<LaneState>()
  /// Histograms of all lanes, one after another.
  var waits = Buffer<UInt64>()
  var runs: ContiguousArray<RunState> = []
  var freeRuns: ContiguousArray<UInt32> = []
  /// Runs under way that count, in all lanes.
  var busy = 0
  /// Workers of all lanes that were woken and have not come back: each has a place kept for it.
  var waking = 0
  var totalLimit: Int
  /// The lane that gets the next place of the total limit, where several want it.
  var laneTurn = 0
  var random: SplitMix
  var closing: Scheduler.Shutdown?
  var report = Scheduler.ShutdownReport()
  var refusals: UInt64 = 0
  /// The tick that the timer is set to; `Wheel.never` where nothing waits, 0 where there is no
  /// timer.
  var armed: Int64 = 0
  /// Whether the timer has been set since it last fired.
  var isRearmed = false
  package var effects = Effects()

  package init(_ configuration: Scheduler.Configuration, seed: UInt64) {
    self.configuration = configuration
    lists = Lists(count: Wheel.listCount)
    totalLimit = max(0, configuration.totalLimit ?? .max)
    random = SplitMix(state: seed)
  }

  /// The same state once more, so that it can be tried what follows from it.
  package init(copying other: borrowing Self) {
    configuration = other.configuration
    records = Records(copying: other.records)
    lists = Lists(copying: other.lists)
    wheel = Wheel(copying: other.wheel)
    lanes = Buffer(copying: other.lanes)
    waits = Buffer(copying: other.waits)
    (runs, freeRuns) = (other.runs, other.freeRuns)
    (busy, waking) = (other.busy, other.waking)
    (totalLimit, laneTurn, random) = (other.totalLimit, other.laneTurn, other.random)
    (closing, report, refusals) = (other.closing, other.report, other.refusals)
    (armed, isRearmed, effects) = (other.armed, other.isRearmed, other.effects)
  }

  package mutating func takeEffects() -> Effects {
    var taken = Effects()
    swap(&taken, &effects)
    return taken
  }

  // MARK: Lanes

  /// Nil where there are 65,536 already.
  package mutating func addLane(limit: Int) -> Int? {
    guard lanes.count <= UInt16.max else { return nil }
    lanes.append(LaneState(limit: max(0, limit)))
    for _ in Priority.allCases { lists.add() }
    for _ in 0..<Scheduler.Histogram.size { waits.append(0) }
    return lanes.count - 1
  }

  /// Whether a lane is one of this scheduler's; a stranger's gets nothing and changes nothing.
  @inline(__always)
  package func has(_ lane: Int) -> Bool { lanes.indices.contains(lane) }

  package mutating func setLimit(_ limit: Int, ofLane lane: Int) {
    guard has(lane) else { return }
    lanes[lane].limit = max(0, limit)
    wakeNext(lane)
  }

  package mutating func setTotalLimit(_ limit: Int?) {
    totalLimit = max(0, limit ?? .max)
    wakeAll()
  }

  // MARK: Keys

  package mutating func register(lane: Int, payload: UInt32, transient: Bool) -> Handle? {
    guard has(lane), let handle = records.insert() else { return nil }
    records[handle.index].lane = UInt16(lane)
    records[handle.index].payload = payload
    records[handle.index].isTransient = transient
    return handle
  }

  /// Registers a key that ends by itself when it is idle and has no failures.
  package mutating func registerTransient(_ lane: Int) -> Handle? {
    guard closing == nil else {
      refusals &+= 1
      return nil
    }
    return register(lane: lane, payload: 0, transient: true)
  }

  /// Ends a key: what was to come is dropped; a run that is under way goes on.
  package mutating func remove(_ handle: Handle) -> Bool {
    guard let index = records.find(handle) else { return false }
    clear(index)
    if records[index].isRunning {
      records[index].isRemoved = true
    } else {
      records.remove(index)
    }
    checkStopped()
    return true
  }

  package func status(of handle: Handle, now: Int64) -> Scheduler.Status? {
    guard let index = records.find(handle) else { return nil }
    let record = records[index]
    let due = record.phase == .waiting ? max(0, record.stamp &* Wheel.tick &- now) : nil
    return Scheduler.Status(
      phase: record.phase, isRunning: record.isRunning, priority: record.priority,
      causes: record.causes, failures: Int(record.failures), due: due.map(Duration.nanoseconds))
  }

  // MARK: Links

  @inline(__always)
  func list(_ lane: Int, _ priority: Priority) -> Int {
    Wheel.listCount + lane * Priority.allCases.count + Int(priority.rawValue)
  }

  /// Puts a record that does not run where its phase says.
  @inline(__always)
  mutating func link(_ index: UInt32, inFront: Bool = false) {
    let (phase, lane) = (records[index].phase, Int(records[index].lane))
    switch phase {
    case .idle: break
    case .waiting:
      wheel.insert(index, due: records[index].stamp, &lists, records)
      lanes[lane].waiting += 1
      rearm(records[index].stamp)
    case .ready:
      let priority = records[index].priority
      if inFront {
        lists.prepend(index, to: list(lane, priority), records)
      } else {
        lists.append(index, to: list(lane, priority), records)
      }
      lanes[lane].ready[Int(priority.rawValue)] &+= 1
      wake(lane)
    }
  }

  /// Takes a record that does not run out of where its phase put it.
  @inline(__always)
  mutating func unlink(_ index: UInt32) {
    let (phase, lane) = (records[index].phase, Int(records[index].lane))
    switch phase {
    case .idle: break
    case .waiting:
      wheel.remove(index, &lists, records)
      lanes[lane].waiting -= 1
    case .ready:
      lists.remove(index, records)
      lanes[lane].ready[Int(records[index].priority.rawValue)] &-= 1
    }
  }

  /// Forgets what is to come.
  mutating func clear(_ index: UInt32) {
    if !records[index].isRunning { unlink(index) }
    records[index].phase = .idle
    records[index].priority = .resync
    records[index].causes = []
  }
}
