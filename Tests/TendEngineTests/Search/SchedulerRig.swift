@testable import TendEngine

/// The scheduler's real state beside the naive one, with what a driver has: two workers, who sleep
/// where nothing is ready, and a timer.
final class SchedulerRig {
  enum Step: Hashable, CustomStringConvertible {
    /// Somebody asks for a run.
    case add(Int, Wish)
    /// A worker that is awake asks for work, and sleeps where there is none.
    case ask
    /// A worker that was woken comes for work.
    case arrive
    case finish(Int, End)
    case cancel(Int)
    /// The timer's time comes.
    case pass
    /// The timer is awake.
    case fire

    var description: String {
      switch self {
      case .add(let key, let wish): "\(key) is asked for, \(wish)"
      case .ask: "a worker asks"
      case .arrive: "a woken worker comes"
      case .finish(let key, let end): "the run of \(key) ends, \(end)"
      case .cancel(let key): "what was asked of \(key) is dropped"
      case .pass: "the time of the timer comes"
      case .fire: "the timer looks"
      }
    }
  }

  enum Wish: Hashable, CaseIterable { case soon, late, new }
  enum End: Hashable, CaseIterable { case done, again, failed, unstarted }

  /// A mistake that is planted in the driver.
  enum Mistake: String, CaseIterable {
    case leavesPlace = "a woken worker does not say that it is back"
    case ignoresRearm = "the timer is not set anew"
    case finishesTwice = "a run that ends is told as one that did not begin"
    case dropsWake = "whom the scheduler wakes is not woken"
  }

  /// What bounds a search.
  struct Scope {
    var keys = 2
    var wishes = Wish.allCases
    var ends = End.allCases
    var mistake: Mistake?
  }

  private struct Run {
    let ticket: Scheduler.Ticket
    let generation: Int
  }

  private static let limit = 2
  private let scope: Scope
  private var core: SchedulerState
  private var model = NaiveScheduler()
  private var handles: [Scheduler.Handle] = []
  private var runs: [Int: Run] = [:]
  private var now: Int64 = 0
  /// Workers with nothing: those who will ask, those who sleep, those who were woken.
  private var (awake, asleep, woken) = (SchedulerRig.limit, 0, 0)
  private var alarm: SchedulerState.Alarm? = nil

  init(_ scope: Scope) {
    self.scope = scope
    core = SchedulerState(.plain, seed: 1)
    let lane = core.addLane(limit: Self.limit) ?? 0
    for number in 0..<scope.keys {
      let handle = core.register(lane: lane, payload: UInt32(number), transient: false)
      handles.append(handle ?? .none)
      model.keys[number] = NaiveScheduler.Key()
    }
  }

  init(copying other: SchedulerRig) {
    scope = other.scope
    core = SchedulerState(copying: other.core)
    (model, handles, runs, now) = (other.model, other.handles, other.runs, other.now)
    (awake, asleep, woken, alarm) = (other.awake, other.asleep, other.woken, other.alarm)
  }

  var steps: [Step] {
    var steps: [Step] = []
    for number in handles.indices {
      steps += scope.wishes.map { .add(number, $0) }
      if model.keys[number]?.phase != .idle { steps.append(.cancel(number)) }
      if runs[number] != nil {
        for end in scope.ends where end != .failed || (model.keys[number]?.failures ?? 0) < 1 {
          steps.append(.finish(number, end))
        }
      }
    }
    if awake > 0 { steps.append(.ask) }
    if woken > 0 { steps.append(.arrive) }
    switch alarm {
    case nil: steps.append(.fire)
    case .at: steps.append(.pass)
    case .unset, .now, .closed: break
    }
    return steps
  }

  func take(_ step: Step) throws(Flaw) {
    switch step {
    case .add(let number, let wish): add(number, wish)
    case .ask:
      awake -= 1
      if try !takeOne() {
        if core.park(0) { asleep += 1 } else { awake += 1 }
      }
    case .arrive:
      woken -= 1
      if scope.mistake != .leavesPlace { core.arrive(0) }
      if try !takeOne() { awake += 1 }
      core.wakeNext(0)
    case .finish(let number, let end): try finish(number, end)
    case .cancel(let number):
      _ = core.cancel(handles[number])
      if let key = model.keys[number] {
        model.keys[number] = NaiveScheduler.Key(
          isRunning: key.isRunning, failures: key.failures, generation: key.generation)
      }
    case .pass:
      if case .at(let time) = alarm { now = time }
      model.now = Int(now / 1_000_000)
      alarm = nil
    case .fire:
      let next = core.fire(now: now)
      alarm = next == .now ? nil : next
    }
    let effects = core.takeEffects()
    if scope.mistake != .dropsWake { woken += effects.wakes.count }
    asleep -= effects.wakes.count
    if effects.rearms, scope.mistake != .ignoresRearm { alarm = nil }
  }

  private func add(_ number: Int, _ wish: Wish) {
    let (priority, delay, causes): (Scheduler.Priority, Int, Scheduler.Causes) =
      switch wish {
      case .soon: (.drift, 0, .one)
      case .late: (.resync, 10, [])
      case .new: (.revision, 0, .two)
      }
    let request = Scheduler.Request(
      priority: priority, delay: Int64(delay) * 1_000_000, causes: causes,
      supersedes: wish == .new)
    let now = now
    _ = core.add(handles[number], request, now: { now })
    model.add(number, priority, delay, causes, wish == .new)
  }

  /// A worker asks; false where it gets nothing.
  private func takeOne() throws(Flaw) -> Bool {
    model.release()
    let ready = model.keys.filter { $0.value.phase == .ready && !$0.value.isRunning }
    guard let ticket = core.takeOne(0, worker: 0, timeout: nil, now: now) else {
      if !ready.isEmpty, runs.count < Self.limit, woken == 0 {
        throw Flaw(what: "a worker gets nothing, and something is ready")
      }
      return false
    }
    let number = Int(ticket.payload)
    guard ready[number] != nil, runs[number] == nil, let key = model.take(number) else {
      throw Flaw(what: "\(number) is handed out, and is not ready")
    }
    if ticket.priority != key.priority || ticket.causes != key.causes
      || ticket.failures != key.failures
    {
      throw Flaw(what: "the ticket of \(number) says something else than was asked for")
    }
    runs[number] = Run(ticket: ticket, generation: key.generation)
    if runs.count > Self.limit { throw Flaw(what: "more run than the limit allows") }
    return true
  }

  private func finish(_ number: Int, _ end: End) throws(Flaw) {
    guard let run = runs.removeValue(forKey: number) else { return }
    awake += 1
    let disposition: Scheduler.Disposition =
      switch end {
      case .done: .done
      case .again: .again(after: .milliseconds(10), priority: .resync)
      case .failed: .failed(causes: .one)
      case .unstarted: .unstarted
      }
    let told: Scheduler.Disposition =
      scope.mistake == .finishesTwice && end == .done ? .unstarted : disposition
    if !core.finishOne(run.ticket, told, now: now) {
      throw Flaw(what: "the run of \(number) can't be finished")
    }
    if core.finishOne(run.ticket, .done, now: now) {
      throw Flaw(what: "the run of \(number) is finished twice")
    }
    if end == .unstarted {
      model.add(number, run.ticket.priority, 0, run.ticket.causes, false)
    }
    model.finish(number, run.generation, disposition)
  }

  /// In every state: both say the same of each key, and nothing waits for nobody.
  func check() throws(Flaw) {
    for (number, handle) in handles.enumerated() {
      guard var status = core.status(of: handle, now: now), let key = model.keys[number] else {
        throw Flaw(what: "\(number) is lost")
      }
      var wanted = key
      if status.due == .zero { (status.phase, status.due) = (.ready, nil) }
      if wanted.phase == .waiting, wanted.due <= model.now { wanted.phase = .ready }
      let due = wanted.phase == .waiting ? max(0, wanted.due - model.now) : nil
      let expected = Scheduler.Status(
        phase: wanted.phase, isRunning: wanted.isRunning, priority: wanted.priority,
        causes: wanted.causes, failures: wanted.failures, due: due.map { .milliseconds($0) })
      if status != expected { throw Flaw(what: "\(number) is \(status), and not \(expected)") }
    }
    if core.mayRun(0), awake == 0, woken == 0 {
      throw Flaw(what: "something is ready, and nobody comes for it")
    }
    if asleep < 0 { throw Flaw(what: "a worker is woken who does not sleep") }
    try checkTimer()
  }

  private func checkTimer() throws(Flaw) {
    let dues = model.keys.values.filter { $0.phase == .waiting && !$0.isRunning }.map(\.due)
    guard let first = dues.min(), let alarm, first > model.now else { return }
    guard case .at(let time) = alarm, time <= Int64(first) * 1_000_000 else {
      throw Flaw(what: "something waits, and the timer sleeps longer")
    }
  }

  /// What follows depends on this: where each key stands, the order of what is ready, who sleeps,
  /// and when the timer wakes.
  ///
  /// Times count from now.
  var mark: Mark {
    var marker = Marker()
    for (number, handle) in handles.enumerated() {
      marker.combine(core.status(of: handle, now: now))
      marker.combine(runs[number].map { core.isStale($0.ticket) })
      marker.combine(runs[number]?.ticket.causes.rawValue)
      marker.combine(runs[number]?.ticket.priority)
    }
    for priority in Scheduler.Priority.allCases {
      var next = core.lists.first(core.list(0, priority))
      while let index = next {
        marker.combine(index)
        let link = core.records[index].next
        next = link & 1 << 31 == 0 ? link : nil
      }
      marker.combine(-1)
    }
    marker.combine(awake)
    marker.combine(asleep)
    marker.combine(woken)
    switch alarm {
    case .at(let time): marker.combine(time - now)
    case .unset: marker.combine(-1)
    case .now, .closed, nil: marker.combine(-2)
    }
    return marker.mark
  }
}

/// A state of the scheduler, by what led to it: the real one is large, and soon made again.
struct SchedulerHistory: Searched {
  private let start: SchedulerRig
  private var taken: [SchedulerRig.Step] = []
  private(set) var steps: [SchedulerRig.Step]
  private(set) var mark: Mark
  private var flaw: Flaw?

  init(_ scope: SchedulerRig.Scope) {
    start = SchedulerRig(scope)
    (steps, mark) = (start.steps, start.mark)
  }

  mutating func take(_ step: SchedulerRig.Step) throws(Flaw) {
    let rig = SchedulerRig(copying: start)
    for step in taken { try rig.take(step) }
    try rig.take(step)
    taken.append(step)
    (steps, mark) = (rig.steps, rig.mark)
    do throws(Flaw) { try rig.check() } catch { flaw = error }
  }

  func check() throws(Flaw) { if let flaw { throw flaw } }
}
